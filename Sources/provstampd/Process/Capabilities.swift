// SPDX-License-Identifier: Apache-2.0
import CCap
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The privileges that the daemon keeps once its programs are attached.
enum Capabilities {
  /// Each with what would fail without it.
  static let kept: [CInt] = [
    CAP_SYS_ADMIN,  // setting security.prov; reading maps
    CAP_DAC_READ_SEARCH,  // open_by_handle_at(2)
    CAP_SYS_PTRACE,  // entries in /proc of every user
  ]

  /// Gives up, for good, all that is not in ``kept``.
  ///
  /// - Throws: the error of capset(2) or prctl(2).
  static func dropOthers() throws(Errno) {
    guard let reduced = cap_init() else { throw Errno(rawValue: errno) }
    defer { cap_free(UnsafeMutableRawPointer(reduced)) }
    for capability in kept {
      var one = capability
      cap_set_flag(reduced, CAP_PERMITTED, 1, &one, CAP_SET)
      cap_set_flag(reduced, CAP_EFFECTIVE, 1, &one, CAP_SET)
    }
    guard cap_set_proc(reduced) == 0 else { throw Errno(rawValue: errno) }
    _ = try valueOrErrno(prov_no_new_privileges())
  }
}
