// SPDX-License-Identifier: Apache-2.0
import CCap
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The privileges that the daemon keeps when root starts it.
enum Capabilities {
  /// Each with what would fail without it.
  static let kept: [CInt] = [
    CAP_SYS_ADMIN,  // setting security.prov and trusted.*; unmounting
    CAP_DAC_READ_SEARCH,  // open_by_handle_at(2)
    CAP_DAC_OVERRIDE,  // looking up on behalf of all users; acting for root
    CAP_CHOWN,  // acting for root
    CAP_FOWNER,  // acting for root
    CAP_FSETID,  // acting for root, whose writes keep set-group-id bits
    CAP_MKNOD,  // acting for root
    CAP_LINUX_IMMUTABLE,  // acting for root: chattr +i
    CAP_SETFCAP,  // acting for root: setcap
    CAP_SETUID,  // taking a caller's fsuid
    CAP_LEASE,  // telling whether a file of any owner is mapped for writing
    CAP_SETGID,  // taking a caller's fsgid and groups
    CAP_SYS_PTRACE,  // seeing whose session a process is in where /proc is mounted with hidepid
    CAP_MAC_ADMIN,  // naming a client to the provfs LSM as the writer
  ]

  /// Without these a daemon acts as its own user for everybody, as an unprivileged one does.
  private static let neededForOthers = [CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE]

  /// Whether this process can act for others with their own rights.
  static var allowActingForOthers: Bool {
    geteuid() == 0 && neededForOthers.allSatisfy(isEffective)
  }

  /// Whether files can be opened by handle.
  static var allowHandles: Bool { isEffective(CAP_DAC_READ_SEARCH) }

  /// Whether backing files can be registered with FUSE.
  static var allowPassthrough: Bool { allowActingForOthers && isEffective(CAP_SYS_ADMIN) }

  private static func isEffective(_ capability: CInt) -> Bool {
    guard let current = cap_get_proc() else { return false }
    defer { cap_free(UnsafeMutableRawPointer(current)) }
    var value = CAP_CLEAR
    return cap_get_flag(current, capability, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET
  }

  /// Gives up, for good, all that is not in ``kept``, and the way to get more.
  ///
  /// - Throws: the error of capset(2) or prctl(2).
  static func dropOthers() throws(Errno) {
    guard let current = cap_get_proc(), let reduced = cap_init() else {
      throw Errno(rawValue: errno)
    }
    defer {
      cap_free(UnsafeMutableRawPointer(current))
      cap_free(UnsafeMutableRawPointer(reduced))
    }
    for capability in kept {
      var held = CAP_CLEAR
      guard cap_get_flag(current, capability, CAP_PERMITTED, &held) == 0, held == CAP_SET else {
        continue
      }
      var one = capability
      cap_set_flag(reduced, CAP_PERMITTED, 1, &one, CAP_SET)
      cap_set_flag(reduced, CAP_EFFECTIVE, 1, &one, CAP_SET)
    }
    guard cap_set_proc(reduced) == 0 else { throw Errno(rawValue: errno) }
    _ = try valueOrErrno(prov_no_new_privileges())
  }
}
