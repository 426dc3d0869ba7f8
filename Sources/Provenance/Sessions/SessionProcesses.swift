// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// The processes of this machine by the sessions that they are in, as far as they can be seen.
public struct SessionProcesses: Sendable {
  public struct Process: Hashable, Sendable {
    public let pid: pid_t
    public let comm: TaskName
    /// The outermost session, where its own is nested in others.
    public let root: RootPrefix
  }

  /// In the order of their numbers.
  public private(set) var members: [SessionID: [Process]] = [:]
  /// How many processes there are of which it cannot be told.
  public private(set) var unknown = 0

  /// - Throws: the errors of ``WriterResolver/init(capacity:)``.
  public init() throws(Errno) {
    let proc = try ProcFilesystem()
    let resolver = try WriterResolver()
    for pid in try proc.processes().sorted() {
      guard let writer = resolver.writer(task: pid, uid: 0) else {
        guard !proc.isKernelThread(pid) else { continue }
        // One that has ended meanwhile is in no session any more.
        if kill(pid, 0) == 0 || errno == EPERM { unknown += 1 }
        continue
      }
      guard !writer.session.isNone, !isLeader(writer) else { continue }
      members[writer.session, default: []].append(
        Process(pid: pid, comm: writer.comm, root: writer.root))
    }
  }

  /// A registered session's leader does nothing but lead.
  private func isLeader(_ writer: Writer) -> Bool {
    writer.comm.bytes.elementsEqual(SessionLeader.taskName.utf8)
  }
}
