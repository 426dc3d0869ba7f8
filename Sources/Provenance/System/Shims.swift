// SPDX-License-Identifier: Apache-2.0
import CProvenance
import SystemPackage

/// Turns the result of a shim (a count, or -errno) into a value or an error.
@inline(__always)
package func valueOrErrno<Value: SignedInteger>(_ result: Value) throws(Errno) -> Value {
  guard result >= 0 else { throw Errno(rawValue: CInt(-result)) }
  return result
}

extension StaticString {
  /// The text as a C string. A literal is always followed by a NUL.
  package var cString: UnsafePointer<CChar> {
    UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
  }
}

extension statx {
  /// What statx(2) says of the file that a descriptor refers to, which may have been opened with O_PATH.
  ///
  /// - Parameters:
  ///   - mask: what to ask for, `STATX_*`.
  ///   - flags: `AT_STATX_*`, how to ask.
  package init(
    of descriptor: CInt, _ mask: UInt32, flags: CInt = 0
  ) throws(Errno) {
    self.init()
    let empty: StaticString = ""
    _ = try valueOrErrno(
      prov_statx(descriptor, empty.cString, CInt(PROV_AT_EMPTY_PATH) | flags, mask, &self))
  }

  /// Of the device that the file is on: the major number in the upper half, the minor in the lower.
  package var device: UInt64 { UInt64(stx_dev_major) << 32 | UInt64(stx_dev_minor) }

  /// The id of the mount through which the file was reached; 0 where the kernel does not tell.
  package var mount: UInt64 { stx_mask & UInt32(STATX_MNT_ID) != 0 ? stx_mnt_id : 0 }
}
