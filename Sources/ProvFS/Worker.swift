// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import SystemPackage

/// What one thread that serves requests has for itself.
struct Worker: ~Copyable {
  var credentials: Credentials
  var standIn = StandIn()
  /// Room for the data of one reply.
  let scratch: UnsafeMutableRawBufferPointer
  /// The request that is being served, as it was read from the kernel.
  var request = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Bytes of the largest read or write request.
  static let maximumTransfer = 1 << 20

  init(isPrivileged: Bool) throws(Errno) {
    credentials = try Credentials(isPrivileged: isPrivileged)
    scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.maximumTransfer, alignment: 4096)
  }

  deinit {
    scratch.deallocate()
  }

  /// The calling thread's, where it serves requests.
  static var current: UnsafeMutablePointer<Worker>? {
    prov_thread_value()?.assumingMemoryBound(to: Worker.self)
  }
}
