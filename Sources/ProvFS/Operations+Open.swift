// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

func provfsOpen(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let file = try request.open(request.node(id), info!)
    if fuse_reply_open(request.raw, info) != 0 { request.close(file) }
  }
}

func provfsFlush(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    request.view.stamper.settle(request.node(id))
    request.asDaemon()
    if let file = OpenFileReference(info), file.pointer.pointee.isWritable {
      _ = try valueOrErrno(prov_flush(file.pointer.pointee.descriptor))
    }
    request.reply(error: 0)
  }
}

func provfsRelease(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    if let file = OpenFileReference(info) { request.close(file) }
    request.reply(error: 0)
  }
}

func provfsFsync(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ dataOnly: CInt,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    // Before, so that the stamp is as durable as the data.
    request.view.stamper.settle(request.node(id))
    guard let file = OpenFileReference(info) else { throw .badFileDescriptor }
    _ = try valueOrErrno(prov_fsync(file.pointer.pointee.descriptor, dataOnly))
    request.reply(error: 0)
  }
}

/// The flags of an open request.
struct OpenFlags {
  let requested: CInt

  init(_ requested: CInt) {
    self.requested = requested
  }

  var isWritable: Bool { requested & O_ACCMODE != O_RDONLY }
  var truncates: Bool { requested & O_TRUNC != 0 }
  var appends: Bool { requested & O_APPEND != 0 }
  var isDirect: Bool { requested & CInt(PROV_O_DIRECT) != 0 }
  /// Opened for execve(2), which needs no read permission.
  var isForExecution: Bool { requested & CInt(PROV_FMODE_EXEC) != 0 }

  /// The flags for the backing file. The caller's buffers are not aligned here, so O_DIRECT stays
  /// with the view; O_NOFOLLOW would refuse /proc/self/fd; creating is another request.
  var backing: CInt {
    requested
      & ~(CInt(PROV_O_DIRECT) | O_NOFOLLOW | O_CREAT | O_EXCL | O_TRUNC
      | CInt(PROV_FMODE_EXEC))
      | O_NOCTTY
  }

  func mapper(_ opener: @autoclosure () -> Attribution.Author) -> OpenFile.Mapper {
    guard requested & O_ACCMODE == O_RDWR else { return .none }
    return switch opener() {
    case .known(let writer): .known(writer)
    case .unknown: .unknown
    }
  }

  /// Fills in the reply.
  func answer(_ info: UnsafeMutablePointer<fuse_file_info>, _ file: OpenFileReference) {
    info.pointee.fh = file.handle
    let isPseudo = file.pointer.pointee.node.pointer.pointee.volume.isPseudo
    info.pointee.direct_io = isDirect || isPseudo ? 1 : 0
  }
}

extension Request {
  /// Opens a regular file with the caller's rights, truncating it where asked to.
  func open(
    _ node: NodeReference, _ info: UnsafeMutablePointer<fuse_file_info>
  ) throws(Errno) -> OpenFileReference {
    let flags = OpenFlags(info.pointee.flags)
    let mapper = flags.mapper(view.author(caller))
    let descriptor = try table.withDescriptor(node) { path throws(Errno) in
      // The kernel has checked the right to execute, which does not include the right to read.
      let open = { table.withRoom { prov_open_fd(path, flags.backing) } }
      if flags.isForExecution { return try valueOrErrno(open()) }
      return try asCaller { () throws(Errno) in try valueOrErrno(open()) }
    }
    do throws(Errno) {
      if flags.truncates { try truncate(node, descriptor, flags) }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    asDaemon()
    let file = table.register(
      OpenFile(
        node: node, descriptor: descriptor, isWritable: flags.isWritable, mapper: mapper,
        appends: flags.appends))
    flags.answer(info, file)
    return file
  }

  func close(_ file: OpenFileReference) {
    view.stamper.settle(file.pointer.pointee.node)
    asDaemon()
    table.release(file)
  }

  private func truncate(
    _ node: NodeReference, _ descriptor: CInt, _ flags: OpenFlags
  ) throws(Errno) {
    let author = view.author(caller)
    try change(node, by: author) { () throws(Errno) in
      try asCaller { () throws(Errno) in
        if flags.isWritable {
          _ = try valueOrErrno(prov_ftruncate(descriptor, 0))
        } else {
          // Linux truncates with O_RDONLY too, for whoever may write.
          let again = prov_open_fd(descriptor, O_RDONLY | O_TRUNC | O_NOCTTY | O_NONBLOCK)
          Glibc.close(try valueOrErrno(again))
        }
      }
    }
  }
}
