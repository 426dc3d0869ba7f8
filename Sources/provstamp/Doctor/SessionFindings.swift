// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// The sessions that run, and what the registry of them holds.
enum SessionFindings {
  static func all() -> [Finding] {
    do throws(Errno) {
      let entries = try SessionRegistry().entries()
      return [summary(entries)] + entries.compactMap(complaint)
    } catch {
      return [
        .warn(
          "sessions", "the registry cannot be read: \(error)",
          "mount /proc; sessions cannot be told apart without it")
      ]
    }
  }

  private static func summary(_ entries: [SessionRegistry.Entry]) -> Finding {
    let active = entries.count { if case .active = $0.state { true } else { false } }
    let kernel = (try? KernelSession.running())?.count ?? 0
    return .ok(
      "sessions",
      "\(kernel) of the kernel and \(active) of the registry run, of those that you may see")
  }

  private static func complaint(_ entry: SessionRegistry.Entry) -> Finding? {
    let path = Escaping.text(entry.path.utf8)
    switch entry.state {
    case .active, .elsewhere: return nil
    case .ended:
      return .warn(
        "session-record", "\(path): its leader was killed; the record counts no more", "rm \(path)")
    case .faulty(let fault):
      return .warn("session-record", "\(path): no record: \(fault); it is ignored", "rm \(path)")
    case .unreadable(let error):
      return .warn("session-record", "\(path): \(error)", "ask as its owner or as root")
    }
  }
}
