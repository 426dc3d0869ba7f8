// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// One task, held by open files of its in /proc. Such a file belongs to the task and not to its
/// number: when the task has gone, reading it fails, even if another task has the number by then.
final class TaskFiles: Sendable {
  private let comm: OwnedDescriptor
  /// Nil on a kernel without agent sessions.
  private let agentSession: OwnedDescriptor?
  /// Nil on a kernel without the file.
  private let agentLineage: OwnedDescriptor?

  /// - Parameter agentSessions: whether the kernel has them.
  /// - Throws: the error of ``ProcFilesystem/open(_:_:)``.
  init(_ proc: ProcFilesystem, _ task: pid_t, agentSessions: Bool) throws(Errno) {
    comm = try proc.open(task, "comm")
    agentSession = agentSessions ? try proc.open(task, "agent_session") : nil
    agentLineage = agentSessions ? try? proc.open(task, "agent_lineage") : nil
  }

  /// The task's name now; nil when the task has gone.
  var name: TaskName? {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      let count = comm.withNumber { prov_read_at_start($0, buffer.baseAddress, buffer.count) }
      // The name may hold newlines; the last one is not part of it.
      guard count > 0 else { return nil }
      return TaskName(UnsafeRawBufferPointer(rebasing: buffer[..<(count - 1)]))
    }
  }

  /// Whether the task lives and has a leader's name.
  var isLeader: Bool { name == Self.leaderName }

  private static let leaderName = TaskName(SessionLeader.taskName)

  /// The session that the kernel says the task is in now.
  ///
  /// - Returns: ``SessionMembership/outside`` in the initial namespace, and on a kernel without
  ///   agent sessions; nil where the kernel's answer cannot be read or makes no sense.
  var kernelMembership: SessionMembership? {
    guard agentSession != nil else { return .outside }
    // A live task can enter another session between the two reads.
    for _ in 0..<4 {
      guard let session = agentSession?.withNumber(Self.readSession) ?? nil else { return nil }
      guard !session.isNone, agentLineage != nil else {
        return SessionMembership(session: session, root: .none)
      }
      guard let lineage = agentLineage?.withNumber(Self.readLineage) ?? nil else { return nil }
      if lineage.innermost == session {
        let root = lineage.outermost == session ? .none : lineage.outermost.prefix
        return SessionMembership(session: session, root: root)
      }
    }
    return nil
  }

  private static func readSession(_ file: CInt) -> SessionID? {
    withUnsafeTemporaryAllocation(byteCount: SessionLine.size + 1, alignment: 1) { buffer in
      let count = prov_read_at_start(file, buffer.baseAddress, buffer.count)
      guard count == SessionLine.size else { return nil }
      return SessionLine.parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// Sessions nest at most 32 deep.
  private static let maximumLineage = 33

  private static func readLineage(
    _ file: CInt
  ) -> (innermost: SessionID, outermost: SessionID)? {
    let capacity = SessionLine.size * maximumLineage
    return withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { buffer in
      let count = prov_read_at_start(file, buffer.baseAddress, buffer.count)
      guard count > 0, count < capacity, count.isMultiple(of: SessionLine.size) else { return nil }
      let lines = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      let first = UnsafeRawBufferPointer(rebasing: lines.prefix(SessionLine.size))
      let last = UnsafeRawBufferPointer(rebasing: lines.suffix(SessionLine.size))
      guard let innermost = SessionLine.parse(first), let outermost = SessionLine.parse(last) else {
        return nil
      }
      return (innermost, outermost)
    }
  }
}

/// One line of `/proc/PID/agent_session` and `agent_lineage`: 32 lowercase hexadecimal digits and a
/// newline.
enum SessionLine {
  static let size = 33

  /// - Parameter line: exactly ``size`` bytes.
  /// - Returns: nil where the line is anything else.
  static func parse(_ line: UnsafeRawBufferPointer) -> SessionID? {
    guard line.count == size, line[size - 1] == UInt8(ascii: "\n"),
      let octets = Octets16(hexadecimal: line.dropLast())
    else { return nil }
    return SessionID(validating: octets)
  }
}
