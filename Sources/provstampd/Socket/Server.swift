// SPDX-License-Identifier: Apache-2.0
import CBpf
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Answers whoever connects. Nobody can make it wait, or have more than his share.
final class Server {
  let listener: CInt
  private let programs: Programs
  private(set) var clients: [CInt] = []

  private static let mostClients = 256

  init(_ programs: Programs) throws(Trouble) {
    self.programs = programs
    listener = prov_daemon_listen(PROV_DAEMON_SOCKET)
    guard listener >= 0 else {
      throw Trouble("\(PROV_DAEMON_SOCKET): \(Errno(rawValue: -listener))")
    }
  }

  /// Takes whoever waits; of too many, who came first goes.
  func accept() {
    while true {
      let client = prov_daemon_accept(listener)
      guard client >= 0 else { return }
      if clients.count >= Self.mostClients { close(clients.removeFirst()) }
      clients.append(client)
    }
  }

  /// One question of one client, who is gone when he has his answer.
  ///
  /// - Parameter catchUp: stamps every change that has been made.
  func serve(_ client: CInt, catchUp: () -> Void) {
    var request: UInt8 = 0
    let count = recv(client, &request, 1, CInt(MSG_DONTWAIT))
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    if count == 1 { send(answer(request, client, catchUp), client) }
    clients.removeAll { $0 == client }
    close(client)
  }

  private func send(_ answer: [UInt8], _ client: CInt) {
    _ = Glibc.send(client, answer, answer.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
  }

  private func answer(_ request: UInt8, _ client: CInt, _ catchUp: () -> Void) -> [UInt8] {
    do throws(Errno) {
      switch UInt32(request) {
      case PROV_DAEMON_BARRIER.rawValue:
        catchUp()
        return [0]
      case PROV_DAEMON_ENTER.rawValue: return [0] + Self.bytes(try enter(client))
      case PROV_DAEMON_SESSION.rawValue:
        let peer = try OwnedDescriptor(prov_daemon_peer(client))
        let session = try peer.withNumber { number throws(Errno) in
          try programs.session(of: number)
        }
        return [0] + Self.bytes(session ?? task_session())
      default: throw .invalidArgument
      }
    } catch {
      return [UInt8(truncatingIfNeeded: error.rawValue)]
    }
  }

  /// A fresh session, nested in the one the client is in.
  private func enter(_ client: CInt) throws(Errno) -> task_session {
    let peer = try OwnedDescriptor(prov_daemon_peer(client))
    return try peer.withNumber { number throws(Errno) -> task_session in
      let outer = try programs.session(of: number)
      let session = try FreshSession.inside(outer)
      try programs.enter(session, number)
      return session
    }
  }

  private static func bytes(_ session: task_session) -> [UInt8] {
    withUnsafeBytes(of: session.id) { [UInt8]($0) }
      + withUnsafeBytes(of: session.root) { [UInt8]($0) }
  }
}
