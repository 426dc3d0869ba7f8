// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

/// The system's clocks, in nanoseconds. None of them costs a system call.
public enum Clock {
  /// Since 1970 (CLOCK_REALTIME), which whoever sets the clock moves; 0 before.
  public static var realTime: UInt64 { read(CLOCK_REALTIME) }

  /// As ``realTime``, but as the kernel dates files: at the last clock tick (CLOCK_REALTIME_COARSE). A
  /// finer time would be later than changes that follow within the tick.
  package static var fileTime: UInt64 { read(CLOCK_REALTIME_COARSE) }

  /// Since some moment that stays the same until the machine stops (CLOCK_MONOTONIC).
  package static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

  /// Since the machine was started, suspended or not (CLOCK_BOOTTIME).
  package static var sinceBoot: UInt64 { read(CLOCK_BOOTTIME) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return UInt64(max(0, now.tv_sec)) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
  }
}

extension statx_timestamp {
  /// Nanoseconds since 1970: 0 for a time before, and the largest number for one after 2554.
  package var nanoseconds: UInt64 {
    guard let seconds = UInt64(exactly: tv_sec) else { return 0 }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(UInt64(tv_nsec))
    return overflow || carry ? .max : sum
  }
}
