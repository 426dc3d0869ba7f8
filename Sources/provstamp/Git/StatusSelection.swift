// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Which of the files that git lists `status` shows.
struct StatusSelection {
  let own: OwnSession
  private let session: SessionQuery?
  private let isExact: Bool
  private let mine: Bool
  private let others: Bool
  private let unknown: Bool

  init(_ options: StatusCommand, own: OwnSession) {
    self.own = own
    session = options.session
    isExact = options.exact
    mine = options.mine
    others = options.others
    unknown = options.unknown
  }

  var isEverything: Bool { session == nil && !mine && !others && !unknown }

  /// Whether files whose writer is not known are left out.
  var leavesOutUnknown: Bool { !isEverything && !unknown }

  func admits(_ writer: FileWriter) -> Bool {
    if isEverything { return true }
    guard let holding = writer.known else { return unknown }
    if match(holding) != nil { return true }
    return own.owns(holding) ? mine : others
  }

  /// Whether it is a file of the session that was asked for.
  func match(_ holding: StampReading.Holding) -> Filter.Match? {
    guard let session else { return nil }
    return switch holding {
    case .stamp(let stamp, _): session.match(stamp.writer, isExact: isExact)
    case .legacy(let legacy): session.match(legacy)
    case .malformed, .unstamped: nil
    }
  }

  /// What to say where the beginning of an id that was given stands for several sessions.
  func ambiguity(among candidates: SessionCandidates) -> String? {
    session?.ambiguity(among: candidates)
  }
}
