// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

func provfsMknod(
  _ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t,
  _ device: dev_t
) {
  serve(raw) { request throws(Errno) in
    try request.make(parent, name!, mode & S_IFMT) { directory in
      prov_mknodat(directory, name, mode, device)
    }
  }
}

func provfsMkdir(
  _ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t
) {
  serve(raw) { request throws(Errno) in
    try request.make(parent, name!, S_IFDIR) { directory in
      prov_mkdirat(directory, name, mode)
    }
  }
}

func provfsSymlink(
  _ raw: fuse_req_t?, _ target: UnsafePointer<CChar>?, _ parent: fuse_ino_t,
  _ name: UnsafePointer<CChar>?
) {
  serve(raw) { request throws(Errno) in
    try request.make(parent, name!, S_IFLNK) { directory in
      prov_symlinkat(target, directory, name)
    }
  }
}

func provfsLink(
  _ raw: fuse_req_t?, _ id: fuse_ino_t, _ newParent: fuse_ino_t, _ name: UnsafePointer<CChar>?
) {
  serve(raw) { request throws(Errno) in
    let node = request.node(id)
    let parent = request.node(newParent)
    try request.view.stamper.keepContent(node) { () throws(Errno) in
      request.asDaemon()
      try request.table.withDescriptor(node) { descriptor throws(Errno) in
        try request.table.withDescriptor(parent) { directory throws(Errno) in
          try request.asCaller { () throws(Errno) in
            _ = try valueOrErrno(prov_link_fd(descriptor, directory, name))
          }
        }
      }
    }
    // A file without a name could not be stamped: now it has one.
    request.view.stamper.settle(node)
    request.asDaemon()
    let found = try request.view.lookUp(parent, name!)
    request.reply(entry: found.node, found.attributes)
  }
}

func provfsCreate(
  _ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?, _ mode: mode_t,
  _ info: UnsafeMutablePointer<fuse_file_info>?
) {
  serve(raw) { request throws(Errno) in
    let flags = OpenFlags(info!.pointee.flags)
    let created = try request.create(request.node(parent), name!, mode, flags)
    var reply = created.reply(request.view)
    if fuse_reply_buf(request.raw, &reply, MemoryLayout<provfs_create_reply>.size) != 0 {
      request.abandon(created)
    }
  }
}

/// A file that a request has created and opened, with one lookup added to its node.
struct CreatedFile {
  let node: NodeReference
  let attributes: statx
  let file: OpenFileReference

  func reply(_ view: View) -> provfs_create_reply {
    provfs_create_reply(
      entry: fuse_entry_out(view.entry(node, attributes)), open: file.reply)
  }
}

extension Request {
  /// Makes a new inode that stays closed, stamps it, and replies with it.
  fileprivate func make(
    _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>, _ type: mode_t, _ body: (CInt) -> CInt
  ) throws(Errno) {
    let parent = node(parent)
    let author = view.author(caller)
    let before = Clock.fileTime
    try table.withDescriptor(parent) { directory throws(Errno) in
      try asCreator(author) { () throws(Errno) in _ = try valueOrErrno(body(directory)) }
    }
    asDaemon()
    let found = try view.lookUp(parent, name)
    guard found.node.pointer.pointee.volume.mayBeMade(since: before, type, found.attributes) else {
      return reply(entry: found.node, found.attributes)
    }
    let stamped = view.stamper.created(found.node, by: author)
    reply(entry: found.node, stamped ?? refreshed(found))
  }

  /// O_TMPFILE: a file without a name. It is stamped once it gets one.
  func createTemporary(
    _ parent: NodeReference, _ mode: mode_t, _ flags: OpenFlags
  ) throws(Errno) -> CreatedFile {
    let author = view.author(caller)
    let descriptor = try table.withDescriptor(parent) { directory throws(Errno) in
      try asCreator(author) { () throws(Errno) in
        try valueOrErrno(
          table.withRoom {
            prov_openat(directory, ".", flags.backing | CInt(PROV_O_TMPFILE), mode)
          })
      }
    }
    asDaemon()
    return try opened(descriptor, parent, nil, author, flags)
  }

  fileprivate func create(
    _ parent: NodeReference, _ name: UnsafePointer<CChar>, _ mode: mode_t, _ flags: OpenFlags
  ) throws(Errno) -> CreatedFile {
    let author = view.author(caller)
    do throws(Errno) {
      let descriptor = try table.withDescriptor(parent) { directory throws(Errno) in
        try asCreator(author) { () throws(Errno) in
          // Exclusively, to know that it is this call that creates it.
          try valueOrErrno(
            table.withRoom {
              prov_openat(directory, name, flags.backing | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
            })
        }
      }
      asDaemon()
      return try opened(descriptor, parent, name, author, flags)
    } catch {
      guard error == .fileExists, flags.requested & O_EXCL == 0 else { throw error }
    }
    // Somebody made it behind the view since the kernel looked.
    asDaemon()
    let found = try view.lookUp(parent, name)
    do throws(Errno) {
      guard found.node.isRegular else { throw Errno(rawValue: ESTALE) }
      let file = try open(found.node, flags)
      return CreatedFile(node: found.node, attributes: refreshed(found), file: file)
    } catch {
      table.forget(found.node, 1)
      throw error
    }
  }

  /// Adopts a file that was just created and is open as `descriptor`.
  private func opened(
    _ descriptor: CInt, _ parent: NodeReference, _ name: UnsafePointer<CChar>?,
    _ author: Author, _ flags: OpenFlags
  ) throws(Errno) -> CreatedFile {
    do throws(Errno) {
      let found = try adopt(descriptor, parent, name)
      if name == nil { table.pin(found.node, descriptor) }
      // The kernel is told of them only with the reply; whether writes may pass is decided before.
      found.node.pointer.pointee.shownPrivilegedBits.store(
        View.privilegedBits(found.look.attributes), ordering: .relaxed)
      // At once: the program may take note of ctime, which a stamp moves, before it writes anything.
      let stamped = view.stamper.created(
        found.node, by: author, descriptor, seen: found.look)
      do throws(Errno) {
        let file = try register(found.node, descriptor, flags, author, seen: stamped)
        return CreatedFile(
          node: found.node, attributes: stamped ?? refreshed((found.node, found.look.attributes)),
          file: file)
      } catch {
        table.forget(found.node, 1)
        throw error
      }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  private func adopt(
    _ descriptor: CInt, _ parent: NodeReference, _ name: UnsafePointer<CChar>?
  ) throws(Errno) -> (node: NodeReference, look: Look) {
    let look = try Look(table, descriptor)
    return (
      try table.adopt(opened: descriptor, look.attributes, parent: parent, name: name), look
    )
  }

  /// Takes back what the kernel, whose request was interrupted, does not take.
  func abandon(_ created: CreatedFile) {
    close(created.file)
    table.forget(created.node, 1)
  }

  /// The attributes after stamping, which has moved ctime.
  private func refreshed(_ found: (node: NodeReference, attributes: statx)) -> statx {
    let now = try? table.withDescriptor(found.node) { descriptor throws(Errno) in
      try view.attributes(descriptor)
    }
    return now ?? found.attributes
  }
}
