// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// The sessions of `provstamp run` on this machine, for kernels without agent sessions.
///
/// A session runs while its leader does, which /proc tells. The registry's files describe sessions, and
/// prove nothing. Safe to use from any number of threads.
public final class SessionRegistry: Sendable {
  private let boot: BootID
  private let proc: ProcFilesystem

  /// - Throws: the errors of ``BootID/current()`` and of ``WriterResolver/init(capacity:)`` about /proc.
  public init() throws(Errno) {
    boot = try BootID.current()
    proc = try ProcFilesystem()
  }

  /// A session whose leader lives.
  public struct Session: Hashable, Sendable {
    public let id: SessionID
    /// The leader's process id, as it is seen from here.
    public let leader: pid_t
    /// The leader's real uid.
    public let uid: uid_t
    /// What was written down about it, where that is to be found.
    public let record: SessionRecord?
  }

  /// The sessions that run, as far as their leaders can be seen from here.
  ///
  /// - Throws: the error of getdents64(2) or open(2).
  public func sessions() throws(Errno) -> [Session] {
    try proc.processes().compactMap(session(ledBy:))
  }

  private func session(ledBy process: pid_t) -> Session? {
    guard let files = try? TaskFiles(proc, process, agentSessions: false), files.isLeader,
      let statusFile = try? proc.open(process, "status"),
      let status = try? proc.status(statusFile),
      let leader = try? proc.leader(process, status),
      // It lives: so all that was read by its number was its own.
      files.isLeader
    else { return nil }
    return Session(
      id: SessionID(ledBy: leader, in: boot), leader: process, uid: status.uid,
      record: record(of: leader, uid: status.uid))
  }

  private func record(of leader: SessionLeader, uid: uid_t) -> SessionRecord? {
    let name = SessionRecord.fileName(of: leader)
    for place in RegistryPlace.all(of: uid) {
      guard let directory = try? usable(place), let file = try? openFile(directory, name),
        let record = try? record(in: file, name, place)
      else { continue }
      return record
    }
    return nil
  }

  /// What a file in the registry is.
  public enum State: Hashable, Sendable {
    /// A session whose leader lives.
    case active(SessionRecord)
    /// A session whose leader ended without removing the record: it was killed.
    case ended(SessionRecord)
    /// A session whose leader is in another pid namespace, where it has the record locked.
    case elsewhere(SessionRecord)
    /// No record. It is ignored.
    case faulty(SessionRecordFault)
    case unreadable(Errno)
  }

  /// One file in the registry, or a directory of it that cannot be read.
  public struct Entry: Hashable, Sendable {
    public let path: String
    public let state: State
  }

  /// Every file in the registry that this process may know of: root's and its own user's, and, for
  /// root, those of all users.
  public func entries() -> [Entry] {
    users().flatMap(RegistryPlace.all(of:)).flatMap(entries(in:))
  }

  private func users() -> [uid_t] {
    guard geteuid() == 0 else { return [0, getuid()] }
    let loggedIn = names(inDirectory: "/run/user").compactMap { uid_t($0) }
    let prefix = ".provstamp-"
    let others = names(inDirectory: "/tmp").filter { $0.hasPrefix(prefix) }
      .compactMap { uid_t($0.dropFirst(prefix.count)) }
    return Set(loggedIn + others + [0]).sorted()
  }

  private func entries(in place: RegistryPlace) -> [Entry] {
    do {
      guard let directory = try usable(place) else { return [] }
      return try directoryNames(directory).sorted().compactMap { name in
        guard let file = try? openFile(directory, name) else { return nil }
        return Entry(path: place.path(name), state: state(of: file, name, place))
      }
    } catch {
      return [Entry(path: place.path(""), state: .unreadable(error))]
    }
  }

  private func names(inDirectory path: String) -> [String] {
    let opened = prov_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0)
    guard let directory = try? OwnedDescriptor(opened) else { return [] }
    return (try? directoryNames(directory)) ?? []
  }

  /// - Returns: nil where the place cannot hold records: a supervisor would have refused it too.
  private func usable(_ place: RegistryPlace) throws(Errno) -> OwnedDescriptor? {
    do {
      return try place.openDirectory()
    } catch .unreadable(let error) {
      throw error
    } catch {
      return nil
    }
  }

  /// - Returns: nil where there is nothing that could be a record.
  private func openFile(
    _ directory: borrowing OwnedDescriptor, _ path: String
  ) throws(Errno) -> OwnedDescriptor? {
    let opened = directory.withNumber { prov_open_below($0, path) }
    switch -opened {
    // Absent; behind a symbolic link or a mount; a socket or an absent device; held by a lease.
    case ENOENT, ENOTDIR, ELOOP, EXDEV, ENXIO, ENODEV, EAGAIN: return nil
    default: return try OwnedDescriptor(opened)
    }
  }

  func state(of file: borrowing OwnedDescriptor, _ name: String, _ place: RegistryPlace) -> State {
    do {
      let record = try record(in: file, name, place)
      guard record.leader.namespace == (try proc.pidNamespace(getpid())) else {
        return file.withNumber { prov_is_locked($0) } == 1 ? .elsewhere(record) : .ended(record)
      }
      return isAlive(record.leader) ? .active(record) : .ended(record)
    } catch let fault as SessionRecordFault {
      return .faulty(fault)
    } catch let error as Errno {
      return .unreadable(error)
    } catch {
      return .faulty(.malformed)
    }
  }

  func hasEnded(
    _ file: borrowing OwnedDescriptor, _ name: String, _ place: RegistryPlace
  ) -> Bool {
    if case .ended = state(of: file, name, place) { true } else { false }
  }

  /// Whether the process, which is of this pid namespace, lives and leads.
  private func isAlive(_ leader: SessionLeader) -> Bool {
    guard let files = try? TaskFiles(proc, leader.pid, agentSessions: false),
      let start = try? proc.start(leader.pid)
    else { return false }
    return start == leader.start && files.isLeader
  }

  private func record(
    in file: borrowing OwnedDescriptor, _ name: String, _ place: RegistryPlace
  ) throws -> SessionRecord {
    let bytes = try read(file, owner: place.owner)
    let record = try bytes.withUnsafeBytes { bytes throws(SessionRecordFault) in
      try SessionRecord(bytes)
    }
    guard record.boot == boot else { throw SessionRecordFault.boot }
    guard record.uid == place.owner else { throw SessionRecordFault.owner(record.uid) }
    guard SessionRecord.fileName(of: record.leader) == name else {
      throw SessionRecordFault.misnamed
    }
    return record
  }

  private func read(_ file: borrowing OwnedDescriptor, owner: uid_t) throws -> [UInt8] {
    let status = try file.withNumber { number throws(Errno) in
      try statx(of: number, UInt32(STATX_BASIC_STATS))
    }
    guard status.stx_mode & 0o170000 == 0o100000 else { throw SessionRecordFault.kind }
    guard status.stx_uid == owner else { throw SessionRecordFault.owner(status.stx_uid) }
    guard status.stx_nlink == 1 else { throw SessionRecordFault.linked }
    var bytes = [UInt8](repeating: 0, count: SessionRecord.maximumSize + 1)
    let count = file.withNumber { prov_read_at_start($0, &bytes, bytes.count) }
    return Array(bytes[..<(try valueOrErrno(count))])
  }
}
