// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Lets go of files that somebody may have deleted in SOURCE, past the view: a descriptor keeps such a file,
/// and its space.
///
/// What has a handle can be opened again: its descriptor is closed when nobody has used it for a while.
/// What has none is asked whether it has a name left, and the kernel to forget it where it has not.
/// Directories take next to no space, and may be where somebody stands: they are left alone.
final class Sweeper: Sendable {
  private let table: NodeTable
  private let evictor: Evictor

  init(_ table: NodeTable, _ evictor: Evictor) {
    self.table = table
    self.evictor = evictor
  }

  /// Microseconds between two rounds. After one to two of them a descriptor has not been used for a while.
  private static let interval: UInt32 = 2_000_000

  /// Starts the thread, which works until the process ends.
  func start() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil, { Unmanaged<Sweeper>.fromOpaque($0!).takeUnretainedValue().run() }, context)
  }

  private func run() -> Never {
    while true {
      usleep(Self.interval)
      table.closeUnused()
      for shard in table.shards { askForNames(shard) }
    }
  }

  private func askForNames(_ shard: Shard) {
    let asked = shard.state.withLock { $0.tour(Self.tourSize) }
    let nameless = asked.filter { one in
      (try? statx(of: one.descriptor, UInt32(STATX_NLINK)))?.stx_nlink == 0
    }
    if !nameless.isEmpty {
      nonisolated(unsafe) var candidates: [EvictionCandidate] = []
      shard.state.withLock { _ in candidates = nameless.map { EvictionCandidate($0.node) } }
      evictor.forget(candidates)
    }
    for one in asked { table.forget(one.node, 1) }
  }

  /// How many nodes of a shard are looked at in a round: very many files take no processor for it.
  private static let tourSize = 64
}

extension NodeTable {
  /// Closes the descriptors of files that were not used since before the last round, and begins a round.
  func closeUnused() {
    for shard in shards {
      let unused = shard.state.withLock { state -> [Surplus] in
        defer { state.round &+= 1 }
        return state.unused().map { take($0, &state) }
      }
      for surplus in unused { dispose(surplus) }
    }
  }
}

extension Shard.State {
  /// Whether somebody who deletes it in SOURCE may miss its space, although nobody has it open.
  private func takesSpace(_ node: NodeReference) -> Bool {
    !node.isDirectory && node.pointer.pointee.files == nil
  }

  /// Files with a handle whose descriptors became idle before this round.
  fileprivate func unused() -> [NodeReference] {
    var found: [NodeReference] = []
    var next = oldest
    while let node = next, node.pointer.pointee.idleSince != round {
      next = node.pointer.pointee.newer
      if node.pointer.pointee.handle != nil && takesSpace(node) { found.append(node) }
    }
    return found
  }

  /// The next files of the list that have no handle, each with a lookup added, and its descriptor, which
  /// stays open for as long.
  fileprivate mutating func tour(_ count: Int) -> [(node: NodeReference, descriptor: CInt)] {
    var found: [(NodeReference, CInt)] = []
    var position = 0
    var next = oldest
    while let node = next, found.count < count {
      next = node.pointer.pointee.newer
      position += 1
      guard position > toured, node.pointer.pointee.handle == nil, takesSpace(node) else {
        continue
      }
      node.pointer.pointee.lookups += 1
      found.append((node, node.pointer.pointee.descriptor))
    }
    toured = next == nil ? 0 : position
    return found
  }
}
