// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// The sessions that supervisors have registered on this machine, for kernels without agent sessions.
///
/// A record counts only while the leader that it names holds the write lock on it. So nobody can make
/// a leader of a process that does not want to be one, and a record outlives no leader.
/// Safe to use from any number of threads.
public final class SessionRegistry: Sendable {
  let boot: BootID

  /// - Throws: the error of ``BootID/current()``.
  public init() throws(Errno) {
    boot = try BootID.current()
  }

  /// What a file in the registry is.
  public enum State: Hashable, Sendable {
    /// A session whose leader lives.
    case active(SessionRecord)
    /// A session whose leader ended without removing the record: it was killed.
    case ended(SessionRecord)
    /// A session whose leader is in another pid namespace: its members cannot be told from here.
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

  /// The session that a process leads.
  ///
  /// - Parameter uid: the process's real uid.
  /// - Returns: nil where there is no record of it that counts.
  /// - Throws: what kept this process from finding out.
  func session(ledBy leader: SessionLeader, uid: uid_t) throws(Errno) -> SessionID? {
    let name = SessionRecord.fileName(of: leader)
    for place in RegistryPlace.all(of: uid) {
      guard let anchor = try usable(place) else { continue }
      guard let file = try openFile(anchor, place.pathBelow(name)) else { continue }
      switch state(of: file, name, place) {
      case .active(let record): return record.id
      case .unreadable(let error): throw error
      case .ended, .elsewhere, .faulty: continue
      }
    }
    return nil
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
      guard let anchor = try usable(place) else { return [] }
      let below = place.directories.joined(separator: "/")
      let opened = anchor.withNumber { prov_open_directory_below($0, below) }
      guard opened != -ENOENT else { return [] }
      let directory = try OwnedDescriptor(opened)
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
      return try place.openAnchor()
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
      let bytes = try read(file, owner: place.owner)
      let record = try bytes.withUnsafeBytes { bytes throws(SessionRecordFault) in
        try SessionRecord(bytes)
      }
      guard record.boot == boot else { throw SessionRecordFault.boot }
      guard record.uid == place.owner else { throw SessionRecordFault.owner(record.uid) }
      guard SessionRecord.fileName(of: record.leader) == name else {
        throw SessionRecordFault.misnamed
      }
      return switch file.withNumber({ prov_lock_holder($0) }) {
      case record.leader.pid: .active(record)
      case 0: .ended(record)
      case let error where error < 0 && error != -ESRCH: .unreadable(Errno(rawValue: -error))
      default: .elsewhere(record)
      }
    } catch let fault as SessionRecordFault {
      return .faulty(fault)
    } catch let error as Errno {
      return .unreadable(error)
    } catch {
      return .faulty(.malformed)
    }
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
