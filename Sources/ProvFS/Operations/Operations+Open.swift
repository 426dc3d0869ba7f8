// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

func provfsOpen(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let file = try request.open(request.node(id), OpenFlags(info!.pointee.flags))
    let size = MemoryLayout<provfs_open_reply>.size
    var reply = file.reply
    if fuse_reply_buf(request.raw, &reply, size) != 0 { request.close(file) }
  }
}

func provfsFlush(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    guard let file = OpenFileReference(info) else { throw .badFileDescriptor }
    if file.pointer.pointee.isSilent {
      request.view.stamper.flush(
        request.node(id), by: request.view.author(request.caller),
        passthrough: file.pointer.pointee.isPassthroughWriter)
    } else {
      request.view.stamper.settle(request.node(id))
    }
    request.asDaemon()
    let volume = file.pointer.pointee.node.pointer.pointee.volume
    if file.pointer.pointee.isWritable && volume.mayFailAtClose {
      _ = try valueOrErrno(prov_flush(request.descriptor(file)))
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
    _ = try valueOrErrno(prov_fsync(request.descriptor(file), dataOnly))
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

  func mapper(_ opener: Attribution.Author) -> OpenFile.Mapper {
    guard mayMap else { return .none }
    return switch opener {
    case .known(let writer): .known(writer)
    case .unknown: .unknown
    }
  }

  /// Whether the file can be mapped shared and writable.
  var mayMap: Bool { requested & O_ACCMODE == O_RDWR }

  /// Whether opening the file, or what is done with it, changes content.
  var mayChange: Bool { isWritable || truncates }

  /// Flags for the reply.
  func reply(_ dataPath: DataPath, isPseudo: Bool) -> UInt32 {
    // Nothing is to be stamped when it is closed.
    let flush = mayChange ? 0 : Self.noFlush
    return switch dataPath {
    case .cached: isDirect || isPseudo ? flush | UInt32(FOPEN_DIRECT_IO) : flush
    case .passthrough: flush | Self.passthrough
    case .requests: flush | Self.passthrough | UInt32(FOPEN_DIRECT_IO)
    }
  }

  // Of `linux/fuse.h` of later kernels.
  private static let noFlush: UInt32 = 1 << 5
  private static let passthrough: UInt32 = 1 << 7
}

extension Request {
  /// Opens a regular file with the caller's rights, truncating it where asked to.
  func open(_ node: NodeReference, _ flags: OpenFlags) throws(Errno) -> OpenFileReference {
    if !flags.mayChange { return try openForReading(node, flags) }
    let opener = flags.mayChange ? view.author(caller) : .unknown
    if flags.isWritable { view.stamper.willOpen(node) }
    let descriptor = try openBacking(node, flags)
    do throws(Errno) {
      if flags.truncates { try truncate(node, descriptor, flags, opener) }
      return try register(node, descriptor, flags, opener)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  /// What the kernel reads itself is not opened here: it does that for each open file.
  private func openForReading(
    _ node: NodeReference, _ flags: OpenFlags
  ) throws(Errno) -> OpenFileReference {
    if canPassThrough(node) && !flags.isForExecution { try checkReading(node) }
    let dataPath = try chooseDataPath(node, flags, .unknown, seen: nil)
    asDaemon()
    var descriptor: CInt = -1
    if !dataPath.isPassthrough {
      do throws(Errno) {
        descriptor = try openBacking(node, flags)
      } catch {
        asDaemon()
        releaseBacking(node)
        throw error
      }
    }
    asDaemon()
    return table.register(
      OpenFile(node: node, descriptor: descriptor, flags, dataPath, opener: .unknown))
  }

  private func openBacking(_ node: NodeReference, _ flags: OpenFlags) throws(Errno) -> CInt {
    try table.withDescriptor(node) { path throws(Errno) in
      // The kernel has checked the right to execute, which does not include the right to read.
      let open = { table.withRoom { prov_open_fd(path, flags.backing) } }
      if flags.isForExecution { return try valueOrErrno(open()) }
      return try asCaller { () throws(Errno) in try valueOrErrno(open()) }
    }
  }

  /// The kernel has checked by the attributes that it remembers, which may be a second old.
  private func checkReading(_ node: NodeReference) throws(Errno) {
    try table.withDescriptor(node) { path throws(Errno) in
      try asCaller { () throws(Errno) in _ = try valueOrErrno(prov_may_read(path)) }
    }
    asDaemon()
  }

  /// Makes an open file of a descriptor, which it takes over unless it throws.
  ///
  /// - Parameter seen: the attributes of a file that nobody else knows yet.
  func register(
    _ node: NodeReference, _ descriptor: CInt, _ flags: OpenFlags, _ opener: Attribution.Author,
    seen: statx? = nil
  ) throws(Errno) -> OpenFileReference {
    let dataPath = try chooseDataPath(node, flags, opener, seen: seen)
    asDaemon()
    let file = table.register(
      OpenFile(node: node, descriptor: descriptor, flags, dataPath, opener: opener))
    // From now on mtime can move any time.
    if file.pointer.pointee.isSilentMapper { view.forgetAttributes(node) }
    return file
  }

  func close(_ file: OpenFileReference) {
    let node = file.pointer.pointee.node
    let wasSilent = file.pointer.pointee.isSilent
    let mayMap = file.pointer.pointee.isSilentMapper
    let passed = file.pointer.pointee.isPassthroughWriter
    if !wasSilent { view.stamper.settle(node) }
    asDaemon()
    releaseBacking(node)
    table.retain(node)
    // Under the lock of whoever may be stamping through its descriptor.
    node.pointer.pointee.attribution.withLock { _ in table.release(file) }
    if wasSilent && view.stamper.release(node, mayMap: mayMap, passthrough: passed) {
      view.lingering.add(node)
    } else {
      table.forget(node, 1)
    }
  }

  private func truncate(
    _ node: NodeReference, _ descriptor: CInt, _ flags: OpenFlags, _ author: Attribution.Author
  ) throws(Errno) {
    try change(node, by: author, emptying: true) { () throws(Errno) in
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
