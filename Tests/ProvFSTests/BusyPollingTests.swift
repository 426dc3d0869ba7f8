// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ProvFS

@Suite struct BusyPollingTests {
  /// How often in `count` waits it is tried, each time with the same outcome.
  private func tries(_ polling: inout BusyPolling, of count: Int, inVain: Bool) -> Int {
    (0..<count).count { _ in
      guard polling.isWorthTrying() else { return false }
      polling.tried(inVain: inVain)
      return true
    }
  }

  @Test func itIsTriedAlwaysWhereItHelps() {
    var polling = BusyPolling()
    let tried = tries(&polling, of: 1000, inVain: false)
    #expect(tried == 1000)
  }

  @Test func itIsTriedSeldomWhereItDoesNotHelp() {
    var polling = BusyPolling()
    _ = tries(&polling, of: 100, inVain: true)
    let tried = tries(&polling, of: 3200, inVain: true)
    #expect(tried == 100)
  }

  @Test func itIsTriedMoreOnceItHelpsAgain() {
    var polling = BusyPolling()
    _ = tries(&polling, of: 100, inVain: true)
    _ = tries(&polling, of: 32, inVain: false)
    let tried = tries(&polling, of: 100, inVain: false)
    #expect(tried == 100)
  }

  @Test func oneInVainDoesNotEndIt() {
    var polling = BusyPolling()
    let tried = tries(&polling, of: 2, inVain: true)
    #expect(tried == 2)
  }
}
