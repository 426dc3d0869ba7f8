// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// How many descriptors nodes may hold.
struct DescriptorLimits: Sendable {
  /// Idle descriptors of nodes that have handles, in each shard.
  let cachedPerShard: Int
  /// Above this, nodes without handles are evicted.
  let soft: Int
  /// At this, no node without a handle is added.
  let hard: Int

  /// Shares out `limit`, the process's limit of descriptors: half of it for nodes at most, the rest
  /// for open files.
  init(limit: Int) {
    cachedPerShard = max(1, min(limit / 4, 8192) / NodeTable.shardCount)
    soft = limit / 2
    hard = max(limit - max(limit / 4, 64), 1)
  }
}

extension NodeTable {
  /// Runs `body` with an O_PATH descriptor of the node's inode, which stays open meanwhile.
  ///
  /// - Throws: ESTALE where the inode is gone, ENFILE where there is no descriptor left.
  func withDescriptor<Result>(
    _ node: NodeReference, _ body: (CInt) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    let descriptor = try borrow(node)
    defer { giveBack(node) }
    return try body(descriptor)
  }

  /// Closes `descriptor`, an O_PATH one of `node`, unless the node has none and can keep it.
  func keepOrClose(_ descriptor: CInt, _ node: NodeReference) {
    let (kept, surplus) = shard(of: node).state.withLock { state -> (Bool, Surplus?) in
      guard node.pointer.pointee.descriptor < 0 else { return (false, nil) }
      node.pointer.pointee.descriptor = descriptor
      state.list(node)
      return (true, takeSurplus(&state))
    }
    if !kept { close(descriptor) }
    if kept { count(added: 1) }
    dispose(surplus)
  }

  /// Keeps the node's inode alive although its last name goes: without a name its handle cannot be
  /// opened any more.
  ///
  /// - Parameter descriptor: any one of the inode, for a node that has none of its own.
  func pin(_ node: NodeReference, _ descriptor: CInt) {
    let idle = shard(of: node).state.withLock { _ in node.pointer.pointee.idleBacking.take() }
    if let idle { unregister(idle) }
    let isAdded = shard(of: node).state.withLock { state -> Bool in
      let isMissing = node.pointer.pointee.descriptor < 0
      if isMissing {
        let opened = prov_open_fd(descriptor, CInt(PROV_O_PATH))
        guard opened >= 0 else { return false }
        node.pointer.pointee.descriptor = opened
      } else {
        state.unlist(node)
      }
      node.pointer.pointee.isPinned = true
      return isMissing
    }
    if isAdded { count(added: 1) }
  }

  /// Whether nodes can be added that nobody has asked for.
  var hasRoom: Bool { openDescriptors.load(ordering: .relaxed) < limits.soft }

  /// Waits until a node without a handle can be added.
  ///
  /// - Returns: false where there is no room after a second: too many nodes are in use.
  func waitForRoom() -> Bool {
    for _ in 0..<1000 {
      if openDescriptors.load(ordering: .relaxed) < limits.hard { return true }
      shortage.send()
      usleep(1000)
    }
    return false
  }

  /// Runs `open`, which opens a descriptor, and once more with idle ones closed if there is none left.
  ///
  /// - Returns: the descriptor, or -errno; -ENFILE where it is for lack of descriptors.
  func withRoom(_ open: () -> CInt) -> CInt {
    let result = open()
    guard result == -EMFILE || result == -ENFILE else { return result }
    shortage.send()
    closeIdle()
    let second = open()
    return second == -EMFILE ? -ENFILE : second
  }

  /// Closes the least recently used descriptor of each shard.
  private func closeIdle() {
    for shard in shards {
      dispose(shard.state.withLock { takeOldest(&$0) })
    }
  }

  /// A descriptor that stays open until it is given back.
  func borrow(_ node: NodeReference) throws(Errno) -> CInt {
    let cached = shard(of: node).state.withLock { state -> CInt in
      let descriptor = node.pointer.pointee.descriptor
      guard descriptor >= 0 else { return -1 }
      if node.pointer.pointee.users == 0 { state.unlist(node) }
      node.pointer.pointee.users += 1
      return descriptor
    }
    if cached >= 0 { return cached }
    let opened = try open(node)
    let (used, isMine) = shard(of: node).state.withLock { state -> (CInt, Bool) in
      let isMine = node.pointer.pointee.descriptor < 0
      if isMine { node.pointer.pointee.descriptor = opened }
      if !isMine && node.pointer.pointee.users == 0 { state.unlist(node) }
      node.pointer.pointee.users += 1
      return (node.pointer.pointee.descriptor, isMine)
    }
    if isMine { count(added: 1) } else { close(opened) }
    return used
  }

  func giveBack(_ node: NodeReference) {
    let surplus = shard(of: node).state.withLock { state -> Surplus? in
      node.pointer.pointee.users -= 1
      guard node.pointer.pointee.users == 0, !node.pointer.pointee.isPinned else { return nil }
      state.list(node)
      return takeSurplus(&state)
    }
    dispose(surplus)
  }

  /// Opens an inode by its handle; must be called with the daemon's own identity.
  private func open(_ node: NodeReference) throws(Errno) -> CInt {
    guard let handle = node.pointer.pointee.handle else { throw Errno(rawValue: ESTALE) }
    let result = withRoom {
      prov_open_handle(
        node.pointer.pointee.volume.handleMount, handle, CInt(PROV_O_PATH) | O_NOFOLLOW)
    }
    if result >= 0 { return result }
    // An inode whose last name went behind the view still lives in a file that is open in it.
    if result == -ESTALE, let open = reopenFromFile(node) { return open }
    throw Errno(rawValue: -result)
  }

  private func reopenFromFile(_ node: NodeReference) -> CInt? {
    let result = shard(of: node).state.withLock { _ -> CInt in
      guard let descriptor = node.pointer.pointee.openDescriptor else { return -ESTALE }
      return prov_open_fd(descriptor, CInt(PROV_O_PATH))
    }
    return result >= 0 ? result : nil
  }

  /// What a node has held for its next use.
  struct Surplus: Sendable {
    let descriptor: CInt
    let backing: BackingFile?
  }

  /// What the least recently used node holds, where the shard has too many idle ones. A node without a
  /// handle keeps its descriptor: ``Evictor`` asks the kernel to forget it instead.
  private func takeSurplus(_ state: inout Shard.State) -> Surplus? {
    state.idle > limits.cachedPerShard ? takeOldest(&state) : nil
  }

  private func takeOldest(_ state: inout Shard.State) -> Surplus? {
    guard let node = state.oldest else { return nil }
    guard node.pointer.pointee.handle != nil else {
      state.unlist(node)
      state.list(node)
      return nil
    }
    return take(node, &state)
  }

  /// - Parameter node: one of the list, with a handle.
  func take(_ node: NodeReference, _ state: inout Shard.State) -> Surplus {
    state.unlist(node)
    let surplus = Surplus(
      descriptor: node.pointer.pointee.descriptor, backing: node.pointer.pointee.idleBacking.take())
    node.pointer.pointee.descriptor = -1
    return surplus
  }

  func dispose(_ surplus: Surplus?) {
    guard let surplus else { return }
    if let backing = surplus.backing { unregister(backing) }
    close(surplus.descriptor)
    count(added: -1)
  }

  private func count(added: Int) {
    let open = openDescriptors.wrappingAdd(added, ordering: .relaxed).newValue
    if added > 0 && open > limits.soft { shortage.send() }
  }
}
