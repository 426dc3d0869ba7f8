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
        passthrough: file.pointer.pointee.isPassthroughWriter,
        opener: file.pointer.pointee.mapper.author)
    } else {
      if file.pointer.pointee.mapper != .none,
        request.table.isPassedOn(file, to: request.view.author(request.caller))
      {
        request.view.stamper.doubtStores(request.node(id))
      }
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
      return try asCaller { () throws(Errno) in
        let result = open()
        guard result == -EAGAIN else { return try valueOrErrno(result) }
        // A lease: with O_NONBLOCK nobody waits for its end. It may be the stamper's own, who has it for
        // an instant and under this lock; another's is the caller's to know of.
        return try node.pointer.pointee.attribution.withLock { _ throws(Errno) in
          try valueOrErrno(open())
        }
      }
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
    _ node: NodeReference, _ descriptor: CInt, _ flags: OpenFlags, _ opener: Author,
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
    let isWritable = file.pointer.pointee.isWritable
    if isWritable && !wasSilent { view.stamper.settle(node) }
    asDaemon()
    releaseBacking(node)
    table.retain(node)
    if file.pointer.pointee.descriptor == nil {
      table.release(file)
    } else {
      // Under the lock of whoever may be stamping through its descriptor.
      node.pointer.pointee.attribution.withLock { _ in table.release(file) }
    }
    if wasSilent && view.stamper.release(node, mayMap: mayMap, passthrough: passed) {
      view.lingering.add(node)
    } else {
      table.forget(node, 1)
    }
  }

  private func truncate(
    _ node: NodeReference, _ descriptor: CInt, _ flags: OpenFlags, _ author: Author
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
