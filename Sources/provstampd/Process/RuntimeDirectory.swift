// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// `/run/provstampd`, which one daemon has at a time.
enum RuntimeDirectory {
  static let path = "/run/provstampd"

  /// - Returns: a descriptor that keeps others out until it is closed.
  static func claim() throws(Trouble) -> CInt {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw Trouble("\(path): \(Errno(rawValue: errno))")
    }
    let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw Trouble("\(path)/lock: \(Errno(rawValue: errno))") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw Trouble("another provstampd runs. End that one first.")
    }
    return lock
  }
}
