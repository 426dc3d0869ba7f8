// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// /proc, checked to be what it seems: a proc filesystem that numbers tasks as this process does.
final class ProcFilesystem: Sendable {
  private let directory: OwnedDescriptor

  /// - Throws: `Errno.noDevice` where /proc is no proc filesystem; `Errno.improperLink` where it
  ///   belongs to another pid namespace; else the error of open(2).
  init() throws(Errno) {
    directory = try OwnedDescriptor(prov_open_proc())
  }

  /// Whether tasks have files that tell of agent sessions: the kernel has them.
  var hasAgentSessions: Bool {
    (try? open(getpid(), "agent_session")) != nil
  }

  /// When a process started.
  ///
  /// - Throws: as ``open(_:_:)``; `Errno.badMessage` where the file makes no sense.
  func start(_ process: pid_t) throws(Errno) -> UInt64 {
    let file = try open(process, "stat")
    let start = try read(file, capacity: ProcessStart.maximumSize) { ProcessStart($0) }
    return start.ticks
  }

  /// Whether a process is a thread of the kernel's, as far as that can be read.
  func isKernelThread(_ process: pid_t) -> Bool {
    guard let file = try? open(process, "stat") else { return false }
    let flags = try? read(file, capacity: ProcessStart.maximumSize) { ProcessStart.flags($0) }
    return flags.map { $0 & Self.kernelThread != 0 } ?? false
  }

  /// PF_KTHREAD of include/linux/sched.h.
  private static let kernelThread: UInt64 = 0x20_0000

  /// Reads a task's open status anew.
  ///
  /// - Throws: `Errno.noSuchProcess` when the task has gone, even if another one has its number now;
  ///   `Errno.badMessage` where the file makes no sense.
  func status(_ file: borrowing OwnedDescriptor) throws(Errno) -> TaskStatus {
    do throws(Errno) {
      return try read(file, capacity: TaskStatus.usualSize) { TaskStatus($0) }
    } catch .badMessage {
      return try read(file, capacity: TaskStatus.maximumSize) { TaskStatus($0) }
    }
  }

  /// The number of the pid namespace that a process is in, as `ls -l /proc/PID/ns/pid` shows it.
  ///
  /// - Throws: `Errno.permissionDenied` to whoever may not trace the process.
  func pidNamespace(_ process: pid_t) throws(Errno) -> UInt64 {
    try directory.withNumber { proc throws(Errno) in
      UInt64(try valueOrErrno(prov_pid_namespace(proc, process)))
    }
  }

  /// Opens a file of a task, which stays that task's: it never passes to another one with the same
  /// number.
  ///
  /// - Throws: `Errno.noSuchFileOrDirectory` or `Errno.noSuchProcess` where no such task can be seen,
  ///   or tasks have no such file; else the error of open(2).
  func open(_ task: pid_t, _ name: StaticString) throws(Errno) -> OwnedDescriptor {
    try directory.withNumber { proc throws(Errno) in
      try OwnedDescriptor(prov_open_task_file(proc, task, name.cString))
    }
  }

  /// The processes that can be seen now.
  ///
  /// - Throws: the error of getdents64(2) or open(2).
  func processes() throws(Errno) -> [pid_t] {
    let listed = try directory.withNumber { proc throws(Errno) in
      try OwnedDescriptor(prov_openat(proc, ".", O_RDONLY | O_DIRECTORY, 0))
    }
    return try directoryNames(listed).compactMap { pid_t($0) }
  }

  /// A small file of a process; nil where it cannot be read or is longer.
  func text(_ process: pid_t, _ name: StaticString, atMost size: Int) -> String? {
    guard let file = try? open(process, name) else { return nil }
    let bytes = file.withNumber { try? SmallFile.bytes($0, atMost: size) }
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  private func read<Value>(
    _ file: borrowing OwnedDescriptor, capacity: Int, parse: (UnsafeRawBufferPointer) -> Value?
  ) throws(Errno) -> Value {
    try withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) {
      buffer throws(Errno) -> Value in
      let count = file.withNumber { prov_read_at_start($0, buffer.baseAddress, buffer.count) }
      let text = UnsafeRawBufferPointer(rebasing: buffer[..<(try valueOrErrno(count))])
      guard let value = parse(text) else { throw .badMessage }
      return value
    }
  }
}
