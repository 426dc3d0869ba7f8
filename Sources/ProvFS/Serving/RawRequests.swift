// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Requests that libfuse 3.14 does not know: it would answer ENOSYS, and the kernel would never ask
/// again. They are taken from the kernel's message, and answered straight to the device.
enum RawRequests {
  // Of `linux/fuse.h` of later kernels.
  private static let tmpfile: UInt32 = 51
  private static let extendedStat: UInt32 = 52

  /// - Returns: whether the request was served; where not, it is libfuse's.
  static func serve(
    _ worker: UnsafeMutablePointer<Worker>, _ view: View, _ device: CInt
  ) -> Bool {
    let message = worker.pointee.request
    let headerSize = MemoryLayout<fuse_in_header>.size
    guard message.count >= headerSize else { return false }
    let header = message.loadUnaligned(as: fuse_in_header.self)
    guard header.opcode == tmpfile || header.opcode == extendedStat else { return false }
    let body = UnsafeRawBufferPointer(rebasing: message[headerSize...])
    let answer = Answer(device: device, unique: header.unique)
    do throws(Errno) {
      if header.opcode == tmpfile {
        try createTemporary(header, body, view, worker, answer)
      } else {
        try describe(header, body, view, worker, answer)
      }
    } catch {
      answer.send(error)
    }
    return true
  }

  /// FUSE_TMPFILE: as FUSE_CREATE, in a directory, without a name.
  private static func createTemporary(
    _ header: fuse_in_header, _ body: UnsafeRawBufferPointer, _ view: View,
    _ worker: UnsafeMutablePointer<Worker>, _ answer: Answer
  ) throws(Errno) {
    guard body.count >= MemoryLayout<fuse_create_in>.size else { throw .invalidArgument }
    let arguments = body.loadUnaligned(as: fuse_create_in.self)
    let request = Request(
      raw: nil, view: view, worker: worker, caller: caller(header, umask: arguments.umask))
    request.asDaemon()
    let flags = OpenFlags(CInt(bitPattern: arguments.flags))
    let created = try request.createTemporary(request.node(header.nodeid), arguments.mode, flags)
    var reply = created.reply(view)
    if !withUnsafeBytes(of: &reply, answer.send) { request.abandon(created) }
  }

  /// FUSE_STATX: what FUSE_GETATTR has no room for, the time of birth above all.
  private static func describe(
    _ header: fuse_in_header, _ body: UnsafeRawBufferPointer, _ view: View,
    _ worker: UnsafeMutablePointer<Worker>, _ answer: Answer
  ) throws(Errno) {
    // struct fuse_statx_in: getattr_flags, reserved, fh, sx_flags, sx_mask.
    guard body.count >= 24 else { throw .invalidArgument }
    let mask = body.loadUnaligned(fromByteOffset: 20, as: UInt32.self)
    Credentials.resumeOwn()
    let node = view.table.node(header.nodeid)
    view.stamper.settleForReader(node, readsStamp: false)
    Credentials.resumeOwn()
    var found = try view.table.withDescriptor(node) { descriptor throws(Errno) in
      try statx(of: descriptor, mask | NodeTable.statMask)
    }
    found.stx_ino = view.shownInode(found.stx_ino, on: Identity(found).device)
    // struct fuse_statx_out: attr_valid, attr_valid_nsec, flags, two spare words, then a copy of
    // struct statx up to the device numbers.
    let known = MemoryLayout<statx>.offset(of: \.stx_mnt_id)!
    withUnsafeTemporaryAllocation(byteCount: 32 + 256, alignment: 8) { reply in
      reply.initializeMemory(as: UInt8.self, repeating: 0)
      let timeout = WireTimeout(view.attributeTimeout(node))
      reply.storeBytes(of: timeout.seconds, as: UInt64.self)
      reply.storeBytes(of: timeout.nanoseconds, toByteOffset: 8, as: UInt32.self)
      withUnsafeBytes(of: &found) {
        (reply.baseAddress! + 32).copyMemory(from: $0.baseAddress!, byteCount: known)
      }
      _ = answer.send(UnsafeRawBufferPointer(reply))
    }
  }

  private static func caller(_ header: fuse_in_header, umask: UInt32) -> Caller {
    Caller(
      uid: header.uid, gid: header.gid, task: pid_t(truncatingIfNeeded: header.pid), umask: umask)
  }
}

/// Where the answer to one request goes.
private struct Answer {
  let device: CInt
  let unique: UInt64

  /// - Returns: false where the kernel does not want it any more.
  func send(_ body: UnsafeRawBufferPointer) -> Bool {
    send(0, body)
  }

  func send(_ error: Errno) {
    _ = send(-error.rawValue, UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private func send(_ error: CInt, _ body: UnsafeRawBufferPointer) -> Bool {
    let size = MemoryLayout<fuse_out_header>.size
    var header = fuse_out_header(
      len: UInt32(size + body.count), error: error, unique: unique)
    return withUnsafeMutableBytes(of: &header) { header in
      // An array is allocated wherever the optimiser does not find out that it need not be.
      withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
        parts.initializeElement(at: 0, to: iovec(iov_base: header.baseAddress, iov_len: size))
        parts.initializeElement(
          at: 1,
          to: iovec(
            iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count))
        return Reply.send(device, UnsafeBufferPointer(parts)) >= 0
      }
    }
  }
}
