// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Provenance

@Suite struct SessionProcessStatTests {
  /// A line as the kernel writes it, of a process of parent 77 that started at tick 987654321.
  static func line(name: String, state: String = "S") -> [UInt8] {
    let numbers = "77 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 987654321 21 22 23"
    return Array("4242 (\(name)) \(state) \(numbers)\n".utf8)
  }

  @Test(arguments: [
    "sh", "", "a b", ")", "((", "sh) S 1 (x", ") R 1 1 1 1 1 1", "two\nlines", "x) Z 0 0 0 0 (",
    "0123456789abcde",
  ])
  func aNameCannotSpeakForTheProcess(name: String) throws {
    let stat = try #require(Self.line(name: name).withUnsafeBytes { ProcessStat($0) })
    #expect(stat.parent == 77)
    #expect(stat.start == 987_654_321)
    #expect(stat.name == TaskName(name))
  }

  @Test func everyTruncationBeforeTheStartFails() {
    let line = Self.line(name: "a (b) c")
    let end = line.count - " 21 22 23\n".utf8.count
    for count in 0..<(end - "987654321".utf8.count) {
      #expect(line[..<count].withUnsafeBytes { ProcessStat($0) } == nil, "\(count) bytes")
    }
    #expect(line[..<end].withUnsafeBytes { ProcessStat($0) } != nil)
  }

  @Test(arguments: ["-1 ", "99999999999 ", "x ", "18446744073709551616 "])
  func aParentThatIsNoProcessFails(parent: String) {
    let line = Array("1 (sh) S \(parent)4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22\n".utf8)
    #expect(line.withUnsafeBytes { ProcessStat($0) } == nil)
  }

  @Test func statusNamesProcessAndRealUser() throws {
    let name = "Name:\ta\\nTgid:\\t9\n"
    let text = Array((name + "Umask:\t0022\nTgid:\t12\nUid:\t5\t6\t7\t8\nGid:\t9").utf8)
    let status = try #require(text.withUnsafeBytes { TaskStatus($0) })
    #expect(status.process == 12)
    #expect(status.uid == 5)
  }

  @Test(arguments: [
    "", "Tgid:\t12\n", "Uid:\t5\t5\t5\t5\n", "Tgid:\t0\nUid:\t5\n", "Tgid:\t1\nUid:\t4294967296\n",
    "Tgid:\t12\nUid:\t5", "Tgid:\t-3\nUid:\t5\n",
  ])
  func statusWithoutThemFails(text: String) {
    #expect(Array(text.utf8).withUnsafeBytes { TaskStatus($0) } == nil)
  }

  @Test func noBytesAreATrap() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("() \n\t0179-SZTgid:Uid".utf8)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<200, using: &random)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      bytes.withUnsafeBytes {
        _ = ProcessStat($0)
        _ = TaskStatus($0)
      }
    }
  }
}
