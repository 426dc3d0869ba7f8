// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The process that leads a registered session: its descendants are the session's members.
public struct SessionLeader: Hashable, Sendable {
  /// The process's id, in the pid namespace of whoever reads it in /proc.
  public var pid: pid_t
  /// When the process started, in clock ticks after boot, as `/proc/PID/stat` tells.
  public var start: UInt64

  public init(pid: pid_t, start: UInt64) {
    self.pid = pid
    self.start = start
  }

  /// The name that a leader gives its task. Only processes of this name are looked up in the
  /// registry, which spares all others the search.
  public static let taskName = "provstamp-run"
}

/// What the registry says about a session on a kernel without agent sessions.
public struct SessionRecord: Hashable, Sendable {
  /// Follows from ``boot``, ``leader`` and ``nonce``; see ``SessionID/init(certifiedBy:)``.
  public let id: SessionID
  public let leader: SessionLeader
  /// The boot that the session belongs to, as in `/proc/sys/kernel/random/boot_id`.
  public let boot: BootID
  public let nonce: SessionNonce
  /// Real uid of the leader.
  public let uid: uid_t
  /// CLOCK_REALTIME in nanoseconds since 1970 when the session began.
  public let started: UInt64
  public let intent: SessionIntent?
  /// The command's arguments, from its own name on, as far as they fit into a record.
  public let command: [[UInt8]]
  /// Whether ``command`` is the whole command.
  public let commandIsWhole: Bool

  /// - Returns: nil where the nonce gives an id that no session can have; another nonce will do.
  init?(
    leader: SessionLeader, boot: BootID, nonce: SessionNonce, uid: uid_t, started: UInt64,
    intent: SessionIntent?, command: [[UInt8]], commandIsWhole: Bool = true
  ) {
    guard let id = SessionID(certifiedBy: boot, leader, nonce) else { return nil }
    self.id = id
    self.leader = leader
    self.boot = boot
    self.nonce = nonce
    self.uid = uid
    self.started = started
    self.intent = intent
    self.command = command
    self.commandIsWhole = commandIsWhole
  }
}
