// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization

/// What tells one inode of the source from another.
struct Identity: Equatable {
  /// Device number, major in the upper half.
  let device: UInt64
  /// Id of the mount through which it was reached; zero where the kernel does not tell.
  let mount: UInt64
  /// Inode number on its device.
  let inode: UInt64

  init(_ attributes: statx) {
    device = attributes.device
    mount = attributes.mount
    inode = attributes.stx_ino
  }

  /// Whether both are one inode, whatever the mount.
  func isInode(of other: Identity) -> Bool {
    device == other.device && inode == other.inode
  }

  /// Spreads consecutive inode numbers over all 64 bits (the finaliser of splitmix64).
  var hash: UInt64 {
    var value = inode ^ (device &* 0x9e37_79b9_7f4a_7c15)
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}

/// An inode that the kernel knows. It lives in memory that ``NodeTable`` allocates and frees; its
/// address is its FUSE node id.
struct Node: ~Copyable {
  let identity: Identity
  let volume: Volume
  /// The file type bits of its mode.
  let type: mode_t
  /// Never the same for two nodes, so that an NFS handle of a forgotten one cannot reach another
  /// that was allocated at the same address.
  let generation: UInt64
  /// Where set, the descriptor can be closed and opened again. It follows in the node's memory.
  let handle: UnsafeMutablePointer<prov_handle>?

  // What follows, up to `name`, belongs to the table's shard and is used under its lock.

  var nextInBucket: NodeReference?
  /// References that the kernel holds, and transient ones of our own.
  var lookups: UInt64 = 0
  /// An O_PATH descriptor, or -1.
  var descriptor: CInt = -1
  /// How many requests use the descriptor now.
  var users: UInt32 = 0
  /// Keeps the descriptor open until the node is forgotten: the inode has no name any more.
  var isPinned = false
  /// A backing file that no open file uses now; it goes with the descriptor.
  var idleBacking: BackingFile?
  /// Open files of the inode, newest first.
  var files: OpenFileReference?
  var newer: NodeReference?
  var older: NodeReference?
  /// In which of its shard's rounds its descriptor became idle. See ``Sweeper``.
  var idleSince: UInt32 = 0
  /// Where it was last seen, only for asking the kernel to forget it. See ``Evictor``.
  var parent: fuse_ino_t = 0
  var name: UnsafeMutablePointer<CChar>?

  /// The set-user-id and set-group-id bits that the kernel was told last.
  let shownPrivilegedBits = Atomic<UInt32>(0)
  let attribution = Mutex(Attribution())
  /// Time of the stamp that this daemon has set last; 0 where it has set none. Used under the lock of
  /// `attribution`.
  let ownStamp = Atomic<UInt64>(0)
  /// Whether the kernel knows, or knew, the inode by another mount, too: another node, with an account of
  /// its own, so that neither knows who writes.
  let hasTwin = Atomic<Bool>(false)
  let backing = Mutex(Backing())
  /// Not zero while the content may be stored to without anybody noticing, through a file that is open or
  /// a mapping that has outlived it: then the kernel must not remember attributes.
  let silentMappers = Atomic<Int>(0)

  private init(
    identity: Identity, volume: Volume, type: mode_t, generation: UInt64,
    handle: UnsafeMutablePointer<prov_handle>?
  ) {
    self.identity = identity
    self.volume = volume
    self.type = type
    self.generation = generation
    self.handle = handle
  }

  deinit {
    free(name)
  }
}

extension Node {
  /// Where its handle is, in the same memory: of as many bytes as it has, most often eight of the 128
  /// possible ones.
  private static let handleOffset =
    (MemoryLayout<Node>.size + MemoryLayout<prov_handle>.alignment - 1)
    & ~(MemoryLayout<prov_handle>.alignment - 1)

  /// - Returns: a new node, without any lookup.
  static func make(
    identity: Identity, volume: Volume, type: mode_t, generation: UInt64, handle: prov_handle?
  ) -> NodeReference {
    let handleSize = handle.map { MemoryLayout<prov_handle>.offset(of: \.data)! + Int($0.bytes) }
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: handleOffset + (handleSize ?? 0), alignment: MemoryLayout<Node>.alignment)
    var stored: UnsafeMutablePointer<prov_handle>?
    if var handle, let handleSize {
      let place = memory + handleOffset
      place.copyMemory(from: &handle, byteCount: handleSize)
      stored = place.assumingMemoryBound(to: prov_handle.self)
    }
    let node = memory.bindMemory(to: Node.self, capacity: 1)
    node.initialize(
      to: Node(
        identity: identity, volume: volume, type: type, generation: generation, handle: stored))
    return NodeReference(pointer: node)
  }
}

/// A node by its address. Valid while the kernel, or the holder, has a lookup on it.
struct NodeReference: @unchecked Sendable, Equatable {
  let pointer: UnsafeMutablePointer<Node>

  var id: fuse_ino_t { fuse_ino_t(UInt(bitPattern: pointer)) }
  var isDirectory: Bool { pointer.pointee.type == S_IFDIR }
  var isRegular: Bool { pointer.pointee.type == S_IFREG }

  /// The node is no more.
  func free() {
    pointer.deinitialize(count: 1)
    UnsafeMutableRawPointer(pointer).deallocate()
  }
}
