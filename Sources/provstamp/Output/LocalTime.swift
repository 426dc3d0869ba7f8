// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance

/// Times as people are shown them: local on a terminal, else UTC and exact.
enum LocalTime {
  static func text(_ nanoseconds: UInt64, isLocal: Bool) -> String {
    guard isLocal else { return Timestamp.utc(nanoseconds) }
    var seconds = time_t(clamping: nanoseconds / 1_000_000_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return Timestamp.utc(nanoseconds) }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let start = buffer.baseAddress else { return Timestamp.utc(nanoseconds) }
      let count = strftime(start, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
      return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
  }

  /// Nanoseconds since 1970 of a date and time of day in the local time zone.
  static func nanoseconds(_ time: Timestamp) -> UInt64? {
    if let offset = time.offset { return time.nanosecondsSince1970(offset: offset) }
    var parts = tm()
    parts.tm_year = CInt(time.year - 1900)
    parts.tm_mon = CInt(time.month - 1)
    parts.tm_mday = CInt(time.day)
    parts.tm_hour = CInt(time.hour)
    parts.tm_min = CInt(time.minute)
    parts.tm_sec = CInt(time.second)
    parts.tm_isdst = -1
    guard let seconds = UInt64(exactly: mktime(&parts)) else { return nil }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(UInt64(time.nanosecond))
    return overflow || carry ? nil : sum
  }
}
