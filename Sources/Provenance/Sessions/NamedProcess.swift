// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A process by its number and its name.
public struct NamedProcess: Hashable, Sendable {
  public let pid: pid_t
  public let comm: TaskName

  /// The ancestors of this process, the nearest first, as far as they can be seen. They may change while
  /// they are read: this is for telling people, not for deciding.
  public static func ancestors() -> [NamedProcess] {
    guard let proc = try? ProcFilesystem() else { return [] }
    var line: [NamedProcess] = []
    var next = getppid()
    while next != 0, line.count < 1 << 10, let process = NamedProcess(next, proc) {
      line.append(process)
      guard let file = try? proc.open(next, "status"), let status = try? proc.status(file) else {
        break
      }
      next = status.parent
    }
    return line
  }

  /// The processes that have this one as their parent now, as far as they can be seen.
  public static func children() -> [pid_t] {
    guard let proc = try? ProcFilesystem(), let all = try? proc.processes() else { return [] }
    return all.filter { process in
      guard let file = try? proc.open(process, "status"), let status = try? proc.status(file) else {
        return false
      }
      return status.parent == getpid()
    }
  }

  /// Whether any process that can be seen has this name.
  public static func exists(_ name: String) -> Bool {
    guard let proc = try? ProcFilesystem(), let all = try? proc.processes() else { return false }
    return all.contains { NamedProcess($0, proc)?.comm == TaskName(name) }
  }

  private init?(_ pid: pid_t, _ proc: ProcFilesystem) {
    guard let text = proc.text(pid, "comm", atMost: 64) else { return nil }
    self.pid = pid
    comm = TaskName(text.dropLast())
  }
}

/// Pid namespaces, of which each has processes numbered from 1.
public enum PidNamespace {
  /// Whether this process is in the one that the machine was started in, whose number is fixed
  /// (PROC_PID_INIT_INO in include/linux/proc_ns.h). True where that cannot be read.
  public static var isInitial: Bool {
    guard let namespace = try? ProcFilesystem().pidNamespace(getpid()) else { return true }
    return namespace == 0xEFFF_FFFC
  }
}
