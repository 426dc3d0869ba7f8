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

  /// - Throws: `Errno.noSuchFileOrDirectory` or `Errno.noSuchProcess` where no such task can be seen;
  ///   `Errno.badMessage` where the file makes no sense; else what kept it from being read.
  func stat(_ task: pid_t) throws(Errno) -> ProcessStat {
    try read(task, "stat", capacity: ProcessStat.maximumSize) { ProcessStat($0) }
  }

  /// - Throws: as ``stat(_:)``.
  func status(_ task: pid_t) throws(Errno) -> TaskStatus {
    try read(task, "status", capacity: TaskStatus.prefixSize) { TaskStatus($0) }
  }

  /// Opens a file of a task. It stays that task's: see ``TaskFiles``.
  ///
  /// - Throws: `Errno.noSuchFileOrDirectory` or `Errno.noSuchProcess` where no such task can be seen,
  ///   or tasks have no such file; else the error of open(2).
  func open(_ task: pid_t, _ name: StaticString) throws(Errno) -> CInt {
    try valueOrErrno(prov_open_task_file(directory, task, name.cString))
  }

  private func read<Value>(
    _ task: pid_t, _ name: StaticString, capacity: Int,
    parse: (UnsafeRawBufferPointer) -> Value?
  ) throws(Errno) -> Value {
    try withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) {
      buffer throws(Errno) -> Value in
      let count = prov_read_task_file(
        directory, task, name.cString, buffer.baseAddress, buffer.count)
      let text = UnsafeRawBufferPointer(rebasing: buffer[..<(try valueOrErrno(count))])
      guard let value = parse(text) else { throw .badMessage }
      return value
    }
  }
}
