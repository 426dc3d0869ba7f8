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

  /// Enough for every line up to "Uid:". What follows may be long, and is not needed.
  static let prefixSize = 768

  /// Reads the beginning of the file. The name in its first line has its newlines escaped, so that
  /// no task can add a line.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let process = Self.value("Tgid:", text), let process = pid_t(exactly: process),
      process > 0,
      let parent = Self.value("PPid:", text), let parent = pid_t(exactly: parent),
      let uid = Self.value("Uid:", text), let uid = uid_t(exactly: uid)
    else { return nil }
    self.process = process
    self.parent = parent
    self.uid = uid
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

  /// Fields after the name, up to the start: proc_pid_stat(5) counts it as the 22nd, from 1.
  private static let fieldsBefore = 22 - 3

  /// - Returns: nil unless the text is complete as far as the start. The name, which the process
  ///   chose, may hold parentheses, spaces and newlines; after the last ")" come numbers only.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let close = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    var fields = DecimalFields(UnsafeRawBufferPointer(rebasing: text[(close + 1)...]))
    guard fields.skip(Self.fieldsBefore), let ticks = fields.next(), !fields.isAtEnd else {
      return nil
    }
    self.ticks = ticks
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
