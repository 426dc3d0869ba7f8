// SPDX-License-Identifier: Apache-2.0
import Glibc

extension Trust {
  /// Whether the provfs LSM runs on this kernel now, by the list that the kernel keeps in securityfs.
  /// Where that is not mounted, as in most containers, the answer is no, and a stamp is trusted less
  /// than it could be, never more.
  public static func lsmIsActive() -> Bool {
    let descriptor = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      guard count > 0 else { return false }
      return buffer[..<count].split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") }
        .contains { $0.elementsEqual("provfs".utf8) }
    }
  }
}
