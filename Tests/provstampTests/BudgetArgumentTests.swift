// SPDX-License-Identifier: Apache-2.0
import Provenance
import Testing

@testable import provstamp

@Suite struct BudgetArgumentTests {
  @Test func readsEveryLimit() throws {
    let budget = try BudgetArgument(
      "max_syscalls=12,max_write_bytes=3G,max_elapsed=90m,action=kill"
    ).budget
    #expect(budget.maxSyscalls == 12)
    #expect(budget.maxWriteBytes == 3 << 30)
    #expect(budget.maxElapsed == 5400 * 1_000_000_000)
    #expect(budget.action == .kill)
  }

  @Test func leavesTheRestWithoutALimit() throws {
    var expected = SessionBudget()
    expected.maxElapsed = 1_500_000_000
    #expect(try BudgetArgument("max_elapsed=1500ms").budget == expected)
  }

  static let durations: [(String, UInt64)] = [
    ("1", 1), ("1s", 1), ("2m", 120), ("1h", 3600), ("3d", 259_200),
  ]

  @Test(arguments: durations)
  func takesUnitsOfTime(_ text: String, _ seconds: UInt64) throws {
    #expect(try BudgetArgument("max_elapsed=\(text)").budget.maxElapsed == seconds * 1_000_000_000)
  }

  @Test(arguments: [
    "", "max_syscalls", "max_syscalls=", "max_syscalls=0", "max_syscalls=-1", "max_syscalls=1K",
    "max_syscalls=18446744073709551616", "max_write_bytes=18446744073709551615K",
    "max_write_bytes=1k", "max_elapsed=1w", "max_elapsed=h", "max_elapsed=1h30m", "action=log",
    "max_syscalls=1,", "max_syscalls=1,max_syscalls=2", "max_syscalls=1,action=stop",
    "max_syscalls=1 ,action=log", "bytes=1M", "max_elapsed=٣",
  ])
  func refusesWhatIsNot(_ text: String) {
    #expect(throws: BudgetArgument.Fault.self) { try BudgetArgument(text) }
  }
}
