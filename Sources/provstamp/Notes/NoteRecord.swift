// SPDX-License-Identifier: Apache-2.0
import Provenance

/// One line of a note: the stamp that a file bore when its content was committed. docs/git.md has the
/// format. Notes come from whoever could push them: whatever is in one is a claim, and no more.
struct NoteRecord: Hashable {
  /// The committed content, by git's name for it.
  var blob: [UInt8]
  /// ``SessionID/none`` is outside any.
  var session: SessionID
  var root: RootPrefix
  /// Of the stamp, in nanoseconds since 1970.
  var time: UInt64
  var inode: UInt64
  /// Numbers as in a stamp's bytes: those of newer stampers are kept as they are.
  var stamper: UInt8
  var flags: UInt16
  var pid: UInt32
  var uid: UInt32
  var comm: [UInt8]
  /// Who could have forged the stamp, as it was told where it was recorded.
  var trust: Trust
  /// Who else is on record as a writer since the content that was committed before; nil where there
  /// were others and nobody knows who.
  var others: [SessionID]?
  /// From the top of the tree.
  var path: [UInt8]
}

extension NoteRecord {
  init(
    _ stamp: Stamp, trust: Trust, blob: [UInt8], path: [UInt8], others: [SessionID]?
  ) {
    self.init(
      blob: blob, session: stamp.writer.session, root: stamp.writer.root, time: stamp.time,
      inode: stamp.inode, stamper: stamp.stamper.rawValue, flags: stamp.flags.rawValue,
      pid: stamp.writer.pid, uid: stamp.writer.uid, comm: stamp.writer.comm.bytes, trust: trust,
      others: others, path: path)
  }

  /// Whether this is the record of `stamp`: of the same change of the same file.
  func isOf(_ stamp: Stamp) -> Bool {
    time == stamp.time && inode == stamp.inode && session == stamp.writer.session
  }

  /// Whether git itself put the content there: a checkout, a merge, a stash. Then the content has an
  /// author that the stamp does not know.
  var isByGit: Bool { comm == Array("git".utf8) }

  /// Whether both name the same writer.
  func hasSameWriter(as other: NoteRecord) -> Bool {
    session == other.session && (!session.isNone || (uid == other.uid && comm == other.comm))
  }
}

// The line: `prov1`, then fields as `name:value`, parted by one space each, in a fixed order. There is
// one way to write a record, and nothing else is read.
extension NoteRecord {
  static let format = "prov1"
  private static let names = [
    "blob", "session", "root", "time", "inode", "stamper", "flags", "pid", "uid", "comm", "trust",
    "others", "path",
  ]
  /// Longest line that is read, in bytes: a path of 4096 bytes, all of them escaped, and the rest.
  static let longestLine = 32_768
  /// Git's names of content are SHA-1 or SHA-256.
  private static let blobSizes = [40, 64]
  /// A log has 15 entries at most.
  private static let mostOthers = 15

  /// Without the newline at its end.
  var line: [UInt8] {
    let others = self.others.map { others in
      others.isEmpty ? "-" : others.map(Self.text).joined(separator: ",")
    }
    let values: [[UInt8]] = [
      blob, Array(Self.text(session).utf8), Array((root.isNone ? "-" : root.description).utf8),
      Array("\(time)".utf8), Array("\(inode)".utf8), Array("\(stamper)".utf8),
      Array("\(flags)".utf8), Array("\(pid)".utf8), Array("\(uid)".utf8), Self.escaped(comm),
      Array(trust.rawValue.utf8), Array((others ?? "?").utf8), Self.escaped(path),
    ]
    return Array(Self.format.utf8)
      + zip(Self.names, values).flatMap { name, value in Array(" \(name):".utf8) + value }
  }

  /// - Returns: nil where it is not as ``line`` writes a record.
  init?(line: ArraySlice<UInt8>) {
    guard line.count <= Self.longestLine, let record = Self.read(line),
      record.line.elementsEqual(line)
    else { return nil }
    self = record
  }

  /// What every line about `path` ends with.
  static func ending(_ path: [UInt8]) -> [UInt8] {
    Array(" path:".utf8) + escaped(path)
  }

  /// Reads with indulgence; what is written differently again is none.
  private static func read(_ line: ArraySlice<UInt8>) -> NoteRecord? {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == names.count + 1, words[0].elementsEqual(format.utf8) else { return nil }
    var values: [ArraySlice<UInt8>] = []
    for (word, name) in zip(words.dropFirst(), names) {
      guard word.starts(with: "\(name):".utf8) else { return nil }
      values.append(word.dropFirst(name.utf8.count + 1))
    }
    let texts = values.map { String(decoding: $0, as: UTF8.self) }
    guard blobSizes.contains(values[0].count), values[0].allSatisfy(isHexadecimal),
      let session = session(texts[1]), let root = root(texts[2]), let time = UInt64(texts[3]),
      let inode = UInt64(texts[4]), let stamper = UInt8(texts[5]), let flags = UInt16(texts[6]),
      let pid = UInt32(texts[7]), let uid = UInt32(texts[8]), let comm = unescaped(values[9]),
      comm.count <= 16, let trust = Trust(rawValue: texts[10]), let others = others(texts[11]),
      let path = unescaped(values[12]), !path.isEmpty, !path.contains(0)
    else { return nil }
    return NoteRecord(
      blob: Array(values[0]), session: session, root: root, time: time, inode: inode,
      stamper: stamper, flags: flags, pid: pid, uid: uid, comm: comm, trust: trust,
      others: others, path: path)
  }

  private static func text(_ session: SessionID) -> String {
    session.isNone ? "none" : session.description
  }

  private static func session(_ text: String) -> SessionID? {
    if text == "none" { return SessionID.none }
    guard let id = SessionID(text), !id.isNone else { return nil }
    return id
  }

  private static func root(_ text: String) -> RootPrefix? {
    if text == "-" { return RootPrefix.none }
    guard text.utf8.count == 8, let value = UInt32(text, radix: 16), value != 0 else { return nil }
    return RootPrefix(value)
  }

  /// - Returns: nil where it is no list.
  private static func others(_ text: String) -> [SessionID]?? {
    if text == "?" { return .some(nil) }
    if text == "-" { return .some([]) }
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    guard words.count <= mostOthers else { return nil }
    var ids: [SessionID] = []
    for word in words {
      guard let id = session(String(word)) else { return nil }
      ids.append(id)
    }
    return .some(ids)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  /// Every byte that is no printable ASCII character, and the space and the backslash, as `\x` and two
  /// lowercase hexadecimal digits.
  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { byte in
      (0x21..<0x7f).contains(byte) && byte != UInt8(ascii: "\\")
        ? [byte] : Array("\\x\(TwoDigits.hexadecimal(byte))".utf8)
    }
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      rest.removeFirst(2)
    }
    return bytes
  }
}
