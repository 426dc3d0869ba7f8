// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Provenance

private func stamp(_ session: Character, at time: UInt64, inode: UInt64 = 1) -> Stamp {
  Stamp(
    stamper: .provfs,
    writer: Writer(
      session: SessionID(String(repeating: session, count: 32))!, pid: 1, uid: 0,
      comm: TaskName("sh")), time: time, inode: inode)
}

extension StampLog {
  fileprivate init(_ stamps: [Stamp]) {
    self.init()
    for stamp in stamps.reversed() { push(stamp) }
  }
}

@Suite struct StampLogTests {
  @Test func whoIsDoubtedAgainIsNotedWithTheLatestTime() {
    var log = StampLog([stamp("b", at: 2), stamp("a", at: 1)])
    log.renew(stamp("a", at: 3))
    #expect(log.entries == [stamp("a", at: 3), stamp("b", at: 2)])
    log.renew(stamp("c", at: 4))
    log.renew(stamp("b", at: 5))
    #expect(
      log.entries == [stamp("b", at: 5), stamp("c", at: 4), stamp("a", at: 3), stamp("b", at: 2)])
  }

  @Test func aHistoryIsAddedWhereTheWriterChanges() {
    var log = StampLog([stamp("b", at: 8)])
    let history = [stamp("b", at: 5, inode: 2), stamp("c", at: 4, inode: 2), stamp("b", at: 3)]
    log.append(history, after: log.entries.last)
    #expect(log.entries == [stamp("b", at: 8)] + history.dropFirst())
  }

  @Test func aHistoryFillsALogAndNoMore() {
    var log = StampLog()
    let history = (0..<20).map { stamp($0.isMultiple(of: 2) ? "a" : "b", at: UInt64(100 - $0)) }
    log.append(history, after: nil)
    #expect(log.entries == Array(history.prefix(StampLog.capacity)))
  }
}
