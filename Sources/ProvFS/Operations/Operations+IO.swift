// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

func provfsRead(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    guard let file = OpenFileReference(info) else { throw .badFileDescriptor }
    let buffer = request.worker.pointee.scratch
    let descriptor = try request.descriptor(file)
    let wanted = min(size, buffer.count)
    var filled = 0
    // The kernel takes a short reply for the end of the file.
    while filled < wanted {
      let count = try valueOrErrno(
        prov_pread(
          descriptor, buffer.baseAddress! + filled, wanted - filled, offset + off_t(filled)))
      if count == 0 { break }
      filled += count
    }
    fuse_reply_buf(request.raw, buffer.baseAddress, filled)
  }
}

func provfsWrite(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ data: UnsafePointer<CChar>?, _ size: Int,
  _ offset: off_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    guard let info, let file = OpenFileReference(info) else { throw .badFileDescriptor }
    let written =
      info.pointee.writepage != 0
      ? try request.writeBack(file, data, size, offset)
      : try request.write(file, data, size, offset, appends: info.pointee.flags & O_APPEND != 0)
    fuse_reply_write(request.raw, written)
  }
}

func provfsLseek(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ offset: off_t, _ whence: CInt,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    guard let file = OpenFileReference(info) else { throw .badFileDescriptor }
    let found = try valueOrErrno(prov_lseek(request.descriptor(file), offset, whence))
    fuse_reply_lseek(request.raw, found)
  }
}

func provfsFallocate(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ mode: CInt, _ offset: off_t, _ length: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    guard let file = OpenFileReference(info) else { throw .badFileDescriptor }
    try request.change(request.node(id), by: request.view.author(request.caller)) {
      () throws(Errno) in
      try request.asCaller { () throws(Errno) in
        _ = try valueOrErrno(
          prov_fallocate(request.descriptor(file), mode, offset, length))
      }
    }
    request.reply(error: 0)
  }
}

func provfsCopyFileRange(
  _ raw: fuse_req_t?, _ sourceID: fuse_ino_t, _ sourceOffset: off_t,
  _ sourceInfo: UnsafeMutablePointer<fuse_file_info>?, _ targetID: fuse_ino_t,
  _ targetOffset: off_t, _ targetInfo: UnsafeMutablePointer<fuse_file_info>?, _ length: Int,
  _ flags: CInt
) {
  serve(raw) { request throws(Errno) in
    guard let source = OpenFileReference(sourceInfo), let target = OpenFileReference(targetInfo)
    else { throw .badFileDescriptor }
    let author = request.view.author(request.caller)
    let (from, to) = (try request.descriptor(source), try request.descriptor(target))
    let copied = try request.change(request.node(targetID), by: author) {
      () throws(Errno) in
      try request.asCaller { () throws(Errno) in
        try valueOrErrno(
          prov_copy_file_range(
            from, sourceOffset, to, targetOffset, length, UInt32(bitPattern: flags)))
      }
    }
    fuse_reply_write(request.raw, copied)
  }
}

extension Request {
  /// What write(2) and its like send.
  fileprivate func write(
    _ file: OpenFileReference, _ data: UnsafePointer<CChar>?, _ size: Int, _ offset: off_t,
    appends: Bool
  ) throws(Errno) -> Int {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    return try write(
      file.pointer.pointee.node, by: view.author(caller), bytes,
      at: appends ? nil : UInt64(offset)
    ) { () throws(Errno) in
      try append(file, appends)
      // As the caller, so that the source takes set-user-id bits away as from any writer.
      return try asCaller { () throws(Errno) in
        try valueOrErrno(prov_pwrite(descriptor(file), data, size, offset))
      }
    }
  }

  /// Pages that were stored to through a shared mapping. The kernel names nobody, and picks any
  /// writable file of the inode to write through.
  fileprivate func writeBack(
    _ file: OpenFileReference, _ data: UnsafePointer<CChar>?, _ size: Int, _ offset: off_t
  ) throws(Errno) -> Int {
    let node = file.pointer.pointee.node
    let author = table.soleMapper(of: node).map { Author.known($0) } ?? .unknown
    return try change(node, by: author, .mapped) { () throws(Errno) in
      try append(file, false)
      return try valueOrErrno(prov_pwrite(descriptor(file), data, size, offset))
    }
  }

  /// Gives the backing file the O_APPEND that the caller's has at this write: fcntl(2) can change
  /// it. Called under the node's lock.
  private func append(_ file: OpenFileReference, _ appends: Bool) throws(Errno) {
    guard file.pointer.pointee.appends != appends else { return }
    _ = try valueOrErrno(prov_set_append(descriptor(file), appends ? 1 : 0))
    file.pointer.pointee.appends = appends
  }
}
