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
    let opened = try Self.openDirectory()
    let place = opened.place
    directory = opened.takeDirectory()
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

  /// Runs `body` with the numbers of what must stay open as long as the session lasts.
  public func withDescriptors<Result, Failure: Error>(
    _ body: ([CInt]) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try directory.withNumber { directory throws(Failure) in
      try file.withNumber { file throws(Failure) in try body([directory, file]) }
    }
  }

  /// Removes the record. The session must have no members left.
  public func end() {
    let name = SessionRecord.fileName(of: record.leader)
    directory.withNumber { _ = prov_unlinkat($0, name, 0) }
  }

  private static func newRecord(
    intent: SessionIntent?, command: [[UInt8]]
  ) throws(Errno) -> SessionRecord {
    let start = try ProcFilesystem().start(getpid())
    let boot = try BootID.current()
    while true {
      let record = SessionRecord(
        leader: SessionLeader(pid: getpid(), start: start), boot: boot, nonce: try .random(),
        uid: getuid(), started: Clock.realTime,
        intent: intent, command: command)
      if let record { return record }
    }
  }

  /// Opens the directory for this user's records in the first place that will do, and makes it where
  /// it is missing.
  static func openDirectory() throws(SessionRegistrationError) -> OpenPlace {
    var refusals: [SessionRegistrationError.Refusal] = []
    for place in RegistryPlace.all(of: getuid()) {
      do {
        return OpenPlace(place: place, directory: try place.makeDirectory())
      } catch {
        refusals.append(
          .init(path: place.anchor, reason: error.description, remedy: place.remedy(error)))
      }
    }
    throw .places(refusals)
  }

  /// Removes records that no process has locked. One that is being written may go with them; who
  /// writes it tries again.
  private static func prune(_ directory: borrowing OwnedDescriptor) {
    for name in (try? directoryNames(directory)) ?? [] {
      directory.withNumber { directory in
        guard let file = try? OwnedDescriptor(prov_open_below(directory, name)) else { return }
        if file.withNumber({ prov_lock_holder($0) }) == 0 { _ = prov_unlinkat(directory, name, 0) }
      }
    }
  }

  /// The record appears under its name whole and locked, or not at all.
  private static func write(
    _ record: SessionRecord, _ name: String, _ directory: borrowing OwnedDescriptor
  ) throws(Errno) -> OwnedDescriptor {
    try directory.withNumber { directory throws(Errno) in
      let unfinished = "." + name
      for _ in 0..<8 {
        let file = try OwnedDescriptor(prov_create_below(directory, unfinished, 0o644))
        let result = try file.withNumber { number throws(Errno) in
          try fill(number, record, directory, unfinished, name)
        }
        if result == 0 { return file }
        _ = prov_unlinkat(directory, unfinished, 0)
        switch -result {
        // Pruned by another supervisor meanwhile.
        case ENOENT: continue
        // No other process has this pid and start: what is there cannot be a session's.
        case EEXIST: _ = prov_unlinkat(directory, name, 0)
        default: throw Errno(rawValue: -result)
        }
      }
      throw .resourceTemporarilyUnavailable
    }
  }

  /// - Returns: 0, or -errno where it could not be written or has not got its name.
  private static func fill(
    _ file: CInt, _ record: SessionRecord, _ directory: CInt, _ unfinished: String, _ name: String
  ) throws(Errno) -> CInt {
    _ = try valueOrErrno(prov_lock_file(file))
    let written = record.encoded.withUnsafeBytes { prov_write_all(file, $0.baseAddress, $0.count) }
    return written < 0 ? written : prov_rename_to_new(directory, unfinished, name)
  }
}

/// A place in which records are made, with its directory open.
struct OpenPlace: ~Copyable {
  let place: RegistryPlace
  let directory: OwnedDescriptor

  consuming func takeDirectory() -> OwnedDescriptor { directory }
}

extension RegistryPlace {
  /// Opens the directory that the records are in, and makes it where it is missing. An ordinary
  /// user's runtime directory is not made: where there is one, the login made it.
  fileprivate func makeDirectory() throws(Fault) -> OwnedDescriptor {
    let mode: mode_t = owner == 0 ? 0o755 : 0o700
    if directories.count == 1 { try make(AT_FDCWD, anchor, mode) }
    return try openAnchor().withNumber { anchor throws(Fault) in
      for depth in directories.indices {
        try make(anchor, directories[...depth].joined(separator: "/"), mode)
      }
      do throws(Errno) {
        return try OwnedDescriptor(
          prov_open_directory_below(anchor, directories.joined(separator: "/")))
      } catch {
        throw .unreadable(error)
      }
    }
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
