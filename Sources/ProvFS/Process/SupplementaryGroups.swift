// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance

/// The `Groups:` line of /proc/TASK/status.
enum SupplementaryGroups {
  /// - Parameter buffer: room for the status; where it is longer, more is allocated.
  /// - Returns: how many groups were stored, or nil where the task's status cannot be read whole.
  static func read(
    _ task: pid_t, using buffer: UnsafeMutableRawBufferPointer,
    into groups: UnsafeMutablePointer<gid_t>, capacity: Int
  ) -> Int? {
    guard task > 0 else { return nil }
    let file = prov_open_task_file(proc, task, statusName.cString)
    guard file >= 0 else { return nil }
    defer { close(file) }
    if let count = read(file, buffer, into: groups, capacity) { return count }
    return withUnsafeTemporaryAllocation(byteCount: mostBytes, alignment: 1) { buffer in
      read(file, buffer, into: groups, capacity)
    }
  }

  /// A descriptor of /proc, or -errno.
  private static let proc = prov_open_proc()
  private static let statusName: StaticString = "status"

  /// Enough for some hundred groups.
  static let usualBytes = 8192
  /// For as many groups as there can be, of ten digits each.
  private static let mostBytes = Credentials.maximumGroups * 11 + usualBytes

  private static func read(
    _ file: CInt, _ buffer: UnsafeMutableRawBufferPointer,
    into groups: UnsafeMutablePointer<gid_t>, _ capacity: Int
  ) -> Int? {
    let count = prov_read_at_start(file, buffer.baseAddress, buffer.count)
    guard count > 0 else { return nil }
    return parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: groups, capacity)
  }

  /// - Returns: nil where there is no whole `Groups:` line, or a number in it is none.
  static func parse(
    _ status: UnsafeRawBufferPointer, into groups: UnsafeMutablePointer<gid_t>, _ capacity: Int
  ) -> Int? {
    guard var index = lineEnd(of: "Groups:", in: status) else { return nil }
    var count = 0
    var number: UInt64?
    while index < status.count {
      let byte = status[index]
      index += 1
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let next = (number ?? 0) * 10 + UInt64(byte - UInt8(ascii: "0"))
        guard next < UInt64(gid_t.max) else { return nil }
        number = next
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"):
        if let value = number {
          guard count < capacity else { return nil }
          groups[count] = gid_t(value)
          count += 1
          number = nil
        }
        if byte == UInt8(ascii: "\n") { return count }
      default:
        return nil
      }
    }
    return nil
  }

  /// Where the text begins that follows `label` at the start of a line.
  private static func lineEnd(of label: StaticString, in text: UnsafeRawBufferPointer) -> Int? {
    let length = label.utf8CodeUnitCount
    var start = 0
    while start + length <= text.count {
      if memcmp(text.baseAddress! + start, label.utf8Start, length) == 0 { return start + length }
      guard let newline = text[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      start = newline + 1
    }
    return nil
  }
}
