// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// Which files `find` prints.
struct Filter: Sendable {
  enum Match {
    case own
    /// By a session nested in the one that was asked for.
    case nested
  }

  private let session: SessionQuery?
  private let isExact: Bool
  private let intent: IntentQuery?
  private let since: UInt64?
  private let until: UInt64?
  private let uids: Set<UInt32>?
  private let comms: Set<TaskName>?
  private let trust: Set<Trust>
  private let states: Set<Verdict.State>
  private let asksAboutWriter: Bool

  init(_ options: FilterOptions) throws {
    session = options.session
    isExact = options.exact
    intent = options.intent.map { IntentQuery($0.bytes) }
    since = options.since?.nanoseconds
    until = options.until?.nanoseconds
    uids = try options.uid.map { list in
      Set(
        try list.elements.map { user in
          guard let number = UserNames.number(user) else {
            throw ValidationError("No user is called '\(user)' here; way out: give the number")
          }
          return number
        })
    }
    // The kernel keeps 15 bytes of a task's name.
    comms = options.comm.map { list in
      Set(list.elements.map { name in name.bytes.prefix(15).withUnsafeBytes { TaskName($0) } })
    }
    trust = Set(options.trust.flatMap(\.elements))
    states = Set(options.state.flatMap(\.elements)).union(options.unstamped ? [.unstamped] : [])
    asksAboutWriter = options.asksAboutWriter
  }

  /// Which sessions a name was taken for.
  var remarks: [String] { session?.remarks ?? [] }

  /// Whether only the whole scan tells if the session that was asked for is one.
  var needsResolution: Bool { session?.isPrefix ?? false }

  /// Excludes most files by their stored bytes.
  func admits(_ found: StampReader.Found) -> Bool {
    switch found {
    case .unstamped: return states.contains(.unstamped)
    case .bytes(let bytes, _):
      return session?.admits(bytes, isExact: isExact) ?? (states != [.unstamped])
    case .tooLong, .legacy: return states != [.unstamped]
    }
  }

  /// Whether what is stored is by the session that was asked for, whatever else was asked.
  func sessionMatch(_ holding: StampReading.Holding) -> Match? {
    guard let session else { return .own }
    return switch holding {
    case .stamp(let stamp, _): session.match(stamp.writer, isExact: isExact)
    case .legacy(let legacy): session.match(legacy)
    case .malformed, .unstamped: nil
    }
  }

  /// Whether what is stored passes the filters about the writer.
  func match(_ holding: StampReading.Holding) -> Match? {
    guard admitsWriter(of: holding) else { return nil }
    return sessionMatch(holding)
  }

  private func admitsWriter(of holding: StampReading.Holding) -> Bool {
    switch holding {
    case .stamp(let stamp, _):
      let writer = stamp.writer
      return admits(time: stamp.time) && uids?.contains(writer.uid) ?? true
        && comms?.contains(writer.comm) ?? true && intent?.matches(writer.session) ?? true
    case .legacy(let legacy):
      let comm = legacy.comm.map { $0.prefix(15).withUnsafeBytes { TaskName($0) } }
      return admits(time: legacy.time?.nanoseconds)
        && uids.map { uids in legacy.uid.map(uids.contains) ?? false } ?? true
        && comms.map { comms in comm.map(comms.contains) ?? false } ?? true
        && intent?.matches(legacy) ?? true
    // They say nothing of a writer.
    case .malformed, .unstamped: return !asksAboutWriter
    }
  }

  private func admits(time: UInt64?) -> Bool {
    guard since != nil || until != nil else { return true }
    guard let time else { return false }
    return since.map { time >= $0 } ?? true && until.map { time < $0 } ?? true
  }

  /// Why a file passes or not whose stamp does.
  enum Admission {
    case admitted, refused
    /// It carries a copy of a stamp: the writer that was asked about did not write it here.
    case copy
  }

  /// Whether a file passes that is in this state, and its stamp to be trusted so far.
  func admission(_ judgement: Verifier.Judgement) -> Admission {
    if !trust.isEmpty {
      guard let held = judgement.trust, trust.contains(held) else { return .refused }
    }
    let state = judgement.verdict.state
    if states.isEmpty { return state == .copied && asksAboutWriter ? .copy : .admitted }
    return states.contains(state) ? .admitted : .refused
  }

  /// What to say where the prefix that was given stands for several sessions.
  func ambiguity(among candidates: SessionCandidates) -> String? {
    session?.ambiguity(among: candidates)
  }
}
