// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Who asks: the identity in a FUSE request's header.
struct Caller {
  let uid: uid_t
  let gid: gid_t
  /// The thread's id in the daemon's pid namespace; 0 where it has none there, or the kernel itself
  /// asks.
  let task: pid_t
  let umask: mode_t
}

/// Under whose identity one worker thread makes its system calls.
///
/// Switching is lazy: a thread keeps the identity that it has until a request needs another. The
/// capabilities that act on files follow the fsuid: the kernel takes them from a thread whose fsuid
/// leaves 0, and gives them back.
struct Credentials: ~Copyable {
  /// Whether this process may take other identities.
  let isPrivileged: Bool
  private let ownUser = geteuid()
  private let ownGroup = getegid()
  private var uid = geteuid()
  private var gid = getegid()
  private var umask: mode_t = 0
  /// Room for the longest list of groups that the kernel gives a process.
  private let groups = UnsafeMutablePointer<gid_t>.allocate(capacity: maximumGroups)
  /// Room for the status of a task that has no more groups than most.
  private let status = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SupplementaryGroups.usualBytes, alignment: 1)
  /// Whose groups the thread has. A caller's do not change before its request is answered.
  private var groupsOwner: pid_t?

  static let maximumGroups = 65536

  /// Gives the calling thread credentials of its own.
  ///
  /// - Throws: why it cannot have an identity and a umask of its own.
  static func make(isPrivileged: Bool) throws(Errno) -> UnsafeMutablePointer<Credentials> {
    let made = try Credentials(isPrivileged: isPrivileged)
    let credentials = UnsafeMutablePointer<Credentials>.allocate(capacity: 1)
    credentials.initialize(to: made)
    prov_thread_set_value(PROV_THREAD_CREDENTIALS, credentials)
    return credentials
  }

  /// The calling thread, which they were made for, acts for nobody any more.
  static func free(_ credentials: UnsafeMutablePointer<Credentials>) {
    prov_thread_set_value(PROV_THREAD_CREDENTIALS, nil)
    credentials.deinitialize(count: 1)
    credentials.deallocate()
  }

  /// The calling thread acts as the daemon's own user again; one without credentials of its own always
  /// does.
  static func resumeOwn() {
    prov_thread_value(PROV_THREAD_CREDENTIALS)?.assumingMemoryBound(to: Credentials.self)
      .pointee.resume()
  }

  private init(isPrivileged: Bool) throws(Errno) {
    self.isPrivileged = isPrivileged
    _ = try valueOrErrno(prov_thread_unshare_umask())
    Glibc.umask(0)
    guard isPrivileged else { return }
    // A thread begins with the identity of the one that has started it, which may act for a caller.
    _ = try valueOrErrno(prov_thread_setfsuid(ownUser))
    _ = try valueOrErrno(prov_thread_setfsgid(ownGroup))
  }

  deinit {
    groups.deallocate()
    status.deallocate()
  }

  /// Another request is served from now on.
  mutating func forgetGroups() {
    groupsOwner = nil
  }

  /// Acts as `caller` from now on, with its supplementary groups.
  ///
  /// - Throws: EOVERFLOW for an id that has no mapping here; EPERM where the switch fails.
  mutating func assume(_ caller: Caller) throws(Errno) {
    guard isPrivileged else { return }
    guard caller.uid != uid_t.max, caller.gid != gid_t.max else {
      throw Errno(rawValue: EOVERFLOW)
    }
    // With fsuid 0 the groups decide nothing: that user overrides permissions.
    if caller.uid != ownUser { try assumeGroups(of: caller.task) }
    if caller.gid != gid {
      _ = try valueOrErrno(prov_thread_setfsgid(caller.gid))
      gid = caller.gid
    }
    if caller.uid != uid {
      _ = try valueOrErrno(prov_thread_setfsuid(caller.uid))
      uid = caller.uid
    }
  }

  /// Acts as the daemon's own user again.
  mutating func resume() {
    guard uid != ownUser || gid != ownGroup else { return }
    guard prov_thread_setfsuid(ownUser) == 0, prov_thread_setfsgid(ownGroup) == 0 else {
      fatalError("this thread cannot take the daemon's identity back")
    }
    uid = ownUser
    gid = ownGroup
  }

  /// Creates files with the caller's umask; the source applies it, after any default ACL.
  mutating func setUmask(_ mask: mode_t) {
    guard mask != umask else { return }
    Glibc.umask(mask & 0o777)
    umask = mask
  }

  private mutating func assumeGroups(of task: pid_t) throws(Errno) {
    guard groupsOwner != task else { return }
    groupsOwner = nil
    let count = SupplementaryGroups.read(
      task, using: status, into: groups, capacity: Self.maximumGroups)
    // A caller in another pid namespace gets none: less than it has, never more.
    _ = try valueOrErrno(prov_thread_setgroups(groups, count ?? 0))
    groupsOwner = task
  }
}
