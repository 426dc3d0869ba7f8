// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Provenance

@Suite struct SessionTaskStatusTests {
  /// A line as the kernel writes it, of a process that started at tick 987654321.
  static func line(name: String, state: String = "S") -> [UInt8] {
    let numbers = "77 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 987654321 21 22 23"
    return Array("4242 (\(name)) \(state) \(numbers)\n".utf8)
  }

  @Test(arguments: [
    "sh", "", "a b", ")", "((", "sh) S 1 (x", ") R 1 1 1 1 1 1", "two\nlines", "x) Z 0 0 0 0 (",
    "0123456789abcde",
  ])
  func aNameCannotSpeakForTheProcess(name: String) throws {
    let start = try #require(Self.line(name: name).withUnsafeBytes { ProcessStart($0) })
    #expect(start.ticks == 987_654_321)
  }

  @Test func everyTruncationBeforeTheEndOfTheStartFails() {
    let line = Self.line(name: "a (b) c")
    let end = line.count - "21 22 23\n".utf8.count
    for count in 0..<end {
      #expect(line[..<count].withUnsafeBytes { ProcessStart($0) } == nil, "\(count) bytes")
    }
    #expect(line[...end].withUnsafeBytes { ProcessStart($0) } != nil)
  }

  @Test(arguments: ["-1", "x", "18446744073709551616", "1x"])
  func aStartThatIsNoNumberFails(start: String) {
    let text = "1 (sh) S 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 \(start) 22\n"
    #expect(Array(text.utf8).withUnsafeBytes { ProcessStart($0) } == nil)
  }

  @Test func statusNamesProcessParentAndRealUser() throws {
    let name = "Name:\ta\\nTgid:\\t9\n"
    let text = "Umask:\t0022\nTgid:\t12\nPPid:\t0\nUid:\t5\t6\t7\t8\nUid:\t9\nThreads:\t1\nGid:\t9"
    let status = try #require(Array((name + text).utf8).withUnsafeBytes { TaskStatus($0) })
    #expect(status.process == 12)
    #expect(status.parent == 0)
    #expect(status.uid == 5)
    #expect((status.depth, status.innermost) == (0, 12))
  }

  @Test(arguments: [
    ("12", 0, 12, false), ("12\t7", 1, 7, false), ("12\t1", 1, 1, true), ("1", 0, 1, false),
    ("12\t9\t1", 2, 1, true),
  ])
  func statusNamesThePidNamespacesBelow(numbers: String, depth: Int, innermost: pid_t, adopts: Bool)
    throws
  {
    let text = "Tgid:\t12\nPPid:\t3\nUid:\t5\nNStgid:\t\(numbers)\nNSpid:\t12\t8\nThreads:\t1\n"
    let status = try #require(Array(text.utf8).withUnsafeBytes { TaskStatus($0) })
    #expect((status.depth, status.innermost) == (depth, innermost))
    #expect(status.adoptsAnybody == adopts)
  }

  @Test(arguments: [
    "", "Tgid:\t12\nPPid:\t1\n", "PPid:\t1\nUid:\t5\t5\t5\t5\n", "Tgid:\t12\nUid:\t5\n",
    "Tgid:\t0\nPPid:\t1\nUid:\t5\n", "Tgid:\t1\nPPid:\t1\nUid:\t4294967296\n",
    "Tgid:\t12\nPPid:\t1\nUid:\t5x", "Tgid:\t12\nPPid:\t-3\nUid:\t5\n",
    "Tgid:\t12\nPPid:\t2147483648\nUid:\t5\n", "xTgid:\t12\nPPid:\t1\nUid:\t5\n",
  ])
  func statusWithoutThemFails(text: String) {
    #expect(Array((text + "Threads:\t1\n").utf8).withUnsafeBytes { TaskStatus($0) } == nil)
  }

  /// What ends before the line after the namespaces' may lack those.
  @Test func statusThatIsCutFails() {
    let text = "Tgid:\t12\nPPid:\t1\nUid:\t5\nNStgid:\t12\t1\n"
    #expect(Array(text.utf8).withUnsafeBytes { TaskStatus($0) } == nil)
    #expect(Array((text + "Threads:\t1").utf8).withUnsafeBytes { TaskStatus($0) } == nil)
  }

  @Test func flagsAreReadPastTheName() {
    let flags = Self.line(name: "x) Z 0 0 0 0 (").withUnsafeBytes { ProcessStart.flags($0) }
    #expect(flags == 8)
  }

  @Test func noBytesAreATrap() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("() \n\t0179-SZTgidPP:Uid".utf8)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<200, using: &random)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      bytes.withUnsafeBytes {
        _ = ProcessStart($0)
        _ = TaskStatus($0)
      }
    }
  }
}
