// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization

/// A part of the table: a hash table of nodes, and the list of descriptors that may be closed.
final class Shard: Sendable {
  let state = Mutex(State())

  struct State: @unchecked Sendable {
    /// Chains of nodes by identity; a power of two of them.
    private var buckets = [NodeReference?](repeating: nil, count: 16)
    private var count = 0
    /// Nodes with a descriptor that no request uses now, most recently used first.
    private(set) var newest: NodeReference?
    private(set) var oldest: NodeReference?
    /// Descriptors in the list.
    private(set) var idle = 0
    /// How often ``Sweeper`` has come by.
    var round: UInt32 = 0
    /// How many nodes of the list it has passed in its tour of those without a handle.
    var toured = 0

    /// The node with this identity and handle; without one where `handle` is nil.
    func find(_ identity: Identity, _ handle: prov_handle?) -> NodeReference? {
      var next = buckets[bucket(identity)]
      while let node = next {
        if node.pointer.pointee.identity == identity,
          equal(node.pointer.pointee.handle, handle)
        {
          return node
        }
        next = node.pointer.pointee.nextInBucket
      }
      return nil
    }

    func contains(_ identity: Identity) -> Bool {
      var next = buckets[bucket(identity)]
      while let node = next {
        if node.pointer.pointee.identity == identity { return true }
        next = node.pointer.pointee.nextInBucket
      }
      return false
    }

    mutating func insert(_ node: NodeReference) {
      if count == buckets.count { grow() }
      let index = bucket(node.pointer.pointee.identity)
      markTwins(of: node, in: buckets[index])
      node.pointer.pointee.nextInBucket = buckets[index]
      buckets[index] = node
      count += 1
    }

    /// The hash of an identity leaves the mount out.
    private func markTwins(of node: NodeReference, in chain: NodeReference?) {
      guard node.isRegular else { return }
      var next = chain
      while let other = next {
        next = other.pointer.pointee.nextInBucket
        guard other.pointer.pointee.identity.isInode(of: node.pointer.pointee.identity),
          isOne(other.pointer.pointee.handle, node.pointer.pointee.handle)
        else { continue }
        node.pointer.pointee.hasTwin.store(true, ordering: .relaxed)
        other.pointer.pointee.hasTwin.store(true, ordering: .relaxed)
      }
    }

    mutating func remove(_ node: NodeReference) {
      unlist(node)
      let index = bucket(node.pointer.pointee.identity)
      if buckets[index] == node {
        buckets[index] = node.pointer.pointee.nextInBucket
      } else {
        var previous = buckets[index]
        while let current = previous, current.pointer.pointee.nextInBucket != node {
          previous = current.pointer.pointee.nextInBucket
        }
        previous?.pointer.pointee.nextInBucket = node.pointer.pointee.nextInBucket
      }
      count -= 1
    }

    /// Puts a node whose descriptor became idle in front of the list.
    mutating func list(_ node: NodeReference) {
      node.pointer.pointee.older = newest
      node.pointer.pointee.newer = nil
      newest?.pointer.pointee.newer = node
      newest = node
      if oldest == nil { oldest = node }
      node.pointer.pointee.idleSince = round
      idle += 1
    }

    /// Takes a node out of the list, if it is there.
    mutating func unlist(_ node: NodeReference) {
      let pointer = node.pointer
      guard newest == node || pointer.pointee.newer != nil else { return }
      if let newer = pointer.pointee.newer {
        newer.pointer.pointee.older = pointer.pointee.older
      } else {
        newest = pointer.pointee.older
      }
      if let older = pointer.pointee.older {
        older.pointer.pointee.newer = pointer.pointee.newer
      } else {
        oldest = pointer.pointee.newer
      }
      pointer.pointee.newer = nil
      pointer.pointee.older = nil
      idle -= 1
    }

    func allWithLookup() -> [NodeReference] {
      var all: [NodeReference] = []
      for first in buckets {
        var next = first
        while let node = next {
          node.pointer.pointee.lookups += 1
          all.append(node)
          next = node.pointer.pointee.nextInBucket
        }
      }
      return all
    }

    private func bucket(_ identity: Identity) -> Int {
      Int(truncatingIfNeeded: identity.hash) & (buckets.count - 1)
    }

    private mutating func grow() {
      let old = buckets
      buckets = [NodeReference?](repeating: nil, count: old.count * 2)
      for first in old {
        var next = first
        while let node = next {
          next = node.pointer.pointee.nextInBucket
          let index = bucket(node.pointer.pointee.identity)
          node.pointer.pointee.nextInBucket = buckets[index]
          buckets[index] = node
        }
      }
    }

    private func equal(_ stored: UnsafeMutablePointer<prov_handle>?, _ other: prov_handle?) -> Bool
    {
      guard var other else { return stored == nil }
      return withUnsafeMutablePointer(to: &other) { isOne(stored, $0) }
    }

    /// A handle that is stored has no more memory than its bytes need: it is not copied whole.
    private func isOne(
      _ one: UnsafeMutablePointer<prov_handle>?, _ other: UnsafeMutablePointer<prov_handle>?
    ) -> Bool {
      guard let one, let other else { return one == nil && other == nil }
      guard one.pointee.bytes == other.pointee.bytes, one.pointee.type == other.pointee.type else {
        return false
      }
      let data = MemoryLayout<prov_handle>.offset(of: \.data)!
      return memcmp(
        UnsafeRawPointer(one) + data, UnsafeRawPointer(other) + data, Int(other.pointee.bytes)) == 0
    }
  }
}
