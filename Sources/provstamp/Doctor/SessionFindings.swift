// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// The sessions that run, and what the registry of them holds.
enum SessionFindings {
  static func all() -> [Finding] {
    do throws(Errno) {
      let registry = try SessionRegistry()
      let running = try registry.sessions()
      return [summary(running)] + running.filter { $0.record == nil }.map(nameless)
        + registry.entries().compactMap(complaint) + servers() + [hiding].compactMap(\.self)
    } catch {
      return [
        .warn(
          "sessions", "the processes cannot be read: \(error)",
          "mount -t proc proc /proc; sessions cannot be told apart without it")
      ]
    }
  }

  private static func summary(_ running: [SessionRegistry.Session]) -> Finding {
    let kernel = (try? KernelSession.running())?.count ?? 0
    return .ok(
      "sessions",
      "\(kernel) of the kernel and \(running.count) of the registry run, of those that you may see")
  }

  /// It counts all the same.
  private static func nameless(_ session: SessionRegistry.Session) -> Finding {
    .warn(
      "session-record",
      "session \(session.id), led by process \(session.leader), has no record that can be read: "
        + "intent and command are not known from it",
      "provstamp ps shows what the ledger knows")
  }

  private static func complaint(_ entry: SessionRegistry.Entry) -> Finding? {
    let path = Escaping.text(entry.path.utf8)
    let removal = "rm \(ShellWord.path(Array(entry.path.utf8)))"
    switch entry.state {
    case .active, .elsewhere: return nil
    case .ended:
      return .warn(
        "session-record", "\(path): its leader was killed", removal)
    case .faulty(let fault):
      return .warn("session-record", "\(path): no record: \(fault); it is ignored", removal)
    case .unreadable(let error):
      return .warn("session-record", "\(path): \(error)", "ask as its owner or as root")
    }
  }

  private static func servers() -> [Finding] {
    let members = (try? SessionProcesses().members) ?? [:]
    return members.flatMap { session, processes in
      processes.filter { SessionServers.names.contains($0.comm) }.map { process in
        .warn(
          "session-server",
          "\(Escaping.text(process.comm.bytes)) (process \(process.pid)) is in session \(session), and so is "
            + "all that it starts, for whomever",
          "end it, and start one outside any session")
      }
    }
  }

  /// Where processes are hidden, an ordinary user's daemon cannot tell who writes.
  private static var hiding: Finding? {
    guard let option = ProcessHiding.option else { return nil }
    return .warn(
      "proc-hidden",
      "/proc is mounted with \(Escaping.text(option.utf8)): a view that an ordinary user mounts cannot see "
        + "whose sessions its writers are in, and stamps nothing",
      "mount -o remount,hidepid=off /proc, or have root mount the view")
  }
}
