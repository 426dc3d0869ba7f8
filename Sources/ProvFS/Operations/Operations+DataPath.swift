// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization
import SystemPackage

extension Request {
  /// Decides how the file that is being opened is read and written, and registers its backing file.
  /// What is registered acts with the rights of the file's first opener: the thread must have them.
  ///
  /// - Parameter seen: the attributes of a file that nobody else knows yet.
  func chooseDataPath(
    _ node: NodeReference, _ flags: OpenFlags, _ author: Author, seen: statx?
  ) throws(Errno) -> DataPath {
    guard canPassThrough(node) else { return .cached }
    let backing = try node.pointer.pointee.backing.withLock { backing throws(Errno) in
      try backing.open { () throws(Errno) in try registerBacking(node) }
    }
    guard let id = backing?.id else { return .cached }
    guard flags.isWritable else { return .passthrough(id) }
    asDaemon()
    let mayPass =
      !view.settings.attributesEachWrite
      // The kernel opens the backing file with the flags that it finds here, and fcntl(2) could not
      // take O_APPEND from it.
      && !flags.appends
      // The source takes these bits away for the writer, whom it would not know.
      && node.pointer.pointee.shownPrivilegedBits.load(ordering: .relaxed) == 0
    let passes = view.stamper.admit(
      node, author, mayMap: flags.mayMap, mayPass: mayPass, seen: seen)
    return passes ? .passthrough(id) : .requests(id)
  }

  /// Whether the kernel may read the file itself, if it can.
  func canPassThrough(_ node: NodeReference) -> Bool {
    view.isPassthrough.load(ordering: .relaxed) && node.pointer.pointee.volume.allowsPassthrough
  }

  /// The backing file that was last used in the caller's name, or a new one.
  private func registerBacking(_ node: NodeReference) throws(Errno) -> BackingFile? {
    asDaemon()
    if let idle = table.takeIdleBacking(node) {
      if idle.uid == caller.uid && idle.gid == caller.gid { return idle }
      table.unregister(idle)
    }
    let id = try table.withDescriptor(node) { descriptor throws(Errno) in
      try asCaller { () throws(Errno) in
        prov_backing_open(fuse_session_fd(view.session), descriptor)
      }
    }
    return id > 0 ? BackingFile(id: id, uid: caller.uid, gid: caller.gid) : nil
  }

  /// Takes back what ``chooseDataPath(_:_:_:)`` has registered.
  func releaseBacking(_ node: NodeReference) {
    node.pointer.pointee.backing.withLock { backing in
      if let unused = backing.close() { table.keepOrUnregister(unused, node) }
    }
  }
}
