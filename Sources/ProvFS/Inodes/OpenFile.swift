// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// A regular file that is open in the view; its address is the FUSE file handle.
struct OpenFile: ~Copyable {
  let node: NodeReference
  /// Of the source's file; -1 as long as nobody needs one, because the kernel reads the file itself.
  private let opened: Atomic<CInt>
  let isWritable: Bool
  let dataPath: DataPath
  /// Flags of the reply that opens it; `linux/fuse.h`, FOPEN_*.
  let replyFlags: UInt32
  /// Who may be storing through a shared mapping of it: whoever opened it, if for reading and
  /// writing. Nil where it cannot be mapped so, or the opener is not known.
  let mapper: Mapper
  /// Whether the descriptor has O_APPEND now. Used under the node's attribution lock.
  var appends: Bool
  /// Whether another than its opener was seen to hold a descriptor of it. As what follows, used under the
  /// table's shard lock.
  var isPassedOn = false
  /// Neighbours in the node's list.
  var newer: OpenFileReference?
  var older: OpenFileReference?

  enum Mapper: Equatable {
    /// Opened for reading only, or writing only.
    case none
    case unknown
    case known(Writer)

    var author: Author? {
      if case .known(let writer) = self { .known(writer) } else { nil }
    }
  }

  init(
    node: NodeReference, descriptor: CInt, _ flags: OpenFlags, _ dataPath: DataPath,
    opener: Author
  ) {
    self.node = node
    opened = Atomic(descriptor)
    self.dataPath = dataPath
    isWritable = flags.isWritable
    replyFlags = flags.reply(dataPath, isPseudo: node.pointer.pointee.volume.isPseudo)
    mapper = flags.mapper(opener)
    appends = flags.appends
  }

  /// Whether its writes do not come to the daemon.
  var isPassthroughWriter: Bool { isWritable && dataPath.isPassthrough }
  /// Whether content can be changed through it without a request.
  var isSilent: Bool { isPassthroughWriter || isSilentMapper }
  /// Whether stores through its mappings do not come to the daemon.
  var isSilentMapper: Bool { mapper != .none && dataPath != .cached }

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// The descriptor, if there is one.
  var descriptor: CInt? {
    let descriptor = opened.load(ordering: .acquiring)
    return descriptor >= 0 ? descriptor : nil
  }

  /// The descriptor, which is opened if there is none: whether the caller may read was asked before.
  func openedDescriptor(_ table: NodeTable) throws(Errno) -> CInt {
    if let descriptor { return descriptor }
    let fresh = try table.withDescriptor(node) { path throws(Errno) in
      try valueOrErrno(table.withRoom { prov_open_fd(path, O_RDONLY | O_NOCTTY) })
    }
    let (isMine, other) = opened.compareExchange(
      expected: -1, desired: fresh, ordering: .acquiringAndReleasing)
    if isMine { return fresh }
    close(fresh)
    return other
  }
}

extension Node {
  /// A descriptor of one of its open files. Used under the table's shard lock.
  var openDescriptor: CInt? {
    var next = files
    while let file = next {
      if let descriptor = file.pointer.pointee.descriptor { return descriptor }
      next = file.pointer.pointee.older
    }
    return nil
  }
}

struct OpenFileReference: @unchecked Sendable, Equatable {
  let pointer: UnsafeMutablePointer<OpenFile>

  init(pointer: UnsafeMutablePointer<OpenFile>) {
    self.pointer = pointer
  }

  /// The file that a FUSE request names.
  init?(_ info: UnsafeMutablePointer<fuse_file_info>?) {
    guard let info, let pointer = UnsafeMutablePointer<OpenFile>(bitPattern: UInt(info.pointee.fh))
    else { return nil }
    self.pointer = pointer
  }

  /// What answers the request that opens it.
  var reply: provfs_open_reply {
    provfs_open_reply(
      fh: UInt64(UInt(bitPattern: pointer)), open_flags: pointer.pointee.replyFlags,
      backing_id: pointer.pointee.dataPath.backingID)
  }
}

extension NodeTable {
  /// Takes over `file`, and keeps its node known until it is closed.
  func register(_ file: consuming OpenFile) -> OpenFileReference {
    let pointer = UnsafeMutablePointer<OpenFile>.allocate(capacity: 1)
    pointer.initialize(to: file)
    let reference = OpenFileReference(pointer: pointer)
    let node = pointer.pointee.node
    shard(of: node).state.withLock { _ in
      node.pointer.pointee.lookups += 1
      pointer.pointee.older = node.pointer.pointee.files
      node.pointer.pointee.files?.pointer.pointee.newer = reference
      node.pointer.pointee.files = reference
    }
    return reference
  }

  func release(_ file: OpenFileReference) {
    let pointer = file.pointer
    let node = pointer.pointee.node
    shard(of: node).state.withLock { _ in
      let (newer, older) = (pointer.pointee.newer, pointer.pointee.older)
      if let newer {
        newer.pointer.pointee.older = older
      } else {
        node.pointer.pointee.files = older
      }
      older?.pointer.pointee.newer = newer
    }
    pointer.deinitialize(count: 1)
    pointer.deallocate()
    forget(node, 1)
  }

  /// A descriptor of an open file of the node. It stays open for as long as the node's attribution is
  /// locked.
  func openDescriptor(of node: NodeReference) -> CInt? {
    shard(of: node).state.withLock { _ in node.pointer.pointee.openDescriptor }
  }

  func isOpenForWriting(_ node: NodeReference) -> Bool {
    shard(of: node).state.withLock { _ in
      var next = node.pointer.pointee.files
      while let file = next {
        if file.pointer.pointee.isWritable { return true }
        next = file.pointer.pointee.older
      }
      return false
    }
  }

  /// Somebody is about to close a descriptor of the file.
  ///
  /// - Returns: whether that shows for the first time that another than its opener may store through it.
  func isPassedOn(_ file: OpenFileReference, to holder: Author) -> Bool {
    guard let opener = file.pointer.pointee.mapper.author, !holder.isOneWriter(with: opener) else {
      return false
    }
    return shard(of: file.pointer.pointee.node).state.withLock { _ in
      defer { file.pointer.pointee.isPassedOn = true }
      return !file.pointer.pointee.isPassedOn
    }
  }

  /// Who may have stored through a mapping of the file: the one writer that has it open for
  /// reading and writing. Nil where there is none, or more than one, or one that is not known.
  func soleMapper(of node: NodeReference) -> Writer? {
    shard(of: node).state.withLock { _ in
      var sole: Writer?
      var next = node.pointer.pointee.files
      while let file = next {
        if file.pointer.pointee.isPassedOn { return nil }
        switch file.pointer.pointee.mapper {
        case .none: break
        case .unknown: return nil
        case .known(let writer):
          if let sole, !sole.isSameWriter(as: writer) { return nil }
          sole = sole ?? writer
        }
        next = file.pointer.pointee.older
      }
      return sole
    }
  }
}
