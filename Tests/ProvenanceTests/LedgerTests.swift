// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Provenance

@Suite struct LedgerTests {
  static func entry() throws -> LedgerEntry {
    var entry = LedgerEntry(
      id: try #require(SessionID("3f2a99c1000000000000000000000001")), kind: .registry, uid: 1000,
      started: 1_764_000_000_123_456_789)
    entry.parent = try #require(SessionID("aabbccdd000000000000000000000002"))
    entry.alias = try #require(SessionID("8f3a2b1c-0000-4000-8000-123456789abc"))
    entry.name = try SessionName("parser")
    entry.intent = try SessionIntent("fix the — parser")
    entry.command = [Array("sh".utf8), Array("-c".utf8), Array(0...255)]
    entry.directory = [0x2f, 0xff, 0x20, 0x0a]
    entry.host = Array("vm".utf8)
    entry.ending = .init(time: 1_764_000_001_000_000_000, status: .killed(9))
    return entry
  }

  static func decode(_ bytes: [UInt8]) -> LedgerEntry? {
    bytes.withUnsafeBytes { LedgerEntry($0) }
  }

  @Test func anEntryIsReadAsItWasWritten() throws {
    let full = try Self.entry()
    #expect(Self.decode(full.encoded) == full)
    var bare = LedgerEntry(id: full.id, kind: .kernel, uid: 0, started: 0)
    bare.command = [[]]
    #expect(Self.decode(bare.encoded) == bare)
  }

  @Test func whatIsTooLongIsCutOrLeftOutAndSaysSo() throws {
    var entry = try Self.entry()
    let long = [UInt8](repeating: 0xff, count: 100_000)
    (entry.command, entry.directory, entry.host) = ([long], long, long)
    let bytes = entry.encoded
    #expect(bytes.count <= LedgerEntry.maximumSize)
    let read = try #require(Self.decode(bytes))
    #expect(!read.commandIsWhole && read.directory.isEmpty && read.host.isEmpty)
  }

  /// There is one way to write an entry: what is read differently from how it is written is none.
  @Test func noGarbageIsAnEntry() throws {
    let bytes = try Self.entry().encoded
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: changed.indices, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: changed[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: changed.remove(at: index)
        default: changed.insert(changed[index], at: index)
        }
      }
      if let read = Self.decode(changed) { #expect(read.encoded == changed) }
    }
    for count in bytes.indices { #expect(Self.decode(Array(bytes[..<count])) == nil) }
    #expect(Self.decode([UInt8](repeating: 0x0a, count: 20_000)) == nil)
  }

  @Test(arguments: [
    "self", "none", "beef", "8f3a2b1c-0000-4000-8000-123456789abc", "a,b", "-x", "",
    " x", "x ", "a\nb", "\u{202e}x", String(repeating: "x", count: 64),
  ])
  func aNameMeansOneThing(text: String) {
    #expect(throws: SessionName.Fault.self) { try SessionName(text) }
  }

  @Test func namesAreWords() throws {
    for text in ["parser", "bee", "fix the parser", "größe", "selfish"] {
      #expect(try SessionName(text).description == text)
    }
  }
}
