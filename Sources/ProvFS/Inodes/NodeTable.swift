// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// The inodes that the kernel knows, by identity.
///
/// Striped: a node's shard is chosen by its hash, and a shard's lock guards the fields of its nodes
/// that ``Node`` lists. A shard's lock is the innermost one: nothing else is locked under it.
final class NodeTable: Sendable {
  /// The directory that is shown at the mountpoint. Never forgotten.
  let root: NodeReference
  let limits: DescriptorLimits
  let shards: [Shard]
  let volumes: VolumeList
  /// Where backing files are registered: the session's descriptor.
  let device = Atomic<CInt>(-1)
  private let generations = Atomic<UInt64>(1)
  /// Descriptors that nodes hold open.
  let openDescriptors = Atomic<Int>(0)
  /// Called when descriptors run short, without any lock.
  let shortage = WakeUp()

  /// - Parameter source: a descriptor of the directory to show, which the table takes over.
  /// - Throws: the error of statx(2).
  init(
    source: CInt, usesHandles: Bool, passthrough: PassthroughPolicy = .never,
    limits: DescriptorLimits
  ) throws(Errno) {
    let attributes = try statx(of: source, Self.statMask)
    self.limits = limits
    shards = (0..<Self.shardCount).map { _ in Shard() }
    let identity = Identity(attributes)
    volumes = VolumeList(usesHandles: usesHandles, passthrough: passthrough)
    let reference = Node.make(
      identity: identity, volume: volumes.volume(of: identity, descriptor: source),
      type: S_IFDIR, generation: 0, handle: nil)
    let node = reference.pointer
    node.pointee.volume.nodes.wrappingAdd(1, ordering: .relaxed)
    node.pointee.descriptor = source
    node.pointee.lookups = 1
    node.pointee.isPinned = true
    root = reference
    shard(of: root).state.withLock { $0.insert(reference) }
  }

  static let shardCount = 64
  static let statMask = UInt32(STATX_BASIC_STATS) | UInt32(STATX_BTIME) | UInt32(STATX_MNT_ID)

  /// What statx(2) says of an open file.
  func attributes(_ descriptor: CInt) throws(Errno) -> statx {
    try statx(of: descriptor, Self.statMask)
  }

  func node(_ id: fuse_ino_t) -> NodeReference {
    guard id != FUSE_ROOT_ID, let pointer = UnsafeMutablePointer<Node>(bitPattern: UInt(id)) else {
      return root
    }
    return NodeReference(pointer: pointer)
  }

  func id(_ node: NodeReference) -> fuse_ino_t {
    node == root ? fuse_ino_t(FUSE_ROOT_ID) : node.id
  }

  func shard(of node: NodeReference) -> Shard {
    shard(of: node.pointer.pointee.identity)
  }

  func shard(of identity: Identity) -> Shard {
    shards[Int(truncatingIfNeeded: identity.hash >> 48) & (Self.shardCount - 1)]
  }

  /// Finds or makes the node of an open file, and adds one lookup to it.
  ///
  /// - Parameters:
  ///   - descriptor: an O_PATH descriptor, which this call takes over, also when it throws.
  ///   - attributes: what statx(2) says of it.
  ///   - parent: where it was found; remembered only where handles cannot be opened.
  ///   - name: under which name; nil where it has none.
  func adopt(
    _ descriptor: CInt, _ attributes: borrowing statx, parent: NodeReference,
    name: UnsafePointer<CChar>?
  ) throws(Errno) -> NodeReference {
    let node: NodeReference
    do throws(Errno) {
      node = try findOrMake(descriptor, attributes, in: parent)
    } catch {
      close(descriptor)
      throw error
    }
    keepOrClose(descriptor, node)
    remember(node, parent, name)
    return node
  }

  /// Finds or makes the node of a file that stays open as `descriptor`, which can be of any kind.
  func adopt(
    opened descriptor: CInt, _ attributes: borrowing statx, parent: NodeReference,
    name: UnsafePointer<CChar>?
  ) throws(Errno) -> NodeReference {
    let node = try findOrMake(descriptor, attributes, in: parent)
    guard node.pointer.pointee.handle == nil else { return node }
    // Nothing else leads to it again.
    let path = prov_open_fd(descriptor, CInt(PROV_O_PATH))
    guard path >= 0 else {
      forget(node, 1)
      throw Errno(rawValue: -path)
    }
    keepOrClose(path, node)
    remember(node, parent, name)
    return node
  }

  private func findOrMake(
    _ descriptor: CInt, _ attributes: borrowing statx, in parent: NodeReference
  ) throws(Errno) -> NodeReference {
    let identity = Identity(attributes)
    let volume = self.volume(of: identity, in: parent, descriptor: descriptor)
    var handle = prov_handle()
    let hasHandle = volume.handleMount >= 0 && prov_handle_of(descriptor, &handle) == 0
    let shard = shard(of: identity)
    let known = shard.state.withLock { state -> NodeReference? in
      guard let node = state.find(identity, hasHandle ? handle : nil) else { return nil }
      node.pointer.pointee.lookups += 1
      return node
    }
    if let known { return known }
    guard hasHandle || waitForRoom() else { throw Errno.tooManyOpenFilesInSystem }
    let candidate = make(
      identity, volume, mode_t(attributes.stx_mode) & S_IFMT, hasHandle ? handle : nil)
    // Another thread may have been faster: then its node is used and this one dropped.
    let node = shard.state.withLock { state -> NodeReference in
      if let node = state.find(identity, hasHandle ? handle : nil) {
        node.pointer.pointee.lookups += 1
        return node
      }
      candidate.pointer.pointee.lookups = 1
      state.insert(candidate)
      return candidate
    }
    if node != candidate { discard(candidate) }
    return node
  }

  /// The node of an open file, if the kernel knows it; with one lookup added.
  func find(descriptor: CInt, _ attributes: borrowing statx) -> NodeReference? {
    let identity = Identity(attributes)
    var handle = prov_handle()
    let hasHandle = prov_handle_of(descriptor, &handle) == 0
    return shard(of: identity).state.withLock { state -> NodeReference? in
      let node =
        (hasHandle ? state.find(identity, handle) : nil) ?? state.find(identity, nil)
      node?.pointer.pointee.lookups += 1
      return node
    }
  }

  /// Adds a lookup to a node that has one.
  func retain(_ node: NodeReference) {
    guard node != root else { return }
    shard(of: node).state.withLock { _ in node.pointer.pointee.lookups += 1 }
  }

  /// Takes `count` lookups away; a node without any is freed.
  func forget(_ node: NodeReference, _ count: UInt64) {
    guard node != root else { return }
    let isLast = shard(of: node).state.withLock { state in
      let pointer = node.pointer
      pointer.pointee.lookups -= min(count, pointer.pointee.lookups)
      guard pointer.pointee.lookups == 0 else { return false }
      state.remove(node)
      return true
    }
    if isLast { discard(node) }
  }

  /// Every node that is known now, each with one lookup added.
  func all() -> [NodeReference] {
    shards.flatMap { shard in shard.state.withLock { $0.allWithLookup() } }
  }

  /// The parent's, most often: then nothing is asked that all threads share.
  private func volume(
    of identity: Identity, in parent: NodeReference, descriptor: CInt
  ) -> Volume {
    let near = parent.pointer.pointee.volume
    return near.holds(identity) ? near : volumes.volume(of: identity, descriptor: descriptor)
  }

  private func make(
    _ identity: Identity, _ volume: Volume, _ type: mode_t, _ handle: prov_handle?
  ) -> NodeReference {
    volume.nodes.wrappingAdd(1, ordering: .relaxed)
    return Node.make(
      identity: identity, volume: volume, type: type,
      generation: generations.wrappingAdd(1, ordering: .relaxed).oldValue, handle: handle)
  }

  private func discard(_ node: NodeReference) {
    if let idle = node.pointer.pointee.idleBacking { unregister(idle) }
    if node.pointer.pointee.descriptor >= 0 {
      close(node.pointer.pointee.descriptor)
      openDescriptors.wrappingSubtract(1, ordering: .relaxed)
    }
    let volume = node.pointer.pointee.volume
    if volume.nodes.wrappingSubtract(1, ordering: .relaxed).newValue == 0 {
      volumes.drop(volume)
    }
    node.free()
  }

  private func remember(
    _ node: NodeReference, _ parent: NodeReference, _ name: UnsafePointer<CChar>?
  ) {
    guard node.pointer.pointee.handle == nil, node != root, let name else { return }
    let parentID = id(parent)
    nonisolated(unsafe) let given = name
    shard(of: node).state.withLock { _ in
      let pointer = node.pointer
      pointer.pointee.parent = parentID
      if let old = pointer.pointee.name, strcmp(old, given) == 0 { return }
      free(pointer.pointee.name)
      pointer.pointee.name = strdup(given)
    }
  }
}
