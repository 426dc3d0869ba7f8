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
    // Filled anew for each shard, so that a round allocates nothing.
    nonisolated(unsafe) var asked: [(node: NodeReference, descriptor: CInt)] = []
    asked.reserveCapacity(Self.tourSize)
    while true {
      usleep(Self.interval)
      table.closeUnused()
      for shard in table.shards {
        shard.state.withLock { $0.tour(Self.tourSize, &asked) }
        for (node, descriptor) in asked {
          askForName(node, descriptor, shard)
          table.forget(node, 1)
        }
        asked.removeAll(keepingCapacity: true)
      }
    }
  }

  private func askForName(_ node: NodeReference, _ descriptor: CInt, _ shard: Shard) {
    guard (try? statx(of: descriptor, UInt32(STATX_NLINK)))?.stx_nlink == 0 else { return }
    nonisolated(unsafe) var candidates: [EvictionCandidate] = []
    shard.state.withLock { _ in candidates = [EvictionCandidate(node)] }
    evictor.forget(candidates)
  }

  /// How many nodes of a shard are looked at in a round: very many files take no processor for it.
  private static let tourSize = 64
}

extension NodeTable {
  /// Closes the descriptors of files that were not used since before the last round, and begins a round.
  func closeUnused() {
    for shard in shards {
      while let surplus = shard.state.withLock({ state in state.unused().map { take($0, &state) } })
      {
        dispose(surplus)
      }
      shard.state.withLock { $0.round &+= 1 }
    }
  }
}

extension Shard.State {
  /// Whether somebody who deletes it in SOURCE may miss its space, although nobody has it open.
  private func takesSpace(_ node: NodeReference) -> Bool {
    !node.isDirectory && node.pointer.pointee.files == nil
  }

  /// A file with a handle whose descriptor became idle before this round.
  fileprivate func unused() -> NodeReference? {
    var next = oldest
    while let node = next, node.pointer.pointee.idleSince != round {
      if node.pointer.pointee.handle != nil && takesSpace(node) { return node }
      next = node.pointer.pointee.newer
    }
    return nil
  }

  /// Adds the next files of the list that have no handle, each with a lookup added, and its descriptor,
  /// which stays open for as long.
  fileprivate mutating func tour(
    _ count: Int, _ found: inout [(node: NodeReference, descriptor: CInt)]
  ) {
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
  }
}
