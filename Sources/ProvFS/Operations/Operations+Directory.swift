// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

func provfsOpendir(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let descriptor = try request.table.withDescriptor(request.node(id)) { path throws(Errno) in
      try valueOrErrno(
        request.table.withRoom { prov_openat(path, ".", O_RDONLY | O_DIRECTORY, 0) })
    }
    let directory = UnsafeMutablePointer<OpenDirectory>.allocate(capacity: 1)
    directory.initialize(to: OpenDirectory(descriptor: descriptor))
    info!.pointee.fh = UInt64(UInt(bitPattern: directory))
    if fuse_reply_open(request.raw, info) != 0 { request.close(directory) }
  }
}

func provfsReaddir(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let filled = try request.read(info, size, offset) { entry, room throws(Errno) in
      var shown = request.shown(entry, in: id)
      let length = fuse_add_direntry(
        request.raw, room.baseAddress, room.count, entry.name, &shown, entry.next)
      return length <= room.count ? length : nil
    }
    fuse_reply_buf(request.raw, filled.baseAddress, filled.count)
  }
}

func provfsReaddirplus(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ size: Int, _ offset: off_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let parent = request.node(id)
    let filled = try request.table.withDescriptor(parent) { directory throws(Errno) in
      try request.read(info, size, offset) { entry, room throws(Errno) in
        // Measured first: what does not fit must not get a lookup.
        let length = fuse_add_direntry_plus(request.raw, nil, 0, entry.name, nil, 0)
        guard length <= room.count else { return nil }
        var (shown, node) = request.shownWithLookup(entry, parent, directory)
        let filled = fuse_add_direntry_plus(
          request.raw, room.baseAddress, room.count, entry.name, &shown, entry.next)
        guard filled <= room.count else {
          if let node { request.table.forget(node, 1) }
          return nil
        }
        return filled
      }
    }
    // Only now that the parent is not used any more: the reply may let the kernel forget it.
    if fuse_reply_buf(request.raw, filled.baseAddress, filled.count) != 0 {
      request.forgetEntries(UnsafeRawBufferPointer(filled))
    }
  }
}

func provfsReleasedir(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    if let directory = OpenDirectory.reference(info) { request.close(directory) }
    request.reply(error: 0)
  }
}

func provfsFsyncdir(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ dataOnly: CInt,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    guard let directory = OpenDirectory.reference(info) else { throw .badFileDescriptor }
    _ = try valueOrErrno(prov_fsync(directory.pointee.descriptor, dataOnly))
    request.reply(error: 0)
  }
}

extension Request {
  fileprivate func close(_ directory: UnsafeMutablePointer<OpenDirectory>) {
    directory.deinitialize(count: 1)
    directory.deallocate()
  }

  /// Fills a reply with entries from `offset` on.
  ///
  /// - Parameter add: puts an entry at the start of the room that is left; the bytes that it took,
  ///   or nil where it does not fit.
  /// - Returns: the reply, in this worker's room for one.
  fileprivate func read(
    _ info: UnsafeMutablePointer<fuse_file_info>?, _ size: Int, _ offset: off_t,
    add: (DirectoryEntry, UnsafeMutableBufferPointer<CChar>) throws(Errno) -> Int?
  ) throws(Errno) -> UnsafeBufferPointer<CChar> {
    guard let directory = OpenDirectory.reference(info) else { throw .badFileDescriptor }
    let buffer = worker.pointee.scratch.bindMemory(to: CChar.self)
    let wanted = min(size, buffer.count)
    var filled = 0
    try directory.pointee.seek(offset)
    do throws(Errno) {
      while let entry = try directory.pointee.peek() {
        let room = UnsafeMutableBufferPointer(rebasing: buffer[filled..<wanted])
        guard let length = try add(entry, room) else { break }
        filled += length
        directory.pointee.advance(entry)
      }
    } catch {
      // Entries that were read are not lost: the error comes again at the next request.
      guard filled > 0 else { throw error }
    }
    return UnsafeBufferPointer(rebasing: buffer[..<filled])
  }

  /// Takes back the lookups of a reply that the kernel did not take: struct fuse_direntplus each.
  fileprivate func forgetEntries(_ reply: UnsafeRawBufferPointer) {
    let header = MemoryLayout<fuse_entry_out>.size + 24
    var next = 0
    while next + header <= reply.count {
      let id = reply.loadUnaligned(fromByteOffset: next, as: fuse_ino_t.self)
      let nameLength = reply.loadUnaligned(fromByteOffset: next + header - 8, as: UInt32.self)
      if id != 0 { table.forget(node(id), 1) }
      next += (header + Int(nameLength) + 7) & ~7
    }
  }

  fileprivate func shown(_ entry: DirectoryEntry, in id: fuse_ino_t) -> stat {
    var shown = stat()
    let isAboveRoot = id == FUSE_ROOT_ID && entry.isDots
    let device = node(id).pointer.pointee.identity.device
    // What lies above the source is none of the view's.
    shown.st_ino =
      ino_t(
        isAboveRoot
          ? table.root.pointer.pointee.identity.inode : view.shownInode(entry.inode, on: device))
    shown.st_mode = mode_t(entry.type) << 12
    return shown
  }

  /// The entry with its attributes and a lookup on its node; the bare entry where it cannot be had:
  /// the kernel then asks if it needs to know.
  fileprivate func shownWithLookup(
    _ entry: DirectoryEntry, _ parent: NodeReference, _ directory: CInt
  ) -> (fuse_entry_param, NodeReference?) {
    if !entry.isDots, table.hasRoom,
      let found = try? view.lookUp(parent, directory, entry.name)
    {
      return (view.entry(found.node, found.attributes), found.node)
    }
    var bare = fuse_entry_param()
    bare.attr = shown(entry, in: table.id(parent))
    return (bare, nil)
  }
}
