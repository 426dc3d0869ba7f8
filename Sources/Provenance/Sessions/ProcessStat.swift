// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the resolver needs of `/proc/PID/stat` (proc_pid_stat(5)).
struct ProcessStat: Equatable {
  /// The task's name, as the task chose it: it may hold anything but NUL.
  var name: TaskName
  /// The parent's thread-group id; 0 where it has none in this pid namespace.
  var parent: pid_t
  /// When the process started, in clock ticks after boot. With the pid it names one process: a pid
  /// does not come round again within a tick.
  var start: UInt64

  /// Most bytes that the file can have: a name of at most 64 bytes and 51 numbers.
  static let maximumSize = 1280

  private static let startField = 19

  /// - Returns: nil unless the text is complete. The name may hold parentheses, spaces and
  ///   newlines; after the last ")" there are numbers only.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let open = text.firstIndex(of: UInt8(ascii: "(")),
      let close = text.lastIndex(of: UInt8(ascii: ")")), open < close
    else { return nil }
    name = TaskName(UnsafeRawBufferPointer(rebasing: text[(open + 1)..<close]))
    var fields = DecimalFields(UnsafeRawBufferPointer(rebasing: text[(close + 1)...]))
    guard fields.skip(1), let parent = fields.next(), let parent = pid_t(exactly: parent),
      fields.skip(Self.startField - 2), let start = fields.next()
    else { return nil }
    self.parent = parent
    self.start = start
  }
}

/// What the resolver needs of `/proc/TASK/status`.
struct TaskStatus: Equatable {
  /// Thread-group id.
  var process: pid_t
  /// Real uid.
  var uid: uid_t

  /// Enough for every line up to "Uid:". What follows may be long, and is not needed.
  static let prefixSize = 768

  /// Reads the beginning of the file. The name in its first line has its newlines escaped, so that
  /// no task can add a line.
  init?(_ text: UnsafeRawBufferPointer) {
    var process: UInt64?
    var uid: UInt64?
    // The last piece is a line only where a newline ends it.
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for line in lines.dropLast() {
      if line.starts(with: "Tgid:\t".utf8) {
        var fields = DecimalFields(UnsafeRawBufferPointer(rebasing: line.dropFirst(6)))
        process = fields.next()
      } else if line.starts(with: "Uid:\t".utf8) {
        var fields = DecimalFields(UnsafeRawBufferPointer(rebasing: line.dropFirst(5)))
        uid = fields.next()
      }
    }
    guard let process, let process = pid_t(exactly: process), process > 0,
      let uid, let uid = uid_t(exactly: uid)
    else { return nil }
    self.process = process
    self.uid = uid
  }
}

/// Decimal numbers, and other words, separated by spaces, tabs or a newline.
private struct DecimalFields {
  private let text: UnsafeRawBufferPointer
  private var index = 0

  init(_ text: UnsafeRawBufferPointer) {
    self.text = text
  }

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
