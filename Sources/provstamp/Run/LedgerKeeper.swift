// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import SystemPackage

/// Writes a session that starts here into the ledger, and later how it ended.
struct LedgerKeeper {
  private let ledger: Ledger?
  private let isQuiet: Bool
  private let lookedAround: UInt64
  private var entry: LedgerEntry

  init(_ session: RequestedSession, id: SessionID, kind: LedgerEntry.Kind) {
    ledger = Ledger.own
    isQuiet = session.identity.isQuiet
    lookedAround = session.lookedAround
    entry = LedgerEntry(id: id, kind: kind, uid: getuid(), started: Clock.realTime)
    entry.parent = session.parent
    entry.alias = session.identity.alias
    entry.name = session.identity.name
    entry.intent = session.intent
    entry.command = session.command
    entry.directory = session.directory
    entry.host = Self.hostName
  }

  private static var hostName: [UInt8] {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return [] }
    return name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  }

  /// - Returns: whether the session may start; else why not has been said.
  func begin() -> Bool {
    guard let ledger else { return mayStart("neither HOME nor XDG_STATE_HOME is an absolute path") }
    do throws(Errno) {
      try ledger.write(entry)
    } catch {
      return mayStart("\(Escaping.text(ledger.path)): \(error)")
    }
    // Whoever starts at the same moment has written first and looks afterwards, too: of two with one
    // id at most one starts.
    guard let other = otherOfTheSameAlias(ledger) else { return true }
    ledger.forget(entry.id)
    fail(
      "--id \(entry.alias): session \(other), which is running, has that id; way out: end it, or "
        + "leave out --id")
    return false
  }

  private func otherOfTheSameAlias(_ ledger: Ledger) -> SessionID? {
    guard !entry.alias.isNone else { return nil }
    if LiveSessions.find(entry.alias) != nil { return entry.alias }
    return ledger.entries().first { other in
      other.id != entry.id && other.alias == entry.alias && other.ending == nil
        && (LiveSessions.find(other.id) != nil || other.started >= lookedAround)
    }?.id
  }

  /// A session that was to be named does not start nameless.
  private func mayStart(_ cause: String) -> Bool {
    let what = "the session cannot be kept in the ledger: \(cause)"
    guard entry.name == nil, entry.alias.isNone else {
      fail(
        "\(what), so it would have no name; way out: XDG_STATE_HOME=DIRECTORY that is yours alone")
      return false
    }
    if !isQuiet {
      tell("\(what); nobody will know it after its end; way out: -q, or XDG_STATE_HOME=DIRECTORY")
    }
    return true
  }

  /// Makes room for later sessions. It takes as long as the ledger is large.
  func tidy() {
    ledger?.prune()
  }

  mutating func end(_ ending: CommandEnding) {
    let status: LedgerEntry.Status =
      switch ending {
      case .exited(let status): .exited(status)
      case .killed(let signal): .killed(signal)
      }
    entry.ending = LedgerEntry.Ending(time: Clock.realTime, status: status)
    // Nobody is there to be told; the entry then says that no end was seen.
    try? ledger?.write(entry)
  }
}
