// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// Limits of what a kernel's session may do, those nested in it included; being above one exceeds it.
/// See docs/kernel.md.
public struct SessionBudget: Hashable, Sendable {
  /// What the kernel does with a session that exceeds a limit.
  public enum Action: String, Sendable, CaseIterable {
    /// Says so in its log.
    case log
    /// Sends SIGTERM to all its processes, and SIGKILL to what is left at the next check.
    case term
    /// Sends SIGKILL to all its processes.
    case kill
  }

  /// System calls; nil where there is no limit.
  public var maxSyscalls: UInt64?
  /// Bytes that calls which write to a descriptor accepted.
  public var maxWriteBytes: UInt64?
  /// Nanoseconds of CLOCK_MONOTONIC since the session was made.
  public var maxElapsed: UInt64?
  public var action = Action.log

  public init() {}

  var encoded: agent_ns_budget {
    // 0 stands for no limit.
    var budget = agent_ns_budget()
    budget.max_syscalls = maxSyscalls ?? 0
    budget.max_write_bytes = maxWriteBytes ?? 0
    budget.max_elapsed_ns = maxElapsed ?? 0
    budget.action =
      switch action {
      case .log: UInt32(AGENT_NS_ACTION_LOG.rawValue)
      case .term: UInt32(AGENT_NS_ACTION_TERM.rawValue)
      case .kill: UInt32(AGENT_NS_ACTION_KILL.rawValue)
      }
    return budget
  }
}

/// Agent sessions of the kernel, where it has them.
public enum KernelSession {
  /// Whether the running kernel has agent sessions.
  public static var areSupported: Bool { access("/proc/self/agent_session", F_OK) == 0 }

  /// The session that this process is in; ``SessionID/none`` outside any.
  ///
  /// - Throws: the error of prctl(2).
  public static func current() throws(Errno) -> SessionID {
    var id = agent_session_id()
    _ = try valueOrErrno(prov_session_id(&id))
    guard let session = withUnsafeBytes(of: &id, { SessionID(bytes: $0) }) else {
      throw .badMessage
    }
    return session
  }

  /// Makes a session nested in this process's, and enters it. This process must have one thread.
  ///
  /// - Parameter inUserNamespace: in a user namespace of its own, which takes no privilege. Only this
  ///   process's own uid and gid exist there: set-user-ID programs do not change who runs them.
  /// - Returns: the new session.
  /// - Throws: `Errno.notPermitted` without CAP_SYS_ADMIN in the user namespace that this process
  ///   is in, and while sessions are switched off; `Errno.noSpace` where a limit of them is reached;
  ///   else the error of prctl(2) or unshare(2).
  public static func enterNew(inUserNamespace: Bool) throws(Errno) -> SessionID {
    _ = try valueOrErrno(
      inUserNamespace
        ? prov_enter_new_session_and_user_namespace() : prov_enter_new_session())
    return try current()
  }

  /// Says what this process's session is for.
  ///
  /// - Throws: `Errno.invalidArgument` for what is not printable ASCII; else the error of prctl(2).
  public static func set(_ intent: SessionIntent) throws(Errno) {
    _ = try valueOrErrno(prov_set_session_intent(intent.description))
  }

  /// Sets limits for this process's session.
  ///
  /// - Throws: the error of prctl(2).
  public static func set(_ budget: SessionBudget) throws(Errno) {
    var encoded = budget.encoded
    _ = try valueOrErrno(prov_set_session_budget(&encoded))
  }

  /// Whether this process could make a session, found out by a child that tries. This process must
  /// have one thread.
  ///
  /// - Throws: as ``enterNew(inUserNamespace:)``.
  public static func tryNew() throws(Errno) {
    _ = try valueOrErrno(prov_try_new_session())
  }

  /// The sessions of all processes that can be seen, and those around them, each with its intent as
  /// far as one of its own processes was there to be asked.
  ///
  /// - Throws: the errors of ``WriterResolver/init(capacity:)`` about /proc.
  public static func running() throws(Errno) -> [SessionID: SessionIntent?] {
    guard areSupported else { return [:] }
    let proc = try ProcFilesystem()
    var sessions: [SessionID: SessionIntent?] = [:]
    for process in try proc.processes() {
      guard let lineage = proc.text(process, "agent_lineage", atMost: lineageSize) else { continue }
      let ids = lineage.split(separator: "\n").compactMap { SessionID(String($0)) }
      for id in ids.dropFirst() where sessions[id] == nil { sessions[id] = .some(nil) }
      guard let own = ids.first, (sessions[own] ?? nil) == nil else { continue }
      let text = proc.text(process, "agent_intent", atMost: SessionIntent.maximumSize + 1) ?? ""
      // A process could have changed sessions between the two; then the next one tells.
      let intent = try? SessionIntent(String(text.prefix { $0 != "\n" }))
      sessions[own] = .some(intent)
    }
    return sessions
  }

  /// Sessions nest at most 32 deep; each is a line of 32 digits.
  private static let lineageSize = 33 * 33
}
