// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the resolver needs of `/proc/TASK/status` (proc_pid_status(5)).
struct TaskStatus: Equatable {
  /// Thread-group id.
  var process: pid_t
  /// The parent's thread-group id; 0 where it has none in this pid namespace.
  var parent: pid_t
  /// Real uid.
  var uid: uid_t
  /// How many pid namespaces below the reader's it is in; 0 in the reader's own.
  var depth: Int
  /// The thread-group id in the pid namespace that it is in.
  var innermost: pid_t

  /// Enough for every line up to "Threads:", but where the task is in a hundred groups and more.
  static let usualSize = 2048
  /// Enough for as many groups as there can be.
  static let maximumSize = 1 << 20

  /// Whether it is the first process of a pid namespace below the reader's. It becomes the parent of
  /// every orphan there, also of one whose ancestors came from outside with setns(2).
  var adoptsAnybody: Bool { depth > 0 && innermost == 1 }

  /// Reads the beginning of the file. The name in its first line has its newlines escaped, so that
  /// no task can add a line.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let process = Self.value("Tgid:", text), let process = pid_t(exactly: process),
      process > 0,
      let parent = Self.value("PPid:", text), let parent = pid_t(exactly: parent),
      let uid = Self.value("Uid:", text), let uid = uid_t(exactly: uid),
      // It comes after the namespaces' lines: what was read has them, if the kernel has.
      Self.value("Threads:", text) != nil
    else { return nil }
    self.process = process
    self.parent = parent
    self.uid = uid
    depth = -1
    innermost = process
    var numbers = DecimalFields(ofLine: "NStgid:", in: text)
    while let number = numbers?.next().flatMap({ pid_t(exactly: $0) }) {
      depth += 1
      innermost = number
    }
    // A kernel without pid namespaces has no such line.
    depth = max(0, depth)
  }

  /// The first number of the line that begins with `label`.
  private static func value(_ label: StaticString, _ text: UnsafeRawBufferPointer) -> UInt64? {
    var fields = DecimalFields(ofLine: label, in: text)
    return fields?.next()
  }
}

/// When a process started, in clock ticks after boot, as `/proc/PID/stat` tells (proc_pid_stat(5)).
/// With the pid it names one process: a pid does not come round again within a tick.
struct ProcessStart: Equatable {
  var ticks: UInt64

  /// Nanoseconds in a clock tick as user space is told of it.
  static let tick = 1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK))))

  /// Most bytes that the file can have: a name of at most 64 bytes and 51 numbers.
  static let maximumSize = 1280

  /// - Returns: nil unless the text is complete as far as the start.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let ticks = Self.field(22, text) else { return nil }
    self.ticks = ticks
  }

  /// The task's flags, `PF_*`.
  static func flags(_ text: UnsafeRawBufferPointer) -> UInt64? {
    field(9, text)
  }

  /// A field as proc_pid_stat(5) counts them, from 1. The name, the second, which the process chose, may
  /// hold parentheses, spaces and newlines; after the last ")" come numbers only.
  private static func field(_ number: Int, _ text: UnsafeRawBufferPointer) -> UInt64? {
    guard let close = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    var fields = DecimalFields(UnsafeRawBufferPointer(rebasing: text[(close + 1)...]))
    guard fields.skip(number - 3), let value = fields.next(), !fields.isAtEnd else { return nil }
    return value
  }
}

/// Decimal numbers, and other words, separated by spaces, tabs or a newline.
package struct DecimalFields {
  private let text: UnsafeRawBufferPointer
  private var index = 0

  init(_ text: UnsafeRawBufferPointer) {
    self.text = text
  }

  /// What follows `label` in the first line that begins with it.
  ///
  /// - Returns: nil where there is no such line, or its end is missing.
  package init?(ofLine label: StaticString, in text: UnsafeRawBufferPointer) {
    let label = UnsafeBufferPointer(start: label.utf8Start, count: label.utf8CodeUnitCount)
    var rest = text[...]
    // The last piece is a line only where a newline ends it.
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = UnsafeRawBufferPointer(rebasing: rest[..<end])
      if line.starts(with: label) {
        self.init(UnsafeRawBufferPointer(rebasing: line[label.count...]))
        return
      }
      rest = rest[(end + 1)...]
    }
    return nil
  }

  /// Whether there is another word.
  package var hasNext: Bool { text[index...].contains { !Self.isSeparator($0) } }

  /// Whether the last word reached to the end, so that there may have been more of it.
  var isAtEnd: Bool { index == text.count }

  /// Passes over `count` words, whatever they hold.
  mutating func skip(_ count: Int) -> Bool {
    for _ in 0..<count where nextWord() == nil { return false }
    return true
  }

  /// The next word's value; nil at the end, and where it is no number that fits.
  package mutating func next() -> UInt64? {
    guard let word = nextWord() else { return nil }
    var value: UInt64 = 0
    for byte in word {
      guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }

  private mutating func nextWord() -> Slice<UnsafeRawBufferPointer>? {
    while index < text.count, Self.isSeparator(text[index]) { index += 1 }
    let start = index
    while index < text.count, !Self.isSeparator(text[index]) { index += 1 }
    return start < index ? text[start..<index] : nil
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
  }
}
