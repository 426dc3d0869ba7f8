// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc
import Synchronization

/// Keeps nodes that have no handle, and so hold a descriptor each, from using up all descriptors: asks
/// the kernel to forget the ones that were not used for longest.
///
/// It has a thread of its own, because the kernel may lock the parent directory for that: a thread
/// that serves a request from that directory would wait for itself.
final class Evictor: Sendable {
  private let table: NodeTable
  private nonisolated(unsafe) let session: OpaquePointer

  /// Whether the kernel forgets nodes by their numbers.
  private let kernelPrunes: Bool

  init(_ session: OpaquePointer, _ table: NodeTable, kernelPrunes: Bool) {
    self.session = session
    self.table = table
    self.kernelPrunes = kernelPrunes
  }

  /// Starts the thread, which works until the process ends. Without it descriptors may run out, and
  /// requests then fail with ENFILE.
  func start() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil, { Unmanaged<Evictor>.fromOpaque($0!).takeUnretainedValue().run() }, context)
  }

  /// Asks the kernel to forget these, whose names it takes over.
  func forget(_ candidates: [EvictionCandidate]) {
    if kernelPrunes {
      prune(candidates)
    } else {
      for candidate in candidates { invalidate(candidate) }
    }
    for candidate in candidates { free(candidate.name) }
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
      forget(batch)
    }
  }

  private static let batchSize = 64

  /// FUSE_NOTIFY_PRUNE, of which libfuse knows nothing: struct fuse_notify_prune_out (a count, and
  /// twelve bytes of zero), and the nodes.
  private func prune(_ batch: [EvictionCandidate]) {
    let headerSize = MemoryLayout<fuse_out_header>.size
    var message: [UInt64] = [UInt64](repeating: 0, count: headerSize / 8)
    message += [UInt64(batch.count), 0]
    message += batch.map(\.node)
    message.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(
        of: fuse_out_header(len: UInt32(bytes.count), error: Self.notifyPrune, unique: 0),
        as: fuse_out_header.self)
      _ = write(fuse_session_fd(session), bytes.baseAddress, bytes.count)
    }
  }

  private static let notifyPrune: CInt = 9

  private func invalidate(_ candidate: EvictionCandidate) {
    guard let name = candidate.name else { return }
    // A name that is taken away so is gone for those who use it too, who may be in that directory.
    guard !candidate.isDirectory else { return }
    fuse_lowlevel_notify_inval_entry(session, candidate.parent, name, strlen(name))
  }
}

/// A node that the kernel is asked to forget. By its name where the kernel does not take numbers; the
/// name may lead to another node by now, which is then forgotten and found again.
struct EvictionCandidate {
  let node: fuse_ino_t
  let isDirectory: Bool
  let parent: fuse_ino_t
  /// A copy, to be freed.
  let name: UnsafeMutablePointer<CChar>?

  /// Used under the lock of the node's shard.
  init(_ node: NodeReference) {
    self.node = node.id
    isDirectory = node.isDirectory
    parent = node.pointer.pointee.parent
    name = node.pointer.pointee.name.flatMap { strdup($0) }
  }
}

extension Shard {
  /// The least recently used nodes without a handle; puts them in front of the list, so that each is
  /// asked for once in a round.
  fileprivate func evictionCandidates(_ count: Int) -> [EvictionCandidate] {
    nonisolated(unsafe) var candidates: [EvictionCandidate] = []
    state.withLock { state in
      for _ in 0..<min(count, max(1, state.idle / 4)) {
        guard let node = state.oldest else { break }
        state.unlist(node)
        state.list(node)
        guard node.pointer.pointee.handle == nil else { continue }
        candidates.append(EvictionCandidate(node))
      }
    }
    return candidates
  }
}
