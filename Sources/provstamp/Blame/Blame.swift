// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import SystemPackage

/// The lines of a file as git blames them, each with its writer.
struct Blame {
  private(set) var lines: [BlamedLine] = []
  /// By what git names the commit, and the file in it; that of lines that are not committed has zeros.
  private var writers: [GitObjects.File: LineWriter] = [:]
  /// Lines of notes about this file that are no records.
  private(set) var strangeNotes = 0

  /// - Parameters:
  ///   - path: of the file, from the current directory.
  ///   - options: further words for git blame, before the file.
  /// - Throws: that git cannot tell.
  init(
    _ path: [UInt8], _ options: [[UInt8]], _ diagnostics: Diagnostics
  ) throws(GitFailure) {
    let (directory, name) = Self.parts(of: path)
    let git = try Git(askedIn: directory)
    let store = NoteStore(git: git)
    let before = Self.status(of: path)
    // Both run at once. Configured programs that would show another text are not run.
    let listing = try store.startListing()
    let run = try git.start(
      ["blame", "--porcelain", "--no-textconv"], paths: options + [Array("--".utf8), name])
    var parser = BlameParser()
    var lines: [BlamedLine] = []
    while true {
      let bytes = try run.read()
      if bytes.isEmpty { break }
      try parser.take(bytes) { lines.append($0) }
    }
    try run.finish()
    try parser.finish { lines.append($0) }
    self.lines = lines
    try judgeCommitted(store, NoteStore.blobs(listedBy: listing))
    try judgeUncommitted(path, store, before, diagnostics)
  }

  func writer(of line: BlamedLine) -> LineWriter {
    writers[GitObjects.File(line)] ?? .unknown(cause: "not-recorded", others: [])
  }

  private mutating func judgeCommitted(
    _ store: NoteStore, _ notes: [[UInt8]: [UInt8]]
  ) throws(GitFailure) {
    let files = Set(lines.filter(\.isCommitted).map { GitObjects.File($0) })
      .filter { notes[$0.commit] != nil }
    let objects = GitObjects(git: store.git)
    let contents = try objects.contents(of: Set(files.compactMap { notes[$0.commit] }))
    var records: [GitObjects.File: [NoteRecord]] = [:]
    for file in files {
      guard let bytes = notes[file.commit].flatMap({ contents[$0] }) else { continue }
      let note = ProvenanceNote(bytes, about: file.path)
      strangeNotes += note.strangeLines
      if !note.records.isEmpty { records[file] = note.records }
    }
    let blobs = try objects.names(of: Set(records.keys))
    for (file, records) in records {
      writers[file] = LineWriter(records, of: blobs[file] ?? [])
    }
  }

  private mutating func judgeUncommitted(
    _ path: [UInt8], _ store: NoteStore, _ before: FileStatus?, _ diagnostics: Diagnostics
  ) throws(GitFailure) {
    guard let file = lines.first(where: { !$0.isCommitted }).map({ GitObjects.File($0) }) else {
      return
    }
    let stamped: StampedFile
    do throws(Errno) {
      stamped = try StampedFile(path)
    } catch {
      diagnostics.report(path, error, doing: "cannot read its stamp")
      writers[file] = .unknown(cause: "unreadable", others: [])
      return
    }
    // git read the content before the stamp was read.
    guard stamped.writer.judgement?.status == before else {
      writers[file] = .unknown(cause: "changing", others: [])
      return
    }
    writers[file] = try stamped.lineWriter(in: store, path: file.path)
  }

  private static func status(of path: [UInt8]) -> FileStatus? {
    withCPath(path) { try? FileStatus(FileReference(directory: AT_FDCWD, name: $0)) }
  }

  /// The directory that git is to be asked in, and the file there, so that it cannot be taken for
  /// anything else.
  private static func parts(of path: [UInt8]) -> (directory: [UInt8], name: [UInt8]) {
    let here = Array("./".utf8)
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return ([], here + path) }
    return (Array(path[...slash]), here + path[(slash + 1)...])
  }
}

extension GitObjects.File {
  init(_ line: BlamedLine) {
    self.init(commit: line.commit, path: line.path)
  }
}

/// What a file in the work tree says of who changed it since it was committed.
private struct StampedFile {
  let writer: FileWriter
  private var earlier: [Stamp]?

  init(_ path: [UInt8]) throws(Errno) {
    var result: Result<(FileWriter, [Stamp]?), Errno> = .failure(.noSuchFileOrDirectory)
    withCPath(path) { name in
      let file = FileReference(directory: AT_FDCWD, name: name)
      result = Result { () throws(Errno) in try Self.read(file) }
    }
    (writer, earlier) = try result.get()
  }

  private static func read(_ file: FileReference) throws(Errno) -> (FileWriter, [Stamp]?) {
    var reader = FileWriterReader()
    let writer = try reader.writer(of: file)
    guard case .stamp(let stamp, let attribute) = writer.known else { return (writer, []) }
    return (writer, try EarlierStamps.read(file, beside: stamp, in: attribute))
  }

  /// - Parameter path: from the top of the tree.
  func lineWriter(in store: NoteStore, path: [UInt8]) throws(GitFailure) -> LineWriter {
    guard let known = writer.known else {
      return .unknown(
        cause: writer.cause ?? "unstamped", others: writer.formerSession.map { [$0] } ?? [])
    }
    if known.comm == Array("git".utf8) {
      return .unknown(cause: "by-git", others: known.session.map { [$0] } ?? [])
    }
    guard case .stamp(let stamp, _) = known else { return .stamped(known) }
    let committed = GitObjects.File(commit: Array("HEAD".utf8), path: path)
    let blob = try GitObjects(git: store.git).names(of: [committed])[committed] ?? []
    let others = try OtherWriters(store: store, base: "HEAD").than(
      stamp, earlier, path: path, blob: blob)
    if others == [] { return .stamped(known) }
    return .unknown(
      cause: "several-writers", others: LineWriter.unique([stamp.writer.session] + (others ?? [])))
  }
}
