// SPDX-License-Identifier: Apache-2.0
import CProvenance
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
    let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      guard count > 0 else { return nil }
      // The second field, the name in parentheses, may hold anything: fields count from its end.
      guard let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
      let fields = buffer[(end + 1)..<count].split(separator: UInt8(ascii: " "))
      guard fields.count > 19, let ticks = UInt64(String(decoding: fields[19], as: UTF8.self))
      else { return nil }
      var realtime = timespec()
      var sinceBoot = timespec()
      clock_gettime(CLOCK_REALTIME, &realtime)
      clock_gettime(CLOCK_BOOTTIME, &sinceBoot)
      let boot = nanoseconds(realtime) &- nanoseconds(sinceBoot)
      return boot &+ ticks &* (1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK)))))
    }
  }

  private static func nanoseconds(_ time: timespec) -> UInt64 {
    UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
      &+ UInt64(truncatingIfNeeded: time.tv_nsec)
  }
}
