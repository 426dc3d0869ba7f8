// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// This process's own session in the registry, of which it is the leader as long as it lives.
public final class SessionRegistration {
  public let record: SessionRecord
  /// Where the record is.
  public let path: String

  private let directory: OwnedDescriptor
  // Open as long as the session lasts: the lock goes with it.
  private let file: OwnedDescriptor

  /// Registers a new session with this process as its leader, and names its task as leaders are.
  /// Removes what killed leaders of the same user have left behind.
  ///
  /// No descendant belongs to the session that was asked about before: register first, fork after.
  ///
  /// - Parameters:
  ///   - intent: what the session is for.
  ///   - command: arguments of the session's command, its own name first.
  /// - Throws: ``SessionRegistrationError``.
  public init(intent: SessionIntent?, command: [[UInt8]]) throws(SessionRegistrationError) {
    guard getuid() == geteuid() else { throw .privilege }
    let (place, directory) = try Self.openDirectory()
    self.directory = directory
    Self.prune(directory)
    do {
      record = try Self.newRecord(intent: intent, command: command)
    } catch .improperLink {
      throw .foreignProc
    } catch {
      throw .system("/proc", error)
    }
    let name = SessionRecord.fileName(of: record.leader)
    path = place.path(name)
    do {
      file = try Self.write(record, name, directory)
      _ = try valueOrErrno(prov_set_task_name(SessionLeader.taskName))
    } catch {
      throw .system(path, error)
    }
  }

  /// What must stay open as long as the session lasts.
  public var descriptors: [CInt] { [directory.number, file.number] }

  /// Removes the record. The session must have no members left.
  public func end() {
    _ = prov_unlinkat(directory.number, SessionRecord.fileName(of: record.leader), 0)
  }

  private static func newRecord(
    intent: SessionIntent?, command: [[UInt8]]
  ) throws(Errno) -> SessionRecord {
    let start = try ProcFilesystem().start(getpid())
    let boot = try BootID.current()
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    while true {
      let record = SessionRecord(
        leader: SessionLeader(pid: getpid(), start: start), boot: boot, nonce: try .random(),
        uid: getuid(), started: UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec),
        intent: intent, command: command)
      if let record { return record }
    }
  }

  /// Opens the directory for this user's records in the first place that will do, and makes it where
  /// it is missing.
  static func openDirectory() throws(SessionRegistrationError)
    -> (RegistryPlace, OwnedDescriptor)
  {
    var refusals: [SessionRegistrationError.Refusal] = []
    for place in RegistryPlace.all(of: getuid()) {
      do {
        return (place, try place.makeDirectory())
      } catch {
        refusals.append(
          .init(path: place.anchor, reason: error.description, remedy: place.remedy(error)))
      }
    }
    throw .places(refusals)
  }

  /// Removes records that no process has locked. One that is being written may go with them; who
  /// writes it tries again.
  private static func prune(_ directory: OwnedDescriptor) {
    for name in (try? directoryNames(directory.number)) ?? [] {
      let opened = prov_open_below(directory.number, name)
      guard opened >= 0 else { continue }
      let file = OwnedDescriptor(opened)
      if prov_lock_holder(file.number) == 0 { _ = prov_unlinkat(directory.number, name, 0) }
    }
  }

  /// The record appears under its name whole and locked, or not at all.
  private static func write(
    _ record: SessionRecord, _ name: String, _ directory: OwnedDescriptor
  ) throws(Errno) -> OwnedDescriptor {
    let bytes = record.encoded
    let unfinished = "." + name
    for _ in 0..<8 {
      let file = OwnedDescriptor(
        try valueOrErrno(prov_create_below(directory.number, unfinished, 0o644)))
      _ = try valueOrErrno(prov_lock_file(file.number))
      let written = bytes.withUnsafeBytes {
        prov_write_all(file.number, $0.baseAddress, $0.count)
      }
      let renamed =
        written < 0
        ? written : prov_rename_to_new(directory.number, unfinished, name)
      if renamed == 0 { return file }
      _ = prov_unlinkat(directory.number, unfinished, 0)
      switch -renamed {
      // Pruned by another supervisor meanwhile.
      case ENOENT: continue
      // No other process has this pid and start: what is there cannot be a session's.
      case EEXIST: _ = prov_unlinkat(directory.number, name, 0)
      default: throw Errno(rawValue: -renamed)
      }
    }
    throw .resourceTemporarilyUnavailable
  }
}

extension RegistryPlace {
  /// Opens the directory that the records are in, and makes it where it is missing. An ordinary
  /// user's runtime directory is not made: where there is one, the login made it.
  fileprivate func makeDirectory() throws(Fault) -> OwnedDescriptor {
    let mode: mode_t = owner == 0 ? 0o755 : 0o700
    if directories.count == 1 { try make(AT_FDCWD, anchor, mode) }
    let anchor = try openAnchor()
    for depth in directories.indices {
      try make(anchor.number, directories[...depth].joined(separator: "/"), mode)
    }
    let below = directories.joined(separator: "/")
    let opened = prov_open_directory_below(anchor.number, below)
    guard opened >= 0 else { throw .unreadable(Errno(rawValue: -opened)) }
    return OwnedDescriptor(opened)
  }

  /// What makes this place one that will do.
  fileprivate func remedy(_ fault: Fault) -> String {
    switch fault {
    case .absent where owner != 0 && directories.count > 1: "log in, so that \(anchor) exists"
    case .hiddenMount: "make the chroot a mount point (mount --bind DIR DIR) before chroot DIR"
    case .absent, .owner, .writable, .filesystem, .unreadable:
      "see to \(anchor), which is to be a directory of uid \(owner)'s own on a local filesystem"
    }
  }

  private func make(_ directory: CInt, _ path: String, _ mode: mode_t) throws(Fault) {
    let result = prov_make_directory(directory, path, mode)
    guard result == 0 || result == -EEXIST else { throw .unreadable(Errno(rawValue: -result)) }
  }
}

/// Why a session could not be registered.
public enum SessionRegistrationError: Error, Hashable, Sendable {
  /// A directory that will not do, and why.
  public struct Refusal: Hashable, Sendable {
    public let path: String
    public let reason: String
    /// What makes it do.
    public let remedy: String
  }

  /// None of the directories in which this user's records may be will do.
  case places([Refusal])
  /// The real and the effective uid differ.
  case privilege
  /// /proc shows another pid namespace than this process's.
  case foreignProc
  /// Something else that the system refused, and with which error.
  case system(String, Errno)
}

extension SessionRegistrationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .places(let refusals):
      "no directory for the session's record: "
        + refusals.map { "\($0.path): \($0.reason)" }.joined(separator: "; ")
        + "; way out: " + refusals.map(\.remedy).joined(separator: ", or ")
    case .privilege:
      "the real and the effective uid differ, so it is not clear whose session this is: "
        + "run it without set-user-ID"
    case .foreignProc:
      "/proc belongs to another pid namespace: mount it anew, as unshare --mount-proc does"
    case .system(let what, let error):
      "\(what): \(error)"
    }
  }
}
