// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Whether the process that a stamp names still runs.
public enum WriterLiveness: Sendable {
  case alive
  case gone
  /// The process cannot be looked up from here: its pid is of another pid namespace.
  case unknown

  /// Looks for the writer of `stamp` among the running processes. A process that started after the
  /// stamp was made has taken over the pid of one that is gone.
  public init(of stamp: Stamp) {
    // The LSM's pids are of the initial namespace, whose inode number is fixed
    // (PROC_PID_INIT_INO in include/linux/proc_ns.h).
    if stamp.stamper == .lsm && Self.linkTarget("/proc/self/ns/pid") != "pid:[4026531836]" {
      self = .unknown
      return
    }
    guard let pid = pid_t(exactly: stamp.writer.pid), pid > 0 else {
      self = .unknown
      return
    }
    if kill(pid, 0) != 0 && errno == ESRCH {
      self = .gone
    } else if let started = Self.startTime(of: pid),
      started > stamp.time.addingSaturated(1_000_000_000)
    {
      self = .gone
    } else {
      self = .alive
    }
  }

  private static func linkTarget(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(path, start, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
  }

  /// CLOCK_REALTIME in nanoseconds at which the process started, to about a clock tick; nil where
  /// that cannot be read.
  private static func startTime(of pid: pid_t) -> UInt64? {
    guard let start = try? ProcFilesystem().start(pid) else { return nil }
    return Clock.realTime &- Clock.sinceBoot &+ start &* ProcessStart.tick
  }
}
