// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

func provfsLookup(_ raw: fuse_req_t?, _ parent: fuse_ino_t, _ name: UnsafePointer<CChar>?) {
  serve(raw) { request throws(Errno) in
    do throws(Errno) {
      let found = try request.view.lookUp(request.node(parent), name!)
      request.reply(entry: found.node, found.attributes)
    } catch {
      guard error == .noSuchFileOrDirectory, request.view.settings.negativeTimeout > 0 else {
        throw error
      }
      var missing = fuse_entry_param()
      missing.entry_timeout = request.view.settings.negativeTimeout
      fuse_reply_entry(request.raw, &missing)
    }
  }
}

func provfsForget(_ raw: fuse_req_t?, _ node: fuse_ino_t, _ count: UInt64) {
  serve(raw) { request throws(Errno) in
    request.forget(node, count)
    fuse_reply_none(request.raw)
  }
}

func provfsForgetMany(
  _ raw: fuse_req_t?, _ count: Int, _ entries: UnsafeMutablePointer<fuse_forget_data>?
) {
  serve(raw) { request throws(Errno) in
    for entry in UnsafeBufferPointer(start: entries, count: count) {
      request.forget(entry.ino, entry.nlookup)
    }
    fuse_reply_none(request.raw)
  }
}

extension Request {
  /// Replies with a node to which a lookup was added; takes it away again where the kernel, whose
  /// request was interrupted, does not take the reply.
  func reply(entry node: NodeReference, _ attributes: statx) {
    var entry = view.entry(node, attributes)
    if fuse_reply_entry(raw, &entry) != 0 { table.forget(node, 1) }
  }

  fileprivate func forget(_ id: fuse_ino_t, _ count: UInt64) {
    let node = node(id)
    // While it is in the table: a second node for the same inode would have another lock.
    view.stamper.settle(node)
    table.forget(node, count)
  }
}
