// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// An inode as the kernel knows it for reading and writing it itself.
struct BackingFile: Sendable {
  let id: CInt
  /// With whose rights it was registered, and is used.
  let uid: uid_t
  let gid: gid_t
}

/// How the kernel reaches the data of an inode that is open: the same way for all of its files, else
/// it fails with EIO.
struct Backing: Sendable {
  /// Open files of the inode.
  private var files = 0
  /// Nil where data come through the daemon.
  private var file: BackingFile?

  /// Counts a file that is opened.
  ///
  /// - Parameter register: makes the inode known to the kernel as a backing file, where that can be.
  ///   Called for the first file.
  mutating func open(register: () throws(Errno) -> BackingFile?) throws(Errno) -> BackingFile? {
    if files == 0 { file = try register() }
    files += 1
    return file
  }

  /// Counts a file that is closed.
  ///
  /// - Returns: a backing file that nothing uses any more.
  mutating func close() -> BackingFile? {
    files -= 1
    return files == 0 ? file.take() : nil
  }

  /// Ends the use of the backing file, whatever is open: the view has ended.
  ///
  /// - Returns: what was registered.
  mutating func end() -> BackingFile? { file.take() }
}

/// How the kernel reads and writes one open file.
enum DataPath: Equatable {
  /// Through the view's page cache, with requests.
  case cached
  /// From and to the backing file with this id, without requests.
  case passthrough(CInt)
  /// With a request each for what is read and written; mappings are of the backing file.
  case requests(CInt)

  var backingID: CInt {
    switch self {
    case .cached: 0
    case .passthrough(let id), .requests(let id): id
    }
  }

  var isPassthrough: Bool {
    if case .passthrough = self { true } else { false }
  }
}

extension NodeTable {
  /// Takes over a backing file that nothing uses, for the next who opens the inode. It goes with the
  /// node's descriptor: the kernel keeps no more of them than provfs has descriptors.
  func keepOrUnregister(_ file: BackingFile, _ node: NodeReference) {
    let isKept = shard(of: node).state.withLock { _ -> Bool in
      guard node.pointer.pointee.descriptor >= 0, !node.pointer.pointee.isPinned,
        node.pointer.pointee.idleBacking == nil
      else { return false }
      node.pointer.pointee.idleBacking = file
      return true
    }
    if !isKept { unregister(file) }
  }

  func takeIdleBacking(_ node: NodeReference) -> BackingFile? {
    shard(of: node).state.withLock { _ in node.pointer.pointee.idleBacking.take() }
  }

  /// At the end of the view, makes the kernel let go of the node's backing files. It keeps what is
  /// registered for as long as it has the connection, which with a ring outlives the process, and for
  /// so long the source's filesystem could not be unmounted.
  ///
  /// - Parameter hasEnded: whether the connection has ended. Before, somebody may have been answered with
  ///   a backing file that the kernel has yet to look up.
  func unregisterAll(_ node: NodeReference, hasEnded: Bool) {
    let used = hasEnded ? node.pointer.pointee.backing.withLock { $0.end() } : nil
    for file in [used, takeIdleBacking(node)] {
      if let file { unregister(file) }
    }
  }

  func unregister(_ file: BackingFile) {
    prov_backing_close(device.load(ordering: .relaxed), file.id)
  }
}
