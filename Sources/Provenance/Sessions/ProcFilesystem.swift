// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// /proc, checked to be what it seems: a proc filesystem that numbers tasks as this process does.
final class ProcFilesystem: Sendable {
  private let directory: CInt

  /// - Throws: `Errno.noDevice` where /proc is no proc filesystem; `Errno.improperLink` where it
  ///   belongs to another pid namespace; else the error of open(2).
  init() throws(Errno) {
    directory = try valueOrErrno(prov_open_proc())
  }

  deinit {
    close(directory)
  }

  /// Whether tasks have files that tell of agent sessions: the kernel has them.
  var hasAgentSessions: Bool {
    guard let file = try? open(getpid(), "agent_session") else { return false }
    close(file)
    return true
  }

  /// When a process started.
  ///
  /// - Throws: as ``open(_:_:)``; `Errno.badMessage` where the file makes no sense.
  func start(_ process: pid_t) throws(Errno) -> UInt64 {
    let file = OwnedDescriptor(try open(process, "stat"))
    let start = try read(file, capacity: ProcessStart.maximumSize) { ProcessStart($0) }
    return start.ticks
  }

  /// Reads a task's open status anew.
  ///
  /// - Throws: `Errno.noSuchProcess` when the task has gone, even if another one has its number now;
  ///   `Errno.badMessage` where the file makes no sense.
  func status(_ file: OwnedDescriptor) throws(Errno) -> TaskStatus {
    try read(file, capacity: TaskStatus.prefixSize) { TaskStatus($0) }
  }

  /// Opens a file of a task, which stays that task's: it never passes to another one with the same
  /// number.
  ///
  /// - Throws: `Errno.noSuchFileOrDirectory` or `Errno.noSuchProcess` where no such task can be seen,
  ///   or tasks have no such file; else the error of open(2).
  func open(_ task: pid_t, _ name: StaticString) throws(Errno) -> CInt {
    try valueOrErrno(prov_open_task_file(directory, task, name.cString))
  }

  /// Opens the directory of all tasks, for reading.
  func openItself() throws(Errno) -> CInt {
    let here: StaticString = "."
    return try valueOrErrno(prov_openat(directory, here.cString, O_RDONLY | O_DIRECTORY, 0))
  }

  private func read<Value>(
    _ file: OwnedDescriptor, capacity: Int, parse: (UnsafeRawBufferPointer) -> Value?
  ) throws(Errno) -> Value {
    try withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) {
      buffer throws(Errno) -> Value in
      let count = prov_read_at_start(file.number, buffer.baseAddress, buffer.count)
      let text = UnsafeRawBufferPointer(rebasing: buffer[..<(try valueOrErrno(count))])
      guard let value = parse(text) else { throw .badMessage }
      return value
    }
  }
}
