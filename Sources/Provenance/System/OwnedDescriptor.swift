// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// An open file that is closed with its owner, which is one at a time.
///
/// Its number is known while ``withNumber(_:)`` runs alone. One that was kept could be closed by the time
/// it is used, and be another file's: Swift may end an owner right after its last use.
package struct OwnedDescriptor: ~Copyable, Sendable {
  private let number: CInt

  /// - Parameter opened: what a shim returned: a descriptor, which is taken over, or -errno.
  /// - Throws: the error.
  package init(_ opened: CInt) throws(Errno) {
    number = try valueOrErrno(opened)
  }

  deinit {
    close(number)
  }

  package borrowing func withNumber<Result: ~Copyable, Failure: Error>(
    _ body: (CInt) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(number)
  }
}
