// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// The session that this process is in.
enum OwnSession {
  case session(SessionID, root: RootPrefix)
  case outside
  /// An ancestor cannot be seen, or may have adopted a stranger: it may be in one.
  case unknown

  static func find() -> OwnSession {
    guard let resolver = try? WriterResolver(capacity: 16),
      let writer = resolver.writer(task: getpid(), uid: getuid())
    else { return .unknown }
    return writer.session.isNone ? .outside : .session(writer.session, root: writer.root)
  }

  /// Whether a file is this process's own: of its session, or of one that is known to be nested in it.
  /// Outside any session: written outside any, by the same user.
  func owns(_ holding: StampReading.Holding) -> Bool {
    guard let session = holding.session else { return false }
    switch self {
    case .session(let own, _):
      return session == own || (!session.isNone && holding.root == own.prefix)
    case .outside: return session.isNone && holding.uid == getuid()
    case .unknown: return false
    }
  }

  /// Whether a file is of the outermost session around this process.
  func isWithin(_ holding: StampReading.Holding) -> Bool {
    guard case .session(_, let root) = self, !root.isNone, let session = holding.session else {
      return false
    }
    return session.prefix == root
  }
}
