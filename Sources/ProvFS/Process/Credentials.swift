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

  /// Must be made on the thread that it is for.
  init(isPrivileged: Bool) throws(Errno) {
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

/// The `Groups:` line of /proc/TASK/status.
enum SupplementaryGroups {
  /// - Parameter buffer: room for the status; where it is longer, more is allocated.
  /// - Returns: how many groups were stored, or nil where the task's status cannot be read whole.
  static func read(
    _ task: pid_t, using buffer: UnsafeMutableRawBufferPointer,
    into groups: UnsafeMutablePointer<gid_t>, capacity: Int
  ) -> Int? {
    guard task > 0 else { return nil }
    let file = prov_open_task_file(proc, task, statusName.cString)
    guard file >= 0 else { return nil }
    defer { close(file) }
    if let count = read(file, buffer, into: groups, capacity) { return count }
    return withUnsafeTemporaryAllocation(byteCount: mostBytes, alignment: 1) { buffer in
      read(file, buffer, into: groups, capacity)
    }
  }

  /// A descriptor of /proc, or -errno.
  private static let proc = prov_open_proc()
  private static let statusName: StaticString = "status"

  /// Enough for some hundred groups.
  static let usualBytes = 8192
  /// For as many groups as there can be, of ten digits each.
  private static let mostBytes = Credentials.maximumGroups * 11 + usualBytes

  private static func read(
    _ file: CInt, _ buffer: UnsafeMutableRawBufferPointer,
    into groups: UnsafeMutablePointer<gid_t>, _ capacity: Int
  ) -> Int? {
    let count = prov_read_at_start(file, buffer.baseAddress, buffer.count)
    guard count > 0 else { return nil }
    return parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: groups, capacity)
  }

  /// - Returns: nil where there is no whole `Groups:` line, or a number in it is none.
  static func parse(
    _ status: UnsafeRawBufferPointer, into groups: UnsafeMutablePointer<gid_t>, _ capacity: Int
  ) -> Int? {
    guard var index = lineEnd(of: "Groups:", in: status) else { return nil }
    var count = 0
    var number: UInt64?
    while index < status.count {
      let byte = status[index]
      index += 1
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let next = (number ?? 0) * 10 + UInt64(byte - UInt8(ascii: "0"))
        guard next < UInt64(gid_t.max) else { return nil }
        number = next
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"):
        if let value = number {
          guard count < capacity else { return nil }
          groups[count] = gid_t(value)
          count += 1
          number = nil
        }
        if byte == UInt8(ascii: "\n") { return count }
      default:
        return nil
      }
    }
    return nil
  }

  /// Where the text begins that follows `label` at the start of a line.
  private static func lineEnd(of label: StaticString, in text: UnsafeRawBufferPointer) -> Int? {
    let length = label.utf8CodeUnitCount
    var start = 0
    while start + length <= text.count {
      if memcmp(text.baseAddress! + start, label.utf8Start, length) == 0 { return start + length }
      guard let newline = text[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      start = newline + 1
    }
    return nil
  }
}
