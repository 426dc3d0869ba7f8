// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Provenance

@Suite struct SessionRecordTests {
  static let boot = BootID(
    octets: Octets16(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f))
  static let leader = SessionLeader(
    namespace: 4_026_531_836, pid: 4711, start: 123_456_789_012)

  static func record(
    intent: String? = nil, command: [[UInt8]] = [Array("make".utf8)], whole: Bool = true
  ) throws -> SessionRecord {
    SessionRecord(
      leader: leader, boot: boot, uid: 1000, started: 1_764_000_000_123_456_789,
      intent: try intent.map { try SessionIntent($0) }, command: command, commandIsWhole: whole)
  }

  static func decode(_ bytes: [UInt8]) throws -> SessionRecord {
    try bytes.withUnsafeBytes { bytes throws(SessionRecordFault) in try SessionRecord(bytes) }
  }

  static func edited(_ record: SessionRecord, _ old: String, _ new: String) -> [UInt8] {
    let lines = String(decoding: record.encoded, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    return Array(lines.map { $0 == old ? new : String($0) }.joined(separator: "\n").utf8)
  }

  /// The value is from Python's hashlib, over the bytes that docs/sessions.md names.
  @Test func anIDFollowsFromBootAndLeader() {
    #expect(
      SessionID(ledBy: Self.leader, in: Self.boot) == SessionID("912cfa87e97f06105505cc3b179728d4"))
  }

  @Test func noTwoLeadersHaveOneID() {
    let (leader, boot) = (Self.leader, Self.boot)
    let others = [
      SessionLeader(namespace: leader.namespace + 1, pid: leader.pid, start: leader.start),
      SessionLeader(namespace: leader.namespace, pid: leader.pid + 1, start: leader.start),
      SessionLeader(namespace: leader.namespace, pid: leader.pid, start: leader.start + 1),
    ]
    let ids = [leader] + others
    #expect(Set(ids.map { SessionID(ledBy: $0, in: boot) }).count == ids.count)
    let otherBoot = BootID(octets: Octets16(high: boot.octets.high, low: boot.octets.low + 1))
    #expect(SessionID(ledBy: leader, in: otherBoot) != SessionID(ledBy: leader, in: boot))
  }

  @Test(arguments: [
    ["make"], ["sh", "-c", "a b\\c\n"], ["x", "", ""], [""], ["", ""], ["ä\u{1b}[31m"],
  ])
  func aRecordIsReadAsItWasWritten(command: [String]) throws {
    for intent in [nil, "fix the parser", "\u{301}ünïcode — ok"] {
      let record = try Self.record(intent: intent, command: command.map { Array($0.utf8) })
      #expect(try Self.decode(record.encoded) == record)
    }
  }

  @Test func aCommandOfAnyBytesIsReadAsItWasWritten() throws {
    let record = try Self.record(command: [Array(0...255), [], [0xff, 0x20]])
    #expect(try Self.decode(record.encoded).command == record.command)
  }

  @Test func aLongCommandIsCutAndSaysSo() throws {
    let long = [UInt8](repeating: 0xff, count: 100_000)
    let record = try Self.record(command: [Array("echo".utf8), long, Array("end".utf8)])
    #expect(record.encoded.count <= SessionRecord.maximumSize)
    let read = try Self.decode(record.encoded)
    #expect(!read.commandIsWhole)
    #expect(read.command.first == Array("echo".utf8))
    #expect(read.command.last?.allSatisfy { $0 == 0xff } == true)
    #expect(try Self.decode(read.encoded) == read)
  }

  /// A change of any one byte of the fields that the id follows from is a forgery; of the others, no
  /// record, or another one that is well-formed.
  @Test func noChangeOfAByteKeepsTheClaim() throws {
    let record = try Self.record(intent: "x")
    let bytes = record.encoded
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << bit
        guard let read = try? Self.decode(changed) else { continue }
        #expect(read.id == record.id && read.leader == record.leader && read.boot == record.boot)
        #expect(read.encoded == changed)
        #expect(read != record)
      }
    }
  }

  @Test func anotherSessionsIDIsForged() throws {
    let record = try Self.record()
    for (old, new) in [
      ("leader 4711", "leader 4712"), ("namespace 4026531836", "namespace 4026531835"),
      ("start 123456789012", "start 123456789013"),
      ("id \(record.id)", "id 00000001\(String(record.id.description.dropFirst(8)))"),
    ] {
      #expect(throws: SessionRecordFault.forged) {
        try Self.decode(Self.edited(record, old, new))
      }
    }
  }

  @Test(arguments: [
    ("leader 4711", "leader +4711"), ("leader 4711", "leader 04711"), ("leader 4711", "leader"),
    ("uid 1000", "uid -1"), ("uid 1000", "uid 1000 "), ("provstamp session 2", "session 2"),
    ("command make", "command ma\\x6be"), ("command make", "command ma\\xk"),
    ("command make", "command make\nmore"), ("intent ", "intent \u{7}"), ("intent ", "intent"),
    ("uid 1000", "uid 1000\nuid 1000"), ("", "\n"),
  ])
  func onlyOneSpellingIsARecord(old: String, new: String) throws {
    let bytes = Self.edited(try Self.record(), old, new)
    #expect(throws: SessionRecordFault.malformed) { try Self.decode(bytes) }
  }

  @Test func noBytesAreATrap() throws {
    var random = SystemRandomNumberGenerator()
    let bytes = try Self.record(intent: "abc").encoded
    for _ in 0..<10_000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = Int.random(in: 0..<changed.count, using: &random)
        switch UInt8.random(in: 0...2, using: &random) {
        case 0: changed[index] = .random(in: 0...255, using: &random)
        case 1: changed.remove(at: index)
        default: changed.insert(.random(in: 0...255, using: &random), at: index)
        }
      }
      if let read = try? Self.decode(changed) { #expect(read.encoded == changed) }
    }
  }

  @Test func anIntentIsShortAndPrints() throws {
    #expect(try SessionIntent(String(repeating: "x", count: 63)).description.utf8.count == 63)
    #expect(throws: SessionIntent.Fault.empty) { try SessionIntent("") }
    #expect(throws: SessionIntent.Fault.tooLong(64)) {
      try SessionIntent(String(repeating: "ä", count: 32))
    }
    let bad: [Unicode.Scalar] = ["\n", "\u{1b}", "\u{7f}", "\u{85}", "\u{202e}", "\u{2028}"]
    for unprintable in bad {
      #expect(throws: SessionIntent.Fault.unprintable(unprintable)) {
        try SessionIntent("a\(unprintable)b")
      }
    }
  }

  @Test func aMountsTypeIsFoundByItsNumber() {
    let table = MountTable(
      text: Array(
        """
        21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
        121 21 0:44 / /run/user/1000 rw shared:9 master:2 - fuse.a\\040-\\040tmpfs - rw
        22 21 0:45 / /a\\040-\\040b rw - tmpfs - rw

        """.utf8))
    #expect(table.mount(21)?.type == "ext4")
    #expect(table.mount(121)?.type == "fuse.a\\040-\\040tmpfs")
    #expect(table.mount(22)?.type == "tmpfs")
    #expect(table.mount(2) == nil)
    #expect(table.mount(21)?.options == ["rw"])
  }

  @Test func aFilesystemsMountpointsAreFoundByItsDevice() {
    let table = MountTable(
      text: Array(
        """
        21 1 0:4 / / rw,relatime shared:1 - ext4 /dev/root rw
        22 21 0:44 / /first rw shared:9 master:2 - fuse.provfs source rw
        23 21 0:44 /below /a\\040b\\134c rw - fuse.provfs source rw
        24 21 0:4

        """.utf8))
    let both = ["/a b\\c", "/first"].map { Array($0.utf8) }
    #expect(table.mountpoints(of: 44) == both)
    #expect(table.mountpoints(of: 4) == [Array("/".utf8)])
    #expect(table.mountpoints(of: 5) == [])
  }
}
