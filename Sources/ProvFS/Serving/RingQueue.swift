// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import CRing
import Glibc
import Synchronization
import SystemPackage

/// What is asked on one processor, and the threads that serve it there: to wake a thread on another
/// processor takes longer than most requests.
///
/// The kernel gives a request to an entry, and so to the thread that has offered that entry last, which
/// must be free to take it. So a thread that serves offers one entry at a time, and none while it is at
/// work; all entries that are not in use are offered by a thread that serves nothing, the keeper. A
/// request that comes to the keeper has found every other thread at work: it starts one more, which
/// keeps the entry from then on. The kernel prefers what was offered last, so the keeper sleeps
/// while there are enough.
///
/// Hence a handler may take as long as it likes and wait for any other request.
final class RingQueue: @unchecked Sendable {
  private let processor: Int
  private let ring: Ring
  private let threads = ServingThreads()
  private let start = WakeUp()
  private let outcome = Mutex<Outcome>(Outcome())

  /// What came of the beginning.
  struct Outcome {
    var error: Errno?
    /// Whether the kernel has got an entry, and so may use the queue.
    var hasOffered = false
  }

  init(_ processor: Int, _ ring: Ring) {
    self.processor = processor
    self.ring = ring
  }

  /// Offers the entries.
  func begin() -> Outcome {
    do throws(Errno) {
      try threads.add(limit: .max) { member in self.keep(member) }
    } catch {
      return Outcome(error: error)
    }
    start.wait()
    return outcome.withLock { $0 }
  }

  func stop() {
    threads.stop()
  }

  private func keep(_ member: ServingThreads.Member) {
    // Where it cannot, on a processor that is offline for instance, it and its successors run anywhere.
    _ = prov_stay_on_processor(UInt32(processor))
    do throws(Errno) {
      let worker = try Worker.make(isPrivileged: ring.isPrivileged)
      defer { Worker.free(worker) }
      let own = try ThreadRing(entries: ring.maximumThreads)
      do throws(Errno) {
        try own.enable()
        try offerAll(own)
      } catch {
        own.destroy()
        throw error
      }
      start.send()
      loop(member, own) { entry in
        // Where no thread can be added it serves, as the last resort.
        if !self.delegate(entry) {
          self.serve(worker, entry)
          own.commit(entry)
        }
      }
      own.destroy()
    } catch {
      outcome.withLock { $0.error = error }
      start.send()
    }
    threads.remove(member)
  }

  private func offerAll(_ own: ThreadRing) throws(Errno) {
    let count = UInt32(ring.maximumThreads)
    guard
      let entries = prov_ring_entries(
        ring.device, UInt16(processor), count, Worker.maximumTransfer)
    else { throw Errno(rawValue: ENOMEM) }
    for index in 0..<count {
      try own.register(RingEntry(raw: prov_ring_entry_at(entries, index)))
      outcome.withLock { $0.hasOffered = true }
    }
  }

  /// Starts a thread that serves the request in `entry`, and then whatever comes to it.
  private func delegate(_ entry: RingEntry) -> Bool {
    guard let own = try? ThreadRing(entries: 1) else { return false }
    let raw = UInt(bitPattern: entry.raw)
    let newcomer = Newcomer()
    do throws(Errno) {
      _ = try threads.add(limit: .max) { member in
        if let worker = newcomer.begin(isPrivileged: self.ring.isPrivileged) {
          self.work(member, worker, own, RingEntry(raw: OpaquePointer(bitPattern: raw)!))
        } else {
          self.threads.remove(member)
        }
      }
    } catch {
      own.destroy()
      return false
    }
    let serves = newcomer.serves()
    if !serves { own.destroy() }
    return serves
  }

  /// A thread of which it is not known yet whether it can serve: it may lack the memory.
  private final class Newcomer: Sendable {
    private let isKnown = WakeUp()
    private let canServe = Atomic<Bool>(false)

    func begin(isPrivileged: Bool) -> UnsafeMutablePointer<Worker>? {
      let worker = try? Worker.make(isPrivileged: isPrivileged)
      canServe.store(worker != nil, ordering: .relaxed)
      isKnown.send()
      return worker
    }

    func serves() -> Bool {
      isKnown.wait()
      return canServe.load(ordering: .relaxed)
    }
  }

  private func work(
    _ member: ServingThreads.Member, _ worker: UnsafeMutablePointer<Worker>, _ own: ThreadRing,
    _ first: RingEntry
  ) {
    serve(worker, first)
    do throws(Errno) {
      try own.enable()
      own.commit(first)
      loop(member, own) { entry in
        self.serve(worker, entry)
        own.commit(entry)
      }
    } catch {
      ring.hasEnded(error)
    }
    own.destroy()
    Worker.free(worker)
    threads.remove(member)
  }

  private func loop(
    _ member: ServingThreads.Member, _ own: ThreadRing, _ take: (RingEntry) -> Void
  ) {
    while true {
      member.isWaiting.store(true, ordering: .sequentiallyConsistent)
      // Stopping may have begun before this thread could be seen to wait.
      if threads.isStopping.load(ordering: .sequentiallyConsistent) { return }
      let entry: RingEntry
      do throws(Errno) {
        entry = try own.wait()
      } catch {
        if error == .interrupted { continue }
        return ring.hasEnded(error)
      }
      member.isWaiting.store(false, ordering: .sequentiallyConsistent)
      take(entry)
    }
  }

  private func serve(_ worker: UnsafeMutablePointer<Worker>, _ entry: RingEntry) {
    guard let message = entry.message else { return ring.hasEnded(Errno(rawValue: EPROTO)) }
    worker.pointee.begin(message, entry)
    if !RawRequests.serve(worker, ring.view, ring.device) {
      var buffer = fuse_buf()
      buffer.mem = UnsafeMutableRawPointer(mutating: message.bytes.baseAddress)
      buffer.size = message.bytes.count
      fuse_session_process_buf(ring.session, &buffer)
    }
    guard worker.pointee.unanswered != nil else { return }
    worker.pointee.unanswered = nil
    entry.answer(message.unique, -EIO, EmptyCollection())
  }
}
