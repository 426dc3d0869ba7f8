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
        let moved = request.known(source, name!)
        let replaced = request.known(target, newName!)
        defer {
          request.release(moved)
          request.release(replaced)
        }
        if let moved { request.view.stamper.settle(moved.node) }
        try request.asCaller { () throws(Errno) in
          _ = try valueOrErrno(prov_renameat2(source, name, target, newName, flags))
        }
        request.asDaemon()
        if let replaced { request.pinIfNameless(replaced) }
      }
    }
    request.reply(error: 0)
  }
}

/// A node that a name leads to now, with one lookup added, and a descriptor of its inode.
private struct KnownEntry {
  let node: NodeReference
  let descriptor: CInt
}

extension Request {
  fileprivate func remove(
    _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>, flags: CInt
  ) throws(Errno) {
    try table.withDescriptor(node(parent)) { directory throws(Errno) in
      let victim = known(directory, name)
      defer { release(victim) }
      try asCaller { () throws(Errno) in
        _ = try valueOrErrno(prov_unlinkat(directory, name, flags))
      }
      asDaemon()
      if let victim { pinIfNameless(victim) }
    }
    reply(error: 0)
  }

  /// The node that `name` leads to, where the kernel knows it; nil also where that cannot be told,
  /// for then the operation itself tells why.
  fileprivate func known(_ directory: CInt, _ name: UnsafePointer<CChar>) -> KnownEntry? {
    guard let descriptor = try? view.openPath(directory, name) else { return nil }
    guard let attributes = try? view.attributes(descriptor),
      let node = table.find(descriptor: descriptor, attributes)
    else {
      Glibc.close(descriptor)
      return nil
    }
    return KnownEntry(node: node, descriptor: descriptor)
  }

  fileprivate func release(_ entry: KnownEntry?) {
    guard let entry else { return }
    Glibc.close(entry.descriptor)
    table.forget(entry.node, 1)
  }

  /// The kernel may go on using an inode without a name, through a working directory for instance.
  fileprivate func pinIfNameless(_ entry: KnownEntry) {
    guard entry.node.pointer.pointee.handle != nil,
      let attributes = try? view.attributes(entry.descriptor),
      attributes.stx_nlink == 0
    else { return }
    table.pin(entry.node, entry.descriptor)
  }
}
