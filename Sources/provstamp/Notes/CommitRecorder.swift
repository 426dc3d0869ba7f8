// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import SystemPackage

/// Records with a commit which stamps its files bear, as long as the work tree has them.
struct CommitRecorder {
  private(set) var recorded = 0
  /// Paths whose file is not what was committed, or changed while it was looked at.
  private(set) var differing: [[UInt8]] = []
  /// How many other paths were not recorded, by the reason.
  private(set) var unknown: [String: Int] = [:]
  /// The commit carries what was written elsewhere: nothing was recorded of the work tree.
  private(set) var isCarried = false

  private let git: Git
  private let store: NoteStore

  /// Records the commit that is checked out.
  init(_ diagnostics: Diagnostics) throws(GitFailure) {
    git = try Git(askedIn: [])
    store = NoteStore(git: git)
    let (commit, paths) = try CommittedPath.all(of: "HEAD", git)
    isCarried = try Self.isCarrying(git)
    let records = isCarried ? try carried(paths) : try observed(paths, in: commit, diagnostics)
    recorded = records.count
    if !records.isEmpty { try store.add(records, to: commit) }
  }

  /// What git says of HEAD's last move where it wrote anew what had been committed before: then the
  /// work tree is git's doing, and the notes of the commits before are what counts.
  private static let carryingMoves = [
    "rebase", "pull", "cherry-pick", "commit (cherry-pick)", "am",
  ]

  private static func isCarrying(_ git: Git) throws(GitFailure) -> Bool {
    let move = try git.output(["log", "--walk-reflogs", "--max-count=1", "--format=%gs", "HEAD"])
    if carryingMoves.contains(where: { move.starts(with: $0.utf8) }) { return true }
    var directory = try git.value(["rev-parse", "--absolute-git-dir"]) ?? []
    directory.append(UInt8(ascii: "/"))
    return ["rebase-merge", "rebase-apply"].contains { name in
      withCPath(directory + name.utf8) { access($0, F_OK) == 0 }
    }
  }

  /// The records of the commit that is being picked which are about content that came through whole.
  /// (What is rebased or amended, git carries itself: notes.rewriteRef.)
  private func carried(_ paths: [CommittedPath]) throws(GitFailure) -> [NoteRecord] {
    let picked = try git.value(["rev-parse", "--quiet", "--verify", "CHERRY_PICK_HEAD"])
    guard let picked, let note = try store.read(picked) else { return [] }
    let contents = Set(paths.map { [$0.path, $0.blob] })
    return ProvenanceNote(note).records.filter { contents.contains([$0.path, $0.blob]) }
  }

  private struct Observation {
    var path: CommittedPath
    var stamp: Stamp
    var attribute: StampAttribute
    var status: FileStatus
    var earlier: [Stamp]?
  }

  private mutating func observed(
    _ paths: [CommittedPath], in commit: [UInt8], _ diagnostics: Diagnostics
  ) throws(GitFailure) -> [NoteRecord] {
    let tree = try WorkTree(git.output(WorkTree.question), in: [])
    var observations: [Observation] = []
    for path in paths {
      do throws(Errno) {
        if let observation = try observe(path, in: tree) { observations.append(observation) }
      } catch {
        diagnostics.report(tree.name(of: path.path), error, doing: "cannot read its stamp")
      }
    }
    // What git says now, after the stamps were read, and the files have not changed since.
    let changed = try changedPaths()
    let others = OtherWriters(
      store: store, base: String(decoding: commit, as: UTF8.self) + "^1")
    var records: [NoteRecord] = []
    for observation in observations {
      let path = observation.path
      let status = try? tree.withFile(path.path) { file throws(Errno) in try FileStatus(file) }
      guard status == observation.status, !changed.contains(path.path) else {
        differing.append(path.path)
        continue
      }
      let holding = StampReading.Holding.stamp(observation.stamp, observation.attribute)
      records.append(
        NoteRecord(
          observation.stamp, trust: holding.trust(on: observation.status) ?? .advisory,
          blob: path.blob, path: path.path,
          others: try others.than(
            observation.stamp, observation.earlier, path: path.path, blob: path.blobBefore)))
    }
    return records
  }

  private mutating func observe(
    _ path: CommittedPath, in tree: WorkTree
  ) throws(Errno) -> Observation? {
    let observation = try tree.withFile(path.path) { file throws(Errno) -> (Observation?, String) in
      var reader = FileWriterReader()
      let writer = try reader.writer(of: file)
      guard let known = writer.known, let status = writer.judgement?.status else {
        return (nil, writer.cause ?? "unstamped")
      }
      guard case .stamp(let stamp, let attribute) = known else { return (nil, "older-text") }
      let earlier = try EarlierStamps.read(file, beside: stamp, in: attribute)
      let observation = Observation(
        path: path, stamp: stamp, attribute: attribute, status: status, earlier: earlier)
      return (observation, "")
    }
    if observation.0 == nil { unknown[observation.1, default: 0] += 1 }
    return observation.0
  }

  /// Paths of which the work tree, or the index, has not what HEAD has.
  private func changedPaths() throws(GitFailure) -> Set<[UInt8]> {
    let run = try git.start(CommitGuard.question)
    var parser = GitStatusParser()
    var paths: Set<[UInt8]> = []
    while true {
      let bytes = try run.read()
      if bytes.isEmpty { break }
      try parser.take(bytes) { paths.insert($0.path) }
    }
    try parser.finish()
    try run.finish()
    return paths
  }
}
