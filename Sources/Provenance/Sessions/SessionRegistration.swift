// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// This process's own session, of which it is the leader as long as it lives.
public final class SessionRegistration {
  public let id: SessionID

  private let leader: SessionLeader
  private let boot: BootID
  private var entry: RegistryEntry?

  /// Finds out which session this process would lead.
  ///
  /// - Throws: ``SessionRegistrationError``.
  public init() throws(SessionRegistrationError) {
    guard getuid() == geteuid() else { throw .privilege }
    do throws(Errno) {
      let proc = try ProcFilesystem()
      leader = try proc.leader(getpid(), try proc.status(try proc.open(getpid(), "status")))
      boot = try BootID.current()
    } catch .improperLink {
      throw .foreignProc
    } catch {
      throw .system("/proc", error)
    }
    id = SessionID(ledBy: leader, in: boot)
  }

  /// Makes a leader of this process: its descendants are members from now on. A child that was forked
  /// before does not have the name that makes a leader; one that was forked later does.
  ///
  /// - Throws: the error of prctl(2).
  public func lead() throws(Errno) {
    // Who could trace it could make it take another name.
    _ = try valueOrErrno(prov_forbid_tracing())
    _ = try valueOrErrno(prov_set_task_name(SessionLeader.taskName))
  }

  /// Writes down what the session is for, where others look for it, and removes what killed leaders
  /// of the same user have left there. The session does not depend on it.
  ///
  /// - Parameters:
  ///   - intent: what the session is for.
  ///   - command: arguments of the session's command, its own name first.
  /// - Throws: ``SessionRegistrationError``.
  public func describe(
    intent: SessionIntent?, command: [[UInt8]]
  ) throws(SessionRegistrationError) {
    let opened = try Self.openDirectory()
    let place = opened.place
    let record = SessionRecord(
      leader: leader, boot: boot, uid: getuid(), started: Clock.realTime, intent: intent,
      command: command)
    do {
      entry = try RegistryEntry(record, in: place, opened.takeDirectory())
    } catch {
      throw .system(place.path(SessionRecord.fileName(of: leader)), error)
    }
  }

  /// Runs `body` with the numbers of what must stay open as long as the session lasts.
  public func withDescriptors<Result, Failure: Error>(
    _ body: ([CInt]) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let entry else { return try body([]) }
    return try entry.withDescriptors(body)
  }

  /// Removes the record. The session must have no members left.
  public func end() {
    entry?.withdraw()
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
    try openAnchor().withNumber { anchor throws(Fault) in
      for depth in directories.indices {
        try make(anchor, directories[...depth].joined(separator: "/"), mode)
      }
    }
    return try openDirectory()
  }

  /// What makes this place one that will do.
  fileprivate func remedy(_ fault: Fault) -> String {
    switch fault {
    case .absent where owner != 0 && directories.count > 1: "log in, so that \(anchor) exists"
    case .hiddenMount: "make the chroot a mount point (mount --bind DIR DIR) before chroot DIR"
    case .writable: "chmod -R go-w \(anchor)"
    case .owner: "have root remove \(anchor)"
    case .absent, .filesystem, .unreadable:
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
      "no directory for it: "
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
