// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

func provfsUnlink(_ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  serve(raw) { request throws(Errno) in try request.remove(parent, name!, flags: 0) }
}

func provfsRmdir(_ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  serve(raw) { request throws(Errno) in
    try request.remove(parent, name!, flags: CInt(AT_REMOVEDIR))
  }
}

func provfsRename(
  _ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?,
  _ newParent: fuse_ino_t, _ newName: UnsafePointer<CChar>?, _ flags: UInt32
) {
  serve(raw) { request throws(Errno) in
    let from = request.node(parent)
    let to = request.node(newParent)
    try request.table.withDescriptor(from) { source throws(Errno) in
      try request.table.withDescriptor(to) { target throws(Errno) in
        let moved = request.entry(source, name!, in: from)?.node
        defer { request.release(moved) }
        let replaced = request.entry(target, newName!, in: to)?.node
        defer { request.release(replaced) }
        let history = request.view.stamper.history(
          of: flags & Request.exchange == 0 ? replaced : nil, inheritedBy: moved)
        try request.view.stamper.keepContent(of: moved, and: replaced) { () throws(Errno) in
          request.asDaemon()
          try request.keeping(replaced) { () throws(Errno) in
            _ = try valueOrErrno(prov_renameat2(source, name, target, newName, flags))
          }
        }
        if let history, let moved { request.view.stamper.inherit(history, moved) }
      }
    }
    request.reply(error: 0)
  }
}

extension Request {
  /// RENAME_EXCHANGE of `linux/fs.h`: neither name goes.
  fileprivate static let exchange: UInt32 = 1 << 1

  fileprivate func remove(
    _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>, flags: CInt
  ) throws(Errno) {
    let parent = node(parent)
    try table.withDescriptor(parent) { directory throws(Errno) in
      let victim = entry(directory, name, in: parent)
      defer { release(victim?.node) }
      let stays = (victim?.attributes.stx_nlink ?? 0) > 1 ? victim?.node : nil
      try view.stamper.keepContent(of: stays, and: nil) { () throws(Errno) in
        asDaemon()
        try keeping(victim?.node) { () throws(Errno) in
          _ = try valueOrErrno(prov_unlinkat(directory, name, flags))
        }
      }
    }
    reply(error: 0)
  }

  /// The node that `name` leads to, where the kernel knows it, with one lookup added; nil also where that
  /// cannot be told, for then the operation itself tells why.
  fileprivate func entry(
    _ directory: CInt, _ name: UnsafePointer<CChar>, in parent: NodeReference
  ) -> (node: NodeReference, attributes: statx)? {
    if parent.pointer.pointee.volume.handleMount >= 0 {
      return try? table.known(directory, name, in: parent)
    }
    guard let descriptor = try? view.openPath(directory, name) else { return nil }
    defer { Glibc.close(descriptor) }
    guard let attributes = try? view.attributes(descriptor) else { return nil }
    return table.find(descriptor: descriptor, attributes).map { ($0, attributes) }
  }

  fileprivate func release(_ node: NodeReference?) {
    if let node { table.forget(node, 1) }
  }

  /// Runs `body` as the caller, which may take an inode's last name. The kernel may go on using it without
  /// one, through a working directory for instance: then its handle does not lead there any more.
  fileprivate func keeping(_ node: NodeReference?, _ body: () throws(Errno) -> Void) throws(Errno) {
    let descriptor = node.flatMap { try? table.borrow($0) }
    defer {
      asDaemon()
      if let node, descriptor != nil { table.giveBack(node) }
    }
    try asCaller(body)
    asDaemon()
    guard let node, let descriptor, node.pointer.pointee.handle != nil,
      let attributes = try? view.attributes(descriptor), attributes.stx_nlink == 0
    else { return }
    table.pin(node, descriptor)
  }
}
