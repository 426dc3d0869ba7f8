// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

extension NodeTable {
  /// The node that an entry of a directory leads to, with one lookup added, without opening anything: for
  /// what the kernel asks again and again.
  ///
  /// - Parameters:
  ///   - directory: a descriptor of `parent`.
  /// - Returns: nil where the kernel does not know it, or that cannot be told by name.
  /// - Throws: the error of statx(2).
  func known(
    _ directory: CInt, _ name: UnsafePointer<CChar>, in parent: NodeReference
  ) throws(Errno) -> (node: NodeReference, attributes: statx)? {
    let volume = parent.pointer.pointee.volume
    guard volume.handleMount >= 0 else { return nil }
    var attributes = statx()
    let flags = AT_SYMLINK_NOFOLLOW | CInt(PROV_AT_NO_AUTOMOUNT)
    _ = try valueOrErrno(prov_statx(directory, name, flags, Self.statMask, &attributes))
    let identity = Identity(attributes)
    let shard = shard(of: identity)
    guard volume.holds(identity), shard.state.withLock({ $0.contains(identity) }) else {
      return nil
    }
    var handle = prov_handle()
    guard prov_handle_at(directory, name, &handle) == 0 else { return nil }
    // The name may have come to lead elsewhere between the two calls. A node that has the number that
    // the one told and the handle that the other told is one inode.
    let node = shard.state.withLock { state -> NodeReference? in
      guard let node = state.find(identity, handle) else { return nil }
      node.pointer.pointee.lookups += 1
      return node
    }
    return node.map { ($0, attributes) }
  }
}
