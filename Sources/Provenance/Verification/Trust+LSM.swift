// SPDX-License-Identifier: Apache-2.0
import Glibc

extension Trust {
  /// Whether the provfs LSM runs on this kernel now, by the list that the kernel keeps in securityfs.
  /// Where that is not mounted, as in most containers, the answer is no, and a stamp is trusted less
  /// than it could be, never more.
  public static func lsmIsActive() -> Bool {
    activeLSMs()?.contains("provfs") ?? false
  }

  /// The names of the LSMs that run, in their order; nil where that is not told.
  private static func activeLSMs() -> [Substring]? {
    (try? SmallFile.text("/sys/kernel/security/lsm"))?.split(separator: ",")
  }
}
