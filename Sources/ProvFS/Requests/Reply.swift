// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc

/// Where what the daemon says to the kernel goes.
enum Reply {
  /// As writev(2) to /dev/fuse, but for the reply to the request that the calling thread serves, where
  /// that has come over io_uring.
  static func send(_ device: CInt, _ parts: UnsafeBufferPointer<iovec>) -> Int {
    guard let worker = Worker.current, let entry = worker.pointee.unanswered,
      let header = header(parts),
      header.unique == worker.pointee.request.loadUnaligned(as: fuse_in_header.self).unique
    else { return writev(device, parts.baseAddress, CInt(parts.count)) }
    worker.pointee.unanswered = nil
    entry.answer(header.unique, header.error, parts.dropFirst())
    return Int(header.len)
  }

  private static func header(_ parts: UnsafeBufferPointer<iovec>) -> fuse_out_header? {
    guard let first = parts.first, first.iov_len == MemoryLayout<fuse_out_header>.size else {
      return nil
    }
    return first.iov_base?.loadUnaligned(as: fuse_out_header.self)
  }
}
