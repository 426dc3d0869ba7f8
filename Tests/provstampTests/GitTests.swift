// SPDX-License-Identifier: Apache-2.0
import Provenance
import Testing

@testable import provstamp

@Suite struct GitStatusParserTests {
  private static let zeros = String(repeating: "0", count: 40)
  private static let records: [String] = [
    "# branch.oid 0123", "1 .M N... 100644 100644 100644 \(zeros) \(zeros) a b/c",
    "2 R. N... 100644 100644 100644 \(zeros) \(zeros) R100 new\n1 .M", "? old",
    "u UU N... 100644 100644 100644 100644 \(zeros) \(zeros) \(zeros) both",
    "1 .M SC.. 160000 160000 160000 \(zeros) \(zeros) module", "? untracked dir/", "! ignored",
  ]
  private static let bytes: [UInt8] = records.flatMap { (record: String) -> [UInt8] in
    Array(record.utf8) + [0]
  }

  private func parse(_ pieces: [[UInt8]]) throws -> [GitStatusEntry] {
    var parser = GitStatusParser()
    var entries: [GitStatusEntry] = []
    for piece in pieces { try parser.take(piece) { entries.append($0) } }
    try parser.finish()
    return entries
  }

  @Test func readsEveryKindOfRecord() throws {
    let entries = try parse([Self.bytes])
    let names = ["a b/c", "new\n1 .M", "both", "module", "untracked dir/"]
    #expect(entries.map { String(decoding: $0.path, as: UTF8.self) } == names)
    // What follows a rename is where it came from, whatever it looks like.
    #expect(entries[1].source == Array("? old".utf8))
    #expect(entries.map(\.isUnmerged) == [false, false, true, false, false])
    #expect(entries.map(\.isSubmodule) == [false, false, false, true, false])
    #expect(entries.map(\.isStaged) == [false, true, true, false, false])
    #expect(entries.map(\.isDirectory) == [false, false, false, false, true])
  }

  @Test func doesNotCareHowBytesCome() throws {
    let whole = try parse([Self.bytes])
    for size in 1...40 {
      let pieces = stride(from: 0, to: Self.bytes.count, by: size).map {
        Array(Self.bytes[$0..<min($0 + size, Self.bytes.count)])
      }
      #expect(try parse(pieces) == whole)
    }
  }

  @Test func anyBytesGiveEntriesOrAnError() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<5_000 {
      var bytes = Self.bytes
      for _ in 0..<Int.random(in: 1...8) {
        bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255, using: &generator)
      }
      _ = try? parse([Array(bytes.prefix(Int.random(in: 0...bytes.count)))])
    }
    #expect(throws: GitFailure.self) { try parse([Array("1 .M N... x\0".utf8)]) }
    #expect(throws: GitFailure.self) { try parse([Array("? unfinished".utf8)]) }
    #expect(throws: GitFailure.self) { try parse([Array(Self.bytes.prefix(180))]) }
  }
}

@Suite struct NoteRecordTests {
  private static func random(_ generator: inout SystemRandomNumberGenerator) -> NoteRecord {
    func bytes(_ range: ClosedRange<Int>) -> [UInt8] {
      (0..<Int.random(in: range, using: &generator)).map { _ in
        UInt8.random(in: 1...255, using: &generator)
      }
    }
    func session() -> SessionID {
      let digits = (0..<32).map { _ in String(Int.random(in: 1...15, using: &generator), radix: 16)
      }
      return Bool.random(using: &generator) ? .none : SessionID(digits.joined()) ?? .none
    }
    let own = session()
    let count = Int.random(in: 0...15, using: &generator)
    return NoteRecord(
      blob: Array(String(repeating: "0f", count: Bool.random() ? 20 : 32).utf8), session: own,
      root: own.isNone ? .none : session().prefix, time: .random(in: 0...UInt64.max),
      inode: .random(in: 0...UInt64.max), stamper: .random(in: 0...255),
      flags: .random(in: 0...65535),
      pid: .random(in: 0...UInt32.max), uid: .random(in: 0...UInt32.max), comm: bytes(0...16),
      trust: Trust.allCases.randomElement() ?? .advisory,
      others: Bool.random() ? nil : (0..<count).map { _ in session() }, path: bytes(1...300))
  }

  @Test func everyRecordIsReadAsItWasWritten() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      let record = Self.random(&generator)
      #expect(NoteRecord(line: record.line[...]) == record)
      #expect(
        record.line.suffix(NoteRecord.ending(record.path).count)
          .elementsEqual(NoteRecord.ending(record.path)))
      #expect(record.line.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    }
  }

  /// Whatever is read is written the same again: nothing is guessed at, and nothing crashes.
  @Test func thereIsOneWayToWriteARecord() {
    var generator = SystemRandomNumberGenerator()
    var accepted = 0
    for _ in 0..<6_000 {
      var line = Self.random(&generator).line
      for _ in 0..<Int.random(in: 1...3) {
        let place = Int.random(in: 0..<line.count, using: &generator)
        switch Int.random(in: 0...3, using: &generator) {
        case 0: line[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: line.remove(at: place)
        case 2: line.insert(UInt8.random(in: 0x20...0x7e, using: &generator), at: place)
        default: line.removeLast(min(line.count - 1, place))
        }
        if line.isEmpty { line = [0x20] }
      }
      guard let record = NoteRecord(line: line[...]) else { continue }
      accepted += 1
      #expect(record.line == line)
    }
    // Some mutations give another record that is well-formed.
    #expect(accepted > 0)
  }

  @Test func anyBytesAreANote() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...400)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect(ProvenanceNote(bytes).records.isEmpty)
    }
  }

  @Test func mergingKeepsEveryLineOnce() {
    var generator = SystemRandomNumberGenerator()
    let records = (0..<50).map { _ in Self.random(&generator) }
    let once = ProvenanceNote.merging([], with: records)
    #expect(ProvenanceNote.merging(once, with: records.shuffled()) == once)
    let strange = ProvenanceNote.merging(Array("kept\n\nkept\n".utf8), with: records)
    let note = ProvenanceNote(strange)
    #expect(Set(note.records) == Set(records))
    #expect(note.strangeLines == 1)
    #expect(ProvenanceNote(strange, about: records[0].path).records.contains(records[0]))
  }

  @Test func tooLongALineIsNone() {
    var record = NoteRecord(
      blob: Array(String(repeating: "a", count: 40).utf8), session: .none, root: .none, time: 1,
      inode: 1, stamper: 2, flags: 0, pid: 1, uid: 0, comm: [], trust: .advisory, others: [],
      path: [UInt8](repeating: 1, count: 4096))
    #expect(NoteRecord(line: record.line[...]) == record)
    record.path = [UInt8](repeating: 1, count: 9000)
    #expect(NoteRecord(line: record.line[...]) == nil)
  }
}

@Suite struct BlameParserTests {
  @Test(arguments: [
    ("plain", "plain"), (#""a\tb\"c\\d""#, "a\tb\"c\\d"), (#""\303\274\377""#, "\u{fc}\u{fffd}"),
    (#""""#, ""), (#"""#, "\""), (#""\""#, "\\"),
  ])
  func readsNamesAsGitQuotesThem(_ text: String, _ name: String) {
    let bytes = BlameParser.unquoted(Array(text.utf8)[...])
    #expect(String(decoding: bytes, as: UTF8.self) == name)
  }

  @Test func anyBytesGiveLinesOrAnError() {
    var generator = SystemRandomNumberGenerator()
    let commit = String(repeating: "1", count: 40)
    let text = "\(commit) 1 1 1\nauthor A\nauthor-time 5\nfilename \"a\\303\"\n\tcontent\n"
    for _ in 0..<5_000 {
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 0...6) {
        bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255, using: &generator)
      }
      var parser = BlameParser()
      _ = try? parser.take(Array(bytes.prefix(Int.random(in: 0...bytes.count)))) { _ in }
      _ = try? parser.finish { _ in }
    }
  }
}

@Suite struct HookScriptTests {
  @Test func isReadBackAndNothingElseIs() {
    for path in ["/usr/bin/provstamp", "/it's/a\nb $x `y`", "'", "/ü/\u{1b}"] {
      for hook in Hook.allCases {
        let script = HookScript(hook, program: Array(path.utf8))
        #expect(HookScript(hook, reading: script.bytes) == script)
        #expect(HookScript(hook, reading: script.bytes + [0x0a]) == nil)
        #expect(HookScript.isMarked(script.bytes + Array("echo\n".utf8)))
      }
    }
    #expect(HookScript(.guardCommits, reading: Array("#!/bin/sh\n".utf8)) == nil)
  }

  @Test(arguments: [
    ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("a\u{1b}'\\", #"$'a\x1b\x27\x5c'"#), ("ü", "'ü'"),
    ("\u{202e}", #"$'\xe2\x80\xae'"#),
  ])
  func wordsAreShownAsAShellTakesThem(_ word: String, _ shown: String) {
    #expect(ShellWord.shown(Array(word.utf8)) == shown)
  }

  @Test(arguments: [
    ("/home/a/b-1.txt", "/home/a/b-1.txt"), ("-rf", "./-rf"), ("a b", "'a b'"), ("", "''"),
    ("~", "'~'"), ("a;b", "'a;b'"), ("-a b", "'./-a b'"),
  ])
  func aPathIsAWordAndNoOption(path: String, word: String) {
    #expect(ShellWord.path(Array(path.utf8)) == word)
  }
}

@Suite struct AgeTests {
  @Test(arguments: [
    (0, "now"), (1, "1 s ago"), (59, "59 s ago"), (60, "1 min ago"), (7199, "1 h ago"),
    (86_400, "1 d ago"), (604_800, "1 w ago"), (31_557_600, "1 y ago"),
  ])
  func isInTheLargestUnit(_ seconds: UInt64, _ text: String) {
    let now: UInt64 = 1_764_000_000_000_000_000
    #expect(Age.text(now - seconds * 1_000_000_000, now: now) == text)
  }

  @Test func theFutureIsNoAge() {
    #expect(Age.text(2, now: 1) == "in the future")
  }
}
