// SPDX-License-Identifier: Apache-2.0

/// What an older stamper left in text attributes (`user.prov.session`, `.ts`, and so on).
///
/// Every field came from the writing task or its environment, unescaped, so each is kept as bytes
/// and none is proof of anything. Where the text can be read in more than one way,
/// ``isAmbiguous`` is set: a task name such as `x:pid:1` forges fields in these forms.
public struct LegacyStamp: Hashable, Sendable {
  /// What `user.prov.session` says of the writer.
  public enum Identity: Hashable, Sendable {
    /// 32 hexadecimal digits: an agent session's id; all zero means outside any session.
    case session(SessionID)
    /// `comm:NAME:pid:N` or `comm:NAME:pid:N:uid:N`.
    case task(comm: [UInt8], pid: UInt32, uid: UInt32?)
    /// `comm-chain:a>b>c;env:KEY=value;cwd:/path;pid:N;uid:N`, each part optional.
    case chain(Chain)
    /// Anything else: an id of the stamper's own choice, such as a ULID or a UUID.
    case opaque
  }

  /// The parts of a chain; `names` begins with the writer, its ancestors follow.
  public struct Chain: Hashable, Sendable {
    public var names: [[UInt8]] = []
    public var environment: [UInt8]?
    public var workingDirectory: [UInt8]?
    public var pid: UInt32?
    public var uid: UInt32?
  }

  /// When it was stamped, and how exactly that is known.
  public struct Time: Hashable, Sendable {
    /// Nanoseconds since 1970.
    public var nanoseconds: UInt64
    /// The time's smallest unit in nanoseconds: the file may have been stamped up to this much
    /// later than ``nanoseconds`` says.
    public var precision: UInt64
  }

  /// The value of `user.prov.session` as stored.
  public var text: [UInt8]
  public var identity: Identity
  /// Whether ``identity`` is one of several readings of ``text``.
  public var isAmbiguous: Bool
  /// From `user.prov.ts`; nil where that is missing or no time (``hasTime`` tells which).
  public var time: Time?
  /// Whether there is a `user.prov.ts` at all.
  public var hasTime: Bool
  /// From `user.prov.tool`. It may be an earlier writer's: these attributes were set one by one and
  /// not cleared.
  public var tool: [UInt8]?
  public var turn: [UInt8]?
  public var intent: [UInt8]?
  /// From `user.prov.history`: earlier values of ``text``, newest first.
  public var history: [[UInt8]]
}

extension LegacyStamp {
  /// The agent session, where one is named.
  public var session: SessionID {
    if case .session(let id) = identity { id } else { .none }
  }

  /// The writer's process id, where it is named.
  public var pid: UInt32? {
    switch identity {
    case .task(_, let pid, _): pid
    case .chain(let chain): chain.pid
    case .session, .opaque: nil
    }
  }

  /// The writer's user, where it is named.
  public var uid: UInt32? {
    switch identity {
    case .task(_, _, let uid): uid
    case .chain(let chain): chain.uid
    case .session, .opaque: nil
    }
  }

  /// The writer's task name, where it is named. Longer than sixteen bytes it cannot be a real one.
  public var comm: [UInt8]? {
    switch identity {
    case .task(let comm, _, _): comm
    case .chain(let chain): chain.names.first
    case .session, .opaque: nil
    }
  }
}
