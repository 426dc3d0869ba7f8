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
        let moved = request.entry(source, name!, in: from)
        defer { request.release(moved) }
        if let moved { request.view.stamper.settle(moved) }
        let replaced = request.entry(target, newName!, in: to)
        defer { request.release(replaced) }
        try request.keeping(replaced) { () throws(Errno) in
          _ = try valueOrErrno(prov_renameat2(source, name, target, newName, flags))
        }
      }
    }
    request.reply(error: 0)
  }
}

extension Request {
  fileprivate func remove(
    _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>, flags: CInt
  ) throws(Errno) {
    let parent = node(parent)
    try table.withDescriptor(parent) { directory throws(Errno) in
      let victim = entry(directory, name, in: parent)
      defer { release(victim) }
      try keeping(victim) { () throws(Errno) in
        _ = try valueOrErrno(prov_unlinkat(directory, name, flags))
      }
    }
    reply(error: 0)
  }

  /// The node that `name` leads to, where the kernel knows it, with one lookup added; nil also where that
  /// cannot be told, for then the operation itself tells why.
  fileprivate func entry(
    _ directory: CInt, _ name: UnsafePointer<CChar>, in parent: NodeReference
  ) -> NodeReference? {
    if parent.pointer.pointee.volume.handleMount >= 0 {
      return (try? table.known(directory, name, in: parent))?.node
    }
    guard let descriptor = try? view.openPath(directory, name) else { return nil }
    defer { Glibc.close(descriptor) }
    guard let attributes = try? view.attributes(descriptor) else { return nil }
    return table.find(descriptor: descriptor, attributes)
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
