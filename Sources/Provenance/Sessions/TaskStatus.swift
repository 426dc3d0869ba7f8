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
    var process: UInt64?
    var parent: UInt64?
    var uid: UInt64?
    var rest = text[...]
    // The last piece is a line only where a newline ends it.
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = UnsafeRawBufferPointer(rebasing: rest[..<end])
      rest = rest[(end + 1)...]
      process = process ?? Self.value("Tgid:", line)
      parent = parent ?? Self.value("PPid:", line)
      uid = uid ?? Self.value("Uid:", line)
    }
    guard let process, let process = pid_t(exactly: process), process > 0,
      let parent, let parent = pid_t(exactly: parent),
      let uid, let uid = uid_t(exactly: uid)
    else { return nil }
    self.process = process
    self.parent = parent
    self.uid = uid
  }

  /// The first number of the line that begins with `name`.
  private static func value(_ name: StaticString, _ line: UnsafeRawBufferPointer) -> UInt64? {
    let prefix = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    guard line.starts(with: prefix) else { return nil }
    var fields = DecimalFields(UnsafeRawBufferPointer(rebasing: line[prefix.count...]))
    return fields.next()
  }
}

/// When a process started, in clock ticks after boot, as `/proc/PID/stat` tells (proc_pid_stat(5)).
/// With the pid it names one process: a pid does not come round again within a tick.
struct ProcessStart: Equatable {
  var ticks: UInt64

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
private struct DecimalFields {
  private let text: UnsafeRawBufferPointer
  private var index = 0

  init(_ text: UnsafeRawBufferPointer) {
    self.text = text
  }

  /// Whether the last word reached to the end, so that there may have been more of it.
  var isAtEnd: Bool { index == text.count }

  /// Passes over `count` words, whatever they hold.
  mutating func skip(_ count: Int) -> Bool {
    for _ in 0..<count where nextWord() == nil { return false }
    return true
  }

  /// The next word's value; nil at the end, and where it is no number that fits.
  mutating func next() -> UInt64? {
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
