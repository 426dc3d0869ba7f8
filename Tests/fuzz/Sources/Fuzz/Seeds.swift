// SPDX-License-Identifier: Apache-2.0

@testable import Notes
@testable import Provenance

/// One thing of each kind as it is written: what libFuzzer begins with.
extension Target {
  func seed() throws -> [UInt8] {
    switch self {
    case .stamp: Self.someStamp().encoded
    case .log: Self.someLog().encoded
    case .session: try Self.someSession().encoded
    case .ledger: try Self.someLedger().encoded
    case .note: ProvenanceNote.merging([], with: [Self.someNote()])
    case .legacy: Array("cc1/4711/1000\u{0}2025-11-24T16:00:00.5Z\u{0}make/1/0,sh/2/0".utf8)
    case .proc: Array(Self.someProc.utf8)
    }
  }

  private static let id = SessionID("3f2a99c10102030405060708090a0b0c") ?? .none

  private static func someStamp(time: UInt64 = 1_764_000_000_123_456_789) -> Stamp {
    let writer = Writer(
      session: id, root: RootPrefix(0xaabb_ccdd), pid: 4711, uid: 1000, comm: TaskName("sed"))
    return Stamp(stamper: .provfs, flags: [.created], writer: writer, time: time, inode: 77)
  }

  private static func someLog() -> StampLog {
    var log = StampLog()
    for time: UInt64 in 1...3 { log.push(someStamp(time: time)) }
    return log
  }

  private static func someSession() throws -> SessionRecord {
    SessionRecord(
      leader: SessionLeader(namespace: 4_026_531_836, pid: 4711, start: 123_456_789),
      boot: BootID(octets: Octets16(high: 1, low: 2)), uid: 1000,
      started: 1_764_000_000_000_000_000,
      intent: try SessionIntent("fix the parser"), command: [Array("make".utf8), [0x20, 0xff]])
  }

  private static func someLedger() throws -> LedgerEntry {
    var entry = LedgerEntry(id: id, kind: .registry, uid: 1000, started: 1_764_000_000_000_000_000)
    entry.name = try SessionName("parser")
    entry.command = [Array("make".utf8), [0x20, 0xff]]
    entry.directory = [0x2f, 0xff]
    entry.ending = .init(time: 1_764_000_001_000_000_000, status: .killed(9))
    return entry
  }

  private static func someNote() -> NoteRecord {
    let blob = [UInt8](repeating: UInt8(ascii: "a"), count: 40)
    return NoteRecord(
      someStamp(), trust: .privileged, blob: blob, path: Array("a b".utf8), others: [id, .none])
  }

  private static let someProc = """
    Name:\tsh
    Tgid:\t12
    PPid:\t1
    Uid:\t1000\t1000\t1000\t1000
    NStgid:\t12\t1
    Threads:\t1
    36 35 98:0 / /mnt\\040x rw,noatime master:1 - ext4 /dev/root rw,errors=continue

    """
}
