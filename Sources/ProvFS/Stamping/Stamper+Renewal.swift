// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Changes of an inode that are none of its content: of its times, mode, owner, names and attributes.
///
/// They move ctime, which setting a stamp moves too. A stamp that held before is set again, with a later time
/// and nothing else changed: so a ctime that is later than a file's stamp proves that something happened past
/// the view.
extension Stamper {
  /// As ``keepContent(_:setsTimes:_:)``, for two inodes at a time, or one, or none.
  func keepContent(
    of one: NodeReference?, and other: NodeReference?, _ body: () throws(Errno) -> Void
  ) throws(Errno) {
    guard let one = one ?? other else { return try body() }
    guard let other, other != one else { return try keepContent(one, body) }
    // In one order, whoever asks: both are locked.
    let (first, second) = one.id < other.id ? (one, other) : (other, one)
    try keepContent(first) { () throws(Errno) in try keepContent(second, body) }
  }

  /// A stamp as it is on a file of which ctime proves that nothing has changed since.
  ///
  /// Used under the lock of the node, which the caller holds.
  func stampThatHolds(_ node: NodeReference) -> Stamp? {
    guard node.isRegular, !node.pointer.pointee.hasTwin.load(ordering: .relaxed),
      let attribute = node.pointer.pointee.volume.stampAttribute
    else { return nil }
    Credentials.resumeOwn()
    let found = try? withDescriptor(node) { descriptor throws(Errno) -> Stamp? in
      let file = FileReference(descriptor: descriptor)
      let stamp = try StampStore.read(file, attribute).stamp
      guard let stamp, try stamp.canBeRenewed(FileStatus(file)) else { return nil }
      return stamp
    }
    return found ?? nil
  }

  /// Sets a stamp that held before the change just made again. Where that fails, or would take a time that
  /// has not come yet, the old one stays, and is not proven any more.
  func renew(_ stamp: Stamp, _ node: NodeReference) {
    guard let attribute = node.pointer.pointee.volume.stampAttribute else { return }
    Credentials.resumeOwn()
    _ = try? withDescriptor(node) { descriptor throws(Errno) in
      let look = try Look(table, descriptor)
      let mtime = look.attributes.stx_mtime.nanoseconds
      // A stamp from the future would cover what others have yet to write.
      guard mtime <= Clock.realTime, look.attributes.stx_nlink > 0 else { return }
      let time = max(look.time, mtime, stamp.time)
      node.pointer.pointee.ownStamp.store(time, ordering: .relaxed)
      try whileWritable(descriptor, look.attributes, attribute) { () throws(Errno) in
        try StampStore.renew(
          stamp, of: FileReference(descriptor: descriptor), attribute, at: time)
      }
      // Asked for now, mtime gets a value of its own at the next change; see ``stamp(_:_:_:_:isNew:since:)``.
      _ = try table.attributes(descriptor)
    }
  }
}

extension Stamp {
  /// Whether this stamp was made after the last change of content, of which nobody else knows.
  func covers(_ attributes: statx) -> Bool {
    inode == attributes.stx_ino && time >= attributes.stx_mtime.nanoseconds
      && time <= Clock.realTime
  }
}
