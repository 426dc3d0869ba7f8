// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// How the kernel reaches the data of an inode that is open: the same way for all of its files, else
/// it fails with EIO.
struct Backing: Sendable {
  /// Open files of the inode.
  private var files = 0
  /// By which the kernel knows the backing file; 0 where data come through the daemon.
  private var id: CInt = 0

  /// Counts a file that is opened.
  ///
  /// - Parameter register: makes the inode known to the kernel as a backing file; gives the id, or
  ///   -errno. Called for the first file.
  /// - Returns: the backing file's id, or 0.
  mutating func open(register: () throws(Errno) -> CInt) throws(Errno) -> CInt {
    if files == 0 { id = max(try register(), 0) }
    files += 1
    return id
  }

  /// Counts a file that is closed.
  ///
  /// - Returns: the id of a backing file that nothing uses any more, or 0.
  mutating func close() -> CInt {
    files -= 1
    return files == 0 ? id : 0
  }
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

extension Request {
  /// Decides how the file that is being opened is read and written, and registers its backing file.
  /// What is registered acts with the rights of the file's first opener: the thread must have them.
  ///
  /// - Parameter seen: the attributes of a file that nobody else knows yet.
  func chooseDataPath(
    _ node: NodeReference, _ flags: OpenFlags, _ author: Attribution.Author, seen: statx?
  ) throws(Errno) -> DataPath {
    guard Handshake.grantsPassthrough, node.pointer.pointee.volume.allowsPassthrough else {
      return .cached
    }
    let id = try node.pointer.pointee.backing.withLock { backing throws(Errno) in
      try backing.open { () throws(Errno) in
        asDaemon()
        return try table.withDescriptor(node) { descriptor throws(Errno) in
          try asCaller { () throws(Errno) in
            prov_backing_open(fuse_session_fd(view.session), descriptor)
          }
        }
      }
    }
    guard id > 0 else { return .cached }
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

  /// Takes back what ``chooseDataPath(_:_:_:)`` has registered.
  func releaseBacking(_ node: NodeReference) {
    let unused = node.pointer.pointee.backing.withLock { $0.close() }
    if unused > 0 { prov_backing_close(fuse_session_fd(view.session), unused) }
  }
}
