// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Provenance

@Suite struct LegacyStampTests {
  private func parse(_ text: String) -> LegacyStamp { LegacyStamp(session: Array(text.utf8)) }

  @Test func readsSessionIDs() {
    let id = SessionID("3f2a99c10102030405060708090a0b0c")!
    #expect(parse("3f2a99c10102030405060708090a0b0c").identity == .session(id))
    #expect(parse("3F2A99C10102030405060708090A0B0C").identity == .session(id))
    #expect(parse(String(repeating: "0", count: 32)).identity == .session(.none))
    // No possible id: what it means is not for this program to guess.
    #expect(parse("00000000" + String(repeating: "1", count: 24)).identity == .opaque)
    // Other stampers' own ids.
    #expect(parse("3f2a99c1-0102-0304-0506-0708090a0b0c").identity == .opaque)
    #expect(parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").identity == .opaque)
    #expect(parse("").identity == .opaque)
  }

  struct Task: Sendable {
    var text: String
    var comm: String
    var pid: UInt32
    var uid: UInt32?
    var isAmbiguous = false
  }

  @Test(arguments: [
    Task(text: "comm:sed:pid:42", comm: "sed", pid: 42),
    Task(text: "comm:sed:pid:42:uid:1000", comm: "sed", pid: 42, uid: 1000),
    Task(text: "comm::pid:0:uid:4294967295", comm: "", pid: 0, uid: .max),
    Task(text: "comm:a:b:pid:7", comm: "a:b", pid: 7),
    Task(text: "comm:x:pid:1:pid:2", comm: "x:pid:1", pid: 2, isAmbiguous: true),
    Task(text: "comm:x:uid:0:pid:2:uid:5", comm: "x:uid:0", pid: 2, uid: 5, isAmbiguous: true),
    Task(text: "comm:x;uid:0:pid:2", comm: "x;uid:0", pid: 2),
  ])
  func readsTasks(_ task: Task) {
    let legacy = parse(task.text)
    let expected = LegacyStamp.Identity.task(
      comm: Array(task.comm.utf8), pid: task.pid, uid: task.uid)
    #expect(legacy.identity == expected)
    #expect(legacy.isAmbiguous == task.isAmbiguous)
  }

  @Test(arguments: [
    "comm:sed", "comm:sed:pid:", "comm:sed:pid:4294967296", "comm:sed:pid:-1", "comm:sed:pid:+1",
    "comm:sed:pid: 1", "comm:sed:pid:12345678901", "comm:sed:uid:1", "pid", "comm:",
  ])
  func refusesWhatIsNoTask(_ text: String) {
    #expect(parse(text).identity == .opaque)
  }

  @Test func readsChains() {
    let whole = parse("comm-chain:sed>bash>sshd;env:CLAUDE=1;cwd:/tmp/a;pid:42;uid:1000")
    var chain = LegacyStamp.Chain()
    chain.names = ["sed", "bash", "sshd"].map { Array($0.utf8) }
    chain.environment = Array("CLAUDE=1".utf8)
    chain.workingDirectory = Array("/tmp/a".utf8)
    chain.pid = 42
    chain.uid = 1000
    #expect(whole.identity == .chain(chain))
    #expect(!whole.isAmbiguous)
    #expect(whole.comm == Array("sed".utf8))
    #expect(parse("pid:42;uid:1000").pid == 42)
    #expect(parse("pid:42;uid:1000").comm == nil)
  }

  @Test(arguments: [
    "comm-chain:x;uid:0;pid:42;uid:1000", "comm-chain:sed;pid:42;pid:43", "cwd:/a;b;pid:1",
    "comm-chain:sed;pid:99999999999", "comm-chain:sed;unknown:1", "uid:1;pid:1",
    "comm-chain:" + String(repeating: "x", count: 244),
  ])
  func saysWhereAChainHasOtherReadings(_ text: String) {
    #expect(parse(text).isAmbiguous)
  }

  @Test(arguments: [
    ("0", UInt64(0), UInt64(1_000_000_000)),
    ("1764000000", 1_764_000_000_000_000_000, 1_000_000_000),
    ("2025-11-24T16:00:00Z", 1_764_000_000_000_000_000, 1_000_000_000),
    ("2025-11-24T17:30:00+01:30", 1_764_000_000_000_000_000, 1_000_000_000),
    ("2025-11-24T16:00:00.123456+00:00", 1_764_000_000_123_456_000, 1_000),
    ("2024-02-29t00:00:00.5z", 1_709_164_800_500_000_000, 100_000_000),
  ])
  func readsTimes(_ text: String, _ nanoseconds: UInt64, _ precision: UInt64) {
    let time = LegacyStamp.Time(parsing: Array(text.utf8))
    #expect(time == LegacyStamp.Time(nanoseconds: nanoseconds, precision: precision))
  }

  @Test(arguments: [
    "", "-1", "1.5", "99999999999999999999", "18446744074", "2025-11-24", "2025-11-24T16:00:00",
    "2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-11-24T24:00:00Z",
    "2025-11-24T16:60:00Z", "2025-11-24T16:00:00.Z", "2025-11-24T16:00:00Z ",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59Z", "2025-11-24T16:00:00+24:00", "２０２５-11-24T16:00:00Z",
  ])
  func refusesWhatIsNoTime(_ text: String) {
    #expect(LegacyStamp.Time(parsing: Array(text.utf8)) == nil)
  }

  /// Text made of the forms' own pieces in any order and number, and bytes changed in it: whatever it
  /// is, it reads as something, and a task or chain never takes a number that is not in the text.
  @Test func anyTextReadsAsSomething() {
    let pieces = [
      "comm:", "comm-chain:", "pid:", "uid:", "env:", "cwd:", ":", ";", ">", ",", "sed", "0", "42",
      "4294967295", "4294967296", "99999999999999999999", "\u{0}", "\u{1b}[31m", "ü", "3f2a99c1",
      "2025-11-24T16:00:00Z", "T", "-", "+", ".",
      // A whole task: its pieces seldom come in their order by chance.
      "comm:sed:pid:42",
    ]
    var generator = SystemRandomNumberGenerator()
    var kinds: Set<Int> = []
    for _ in 0..<100_000 {
      var text = (0..<Int.random(in: 0...12)).flatMap { _ in Array(pieces.randomElement()!.utf8) }
      if !text.isEmpty, Bool.random() {
        text[Int.random(in: 0..<text.count)] = UInt8.random(in: 0...255, using: &generator)
      }
      let legacy = LegacyStamp(session: text, time: text, history: text)
      #expect(legacy.text == text)
      switch legacy.identity {
      case .session: kinds.insert(0)
      case .task(let comm, let pid, _):
        kinds.insert(1)
        #expect(text.starts(with: Array("comm:".utf8) + comm + Array(":pid:".utf8)))
        #expect(String(decoding: text, as: UTF8.self).contains(":pid:") && pid <= .max)
      case .chain: kinds.insert(2)
      case .opaque: kinds.insert(3)
      }
    }
    #expect(kinds.isSuperset(of: [1, 2, 3]))
  }
}
