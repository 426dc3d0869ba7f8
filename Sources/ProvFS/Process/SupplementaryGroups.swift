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
    guard var numbers = DecimalFields(ofLine: "Groups:", in: status) else { return nil }
    var count = 0
    while numbers.hasNext {
      guard let number = numbers.next(), number < UInt64(gid_t.max), count < capacity else {
        return nil
      }
      groups[count] = gid_t(number)
      count += 1
    }
    return count
  }
}
