// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Tells who a task is, for a stamp that names it as the writer.
///
/// The task must be alive and stay so during the call, as one is that waits for the answer to its
/// own request. Any number of threads may ask at once. An answer for a task that was asked about
/// before costs one system call (three on a kernel with agent sessions) and no allocation.
public final class WriterResolver: Sendable {
  private let cache: TaskCache
  private let ancestry: Ancestry

  /// - Parameter capacity: how many tasks are remembered. Each takes one descriptor, or three on a
  ///   kernel with agent sessions.
  /// - Throws: `Errno.noDevice` where /proc is no proc filesystem; `Errno.improperLink` where it
  ///   belongs to another pid namespace than this process; else the error of open(2).
  public init(capacity: Int = 256) throws(Errno) {
    cache = TaskCache(capacity: capacity)
    ancestry = Ancestry(try ProcFilesystem(), try BootID.current(), cache)
  }

  /// The writer that `task` is.
  ///
  /// - Parameters:
  ///   - task: a task's id, of a process or of one of its threads, in this process's pid namespace.
  ///   - uid: the task's fsuid, passed on into the result.
  /// - Returns: nil where the writer is not known: the task has gone, is 0 (it is in another pid
  ///   namespace), or it cannot be told which session it belongs to.
  public func writer(task: pid_t, uid: uid_t) -> Writer? {
    guard task > 0 else { return nil }
    if let known = cache.find(task), let writer = writer(known, uid) { return writer }
    guard let resolved = try? ancestry.resolve(task) else { return nil }
    cache.insert(resolved)
    return writer(resolved, uid)
  }

  private func writer(_ task: ResolvedTask, _ uid: uid_t) -> Writer? {
    guard let kernel = task.files.kernelMembership,
      let membership = kernel.session.isNone ? task.membership : kernel,
      let name = task.files.name
    else { return nil }
    return Writer(
      session: membership.session, root: membership.root, pid: UInt32(task.process), uid: uid,
      comm: name)
  }
}
