// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the registry says about a session on a kernel without agent sessions: only what its starter
/// wrote there. Which session it is, and whether it runs, its leader tells.
public struct SessionRecord: Hashable, Sendable {
  /// Follows from ``boot`` and ``leader``; see ``SessionID/init(ledBy:in:)``.
  public var id: SessionID { SessionID(ledBy: leader, in: boot) }
  public let leader: SessionLeader
  /// The boot that the session belongs to, as in `/proc/sys/kernel/random/boot_id`.
  public let boot: BootID
  /// Real uid of the leader.
  public let uid: uid_t
  /// CLOCK_REALTIME in nanoseconds since 1970 when the session began.
  public let started: UInt64
  public let intent: SessionIntent?
  /// The command's arguments, from its own name on, as far as they fit into a record.
  public let command: [[UInt8]]
  /// Whether ``command`` is the whole command.
  public let commandIsWhole: Bool

  init(
    leader: SessionLeader, boot: BootID, uid: uid_t, started: UInt64, intent: SessionIntent?,
    command: [[UInt8]], commandIsWhole: Bool = true
  ) {
    self.leader = leader
    self.boot = boot
    self.uid = uid
    self.started = started
    self.intent = intent
    self.command = command
    self.commandIsWhole = commandIsWhole
  }
}
