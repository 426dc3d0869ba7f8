// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// What whoever starts a session is told of where he starts it.
enum Surroundings {
  static func notes(_ session: RequestedSession) -> [String] {
    [nesting(session), server, place, namespace].compactMap(\.self)
  }

  private static func nesting(_ session: RequestedSession) -> String? {
    guard !session.parent.isNone else { return nil }
    return "it is nested in session \(session.parent)"
  }

  /// What a server starts on somebody's behalf is its own session's.
  private static var server: String? {
    let servers = NamedProcess.ancestors().filter { SessionServers.names.contains($0.comm) }
    guard !servers.isEmpty, let resolver = try? WriterResolver(capacity: 16) else { return nil }
    for server in servers {
      guard let session = resolver.writer(task: server.pid, uid: 0)?.session, !session.isNone else {
        continue
      }
      return
        "\(SessionServers.description(server)), which started this, is in session \(session), and so is all "
        + "that it starts, for whomever; way out: a server that is started outside any session"
    }
    return nil
  }

  private static var place: String? {
    let path = WorkingDirectory.path
    guard !path.isEmpty, !WorkingDirectory.isWatched else { return nil }
    let word = ShellWord.path(path)
    return
      "nothing stamps what is written in \(Escaping.text(path)); way out: provfs \(word) \(word), or work "
      + "in a directory that is watched"
  }

  /// A daemon knows the sessions of its own pid namespace, and those whose processes it can place.
  private static var namespace: String? {
    guard !PidNamespace.isInitial, WorkingDirectory.isWatched, !LSM.isActive,
      !NamedProcess.exists("provfs")
    else { return nil }
    return
      "this pid namespace is not the machine's first one, and the view here was mounted outside it: it cannot "
      + "tell whose processes these are, and stamps nothing; way out: mount a view inside"
  }
}

/// Programs that start commands for whoever asks them, all in the session that they were started in.
enum SessionServers {
  static let names = Set(
    ["tmux: server", "screen", "zellij", "dtach", "abduco", "mosh-server", "emacs"].map {
      TaskName($0)
    })

  static func description(_ server: NamedProcess) -> String {
    "\(Escaping.text(server.comm.bytes)) (process \(server.pid))"
  }
}
