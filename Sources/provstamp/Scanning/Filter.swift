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
  private var unstamped: Bool

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
    unstamped = options.unstamped
    if unstamped { states.insert(.unstamped) }
  }

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

  /// Whether what is stored passes the filters about the writer.
  func match(_ holding: StampReading.Holding) -> Match? {
    if !trust.isEmpty {
      guard let held = holding.trust, trust.contains(held) else { return nil }
    }
    switch holding {
    case .stamp(let stamp, _):
      guard since.map({ stamp.time >= $0 }) ?? true, until.map({ stamp.time < $0 }) ?? true,
        uid.map({ stamp.writer.uid == $0 }) ?? true, comm.map({ stamp.writer.comm == $0 }) ?? true
      else { return nil }
      return session.map { $0.match(stamp.writer, isExact: isExact) } ?? .own
    case .legacy(let legacy):
      if since != nil || until != nil {
        guard let time = legacy.time?.nanoseconds, since.map({ time >= $0 }) ?? true,
          until.map({ time < $0 }) ?? true
        else { return nil }
      }
      guard uid.map({ legacy.uid == $0 }) ?? true,
        comm.map({ $0.bytes == legacy.comm.map { Array($0.prefix(15)) } }) ?? true
      else { return nil }
      return session.map { $0.match(legacy) } ?? .own
    case .malformed, .unstamped:
      // They say nothing of a writer.
      let asksAboutWriter =
        session != nil || since != nil || until != nil || uid != nil || comm != nil
      return asksAboutWriter ? nil : .own
    }
  }

  func admits(_ state: Verdict.State) -> Bool {
    states.isEmpty || states.contains(state)
  }

  /// What to say where the prefix that was given stands for several sessions.
  func ambiguity(among candidates: SessionCandidates) -> String? {
    guard let session, session.isPrefix, candidates.count > 1 else { return nil }
    return "--session \(session.text): ambiguous, \(candidates.count) sessions begin with that; "
      + "give more digits of one: \(candidates.description)"
  }
}

/// The session that `find --session` asks about.
struct SessionQuery: Sendable, ExpressibleByArgument {
  private enum Form: Sendable {
    case none
    case prefix(SessionPrefix)
  }

  let text: String
  private let form: Form

  init?(argument: String) {
    text = argument
    if argument == "none" {
      form = .none
    } else if let prefix = SessionPrefix(argument) {
      form = .prefix(prefix)
    } else {
      return nil
    }
  }

  /// Whether fewer digits were given than an id has.
  var isPrefix: Bool {
    if case .prefix(let prefix) = form { prefix.digits < 32 } else { false }
  }

  /// Whether a stamp's stored bytes can match: true for what is no stamp.
  func admits(_ bytes: UnsafeRawBufferPointer, isExact: Bool) -> Bool {
    guard bytes.count == Stamp.size, let id = SessionID(stamped: bytes) else { return true }
    switch form {
    case .none: return id.isNone
    case .prefix(let prefix):
      return prefix.matches(id) && !id.isNone
        || !isExact && prefix.matches(RootPrefix(stamped: bytes))
    }
  }

  func match(_ writer: Writer, isExact: Bool) -> Filter.Match? {
    switch form {
    case .none: return writer.session.isNone ? .own : nil
    case .prefix(let prefix):
      if !writer.session.isNone && prefix.matches(writer.session) { return .own }
      return !isExact && prefix.matches(writer.root) ? .nested : nil
    }
  }

  func match(_ legacy: LegacyStamp) -> Filter.Match? {
    switch form {
    case .none: return legacy.session.isNone ? .own : nil
    case .prefix(let prefix):
      return !legacy.session.isNone && prefix.matches(legacy.session) ? .own : nil
    }
  }
}

/// The sessions that a prefix turned out to stand for.
struct SessionCandidates {
  private var ids: Set<SessionID> = []
  private var roots: Set<RootPrefix> = []

  mutating func insert(_ holding: StampReading.Holding, _ match: Filter.Match) {
    switch holding {
    case .stamp(let stamp, _):
      if match == .nested {
        roots.insert(stamp.writer.root)
      } else {
        ids.insert(stamp.writer.session)
      }
    case .legacy(let legacy): ids.insert(legacy.session)
    case .malformed, .unstamped: break
    }
  }

  mutating func merge(_ other: Self) {
    ids.formUnion(other.ids)
    roots.formUnion(other.roots)
  }

  /// Outermost sessions of which only four bytes are known, and no candidate begins with them.
  private var otherRoots: [RootPrefix] {
    let prefixes = Set(ids.map(\.prefix))
    return roots.filter { !prefixes.contains($0) }
  }

  var count: Int { ids.count + otherRoots.count }

  /// The candidates, the first twenty.
  var description: String {
    let all = ids.map(\.description).sorted() + otherRoots.map { "\($0)…" }.sorted()
    return all.prefix(20).joined(separator: ", ") + (all.count > 20 ? ", …" : "")
  }
}
