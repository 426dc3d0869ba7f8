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

  private var session: SessionQuery?
  private var isExact: Bool
  private var since: UInt64?
  private var until: UInt64?
  private var uid: UInt32?
  private var comm: TaskName?
  private var trust: Set<Trust>
  private var states: Set<Verdict.State>

  init(_ options: FilterOptions) throws {
    session = options.session
    isExact = options.exact
    since = options.since?.nanoseconds
    until = options.until?.nanoseconds
    uid = try options.uid.map { user in
      guard let number = UserNames.number(user) else {
        throw ValidationError("No user is called '\(user)' here; way out: give the number")
      }
      return number
    }
    // The kernel keeps 15 bytes of a task's name.
    comm = options.comm.map { name in name.bytes.prefix(15).withUnsafeBytes { TaskName($0) } }
    trust = Set(options.trust)
    states = Set(options.state.flatMap(\.states))
    if options.unstamped { states.insert(.unstamped) }
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
    switch holding {
    case .stamp(let stamp, _):
      guard since.map({ stamp.time >= $0 }) ?? true, until.map({ stamp.time < $0 }) ?? true,
        uid.map({ stamp.writer.uid == $0 }) ?? true, comm.map({ stamp.writer.comm == $0 }) ?? true
      else { return nil }
      return sessionMatch(holding)
    case .legacy(let legacy):
      if since != nil || until != nil {
        guard let time = legacy.time?.nanoseconds, since.map({ time >= $0 }) ?? true,
          until.map({ time < $0 }) ?? true
        else { return nil }
      }
      guard uid.map({ legacy.uid == $0 }) ?? true,
        comm.map({ $0.bytes == legacy.comm.map { Array($0.prefix(15)) } }) ?? true
      else { return nil }
      return sessionMatch(holding)
    case .malformed, .unstamped:
      // They say nothing of a writer.
      let asksAboutWriter =
        session != nil || since != nil || until != nil || uid != nil || comm != nil
      return asksAboutWriter ? nil : .own
    }
  }

  /// Whether a file passes that is in this state, and its stamp to be trusted so far.
  func admits(_ judgement: Verifier.Judgement) -> Bool {
    if !trust.isEmpty {
      guard let held = judgement.trust, trust.contains(held) else { return false }
    }
    return states.isEmpty || states.contains(judgement.verdict.state)
  }

  /// What to say where the prefix that was given stands for several sessions.
  func ambiguity(among candidates: SessionCandidates) -> String? {
    session?.ambiguity(among: candidates)
  }
}
