// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc
import Synchronization

/// Keeps nodes that have no handle, and so hold a descriptor each, from using up all descriptors: asks
/// the kernel to forget the ones that were not used for longest.
///
/// It has a thread of its own, because the kernel locks the parent directory for that: a thread that
/// serves a request from that directory would wait for itself.
final class Evictor: Sendable {
  private let table: NodeTable
  private nonisolated(unsafe) let session: OpaquePointer

  init(_ session: OpaquePointer, _ table: NodeTable) {
    self.session = session
    self.table = table
  }

  /// Starts the thread, which works until the process ends. Without it descriptors may run out, and
  /// requests then fail with ENFILE.
  static func start(_ session: OpaquePointer, _ table: NodeTable) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Evictor(session, table)).toOpaque()
    pthread_create(
      &thread, nil, { Unmanaged<Evictor>.fromOpaque($0!).takeUnretainedValue().run() }, context)
  }

  private func run() -> Never {
    while true {
      table.shortage.wait()
      evict()
      // What is in use cannot be evicted: do not ask for it again at once.
      usleep(1000)
    }
  }

  private func evict() {
    var next = 0
    var fruitless = 0
    while table.openDescriptors.load(ordering: .relaxed) > table.limits.soft * 3 / 4,
      fruitless < NodeTable.shardCount
    {
      let batch = table.shards[next].evictionCandidates(Self.batchSize)
      next = (next + 1) % NodeTable.shardCount
      fruitless = batch.isEmpty ? fruitless + 1 : 0
      for (parent, name) in batch {
        fuse_lowlevel_notify_inval_entry(session, parent, name, strlen(name))
        free(name)
      }
    }
  }

  private static let batchSize = 64
}

extension Shard {
  /// Copies where the least recently used nodes without a handle were last seen, and puts them in
  /// front of the list: each is asked for once in a round.
  fileprivate func evictionCandidates(
    _ count: Int
  ) -> [(parent: fuse_ino_t, name: UnsafeMutablePointer<CChar>)] {
    nonisolated(unsafe) var candidates: [(parent: fuse_ino_t, name: UnsafeMutablePointer<CChar>)] =
      []
    state.withLock { state in
      for _ in 0..<min(count, max(1, state.idle / 4)) {
        guard let node = state.oldest else { break }
        state.unlist(node)
        state.list(node)
        if let name = node.pointer.pointee.name, let copy = strdup(name) {
          candidates.append((node.pointer.pointee.parent, copy))
        }
      }
    }
    return candidates
  }
}
