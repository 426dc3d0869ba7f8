// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Logging
import Provenance
import Synchronization
import SystemPackage

/// Requests over io_uring: a queue for each processor that the kernel can ever have. It uses none of them
/// before it has entries for all, and all requests wait until then.
///
/// INIT, FORGET and INTERRUPT still come through /dev/fuse, and notifications go there.
final class Ring: @unchecked Sendable {
  let session: OpaquePointer
  let view: View
  let isPrivileged: Bool
  /// Of each processor.
  let maximumThreads: Int
  /// Why requests come through /dev/fuse; nil where they come over io_uring, or are to.
  private(set) var refusal: String?
  /// The main thread's, to take everything back with while no ring is in use.
  private var spare: ThreadRing?
  private var queues: [RingQueue] = []
  private let isBroken = Atomic<Bool>(false)

  let device: CInt

  init(
    _ session: OpaquePointer, _ view: View, isPrivileged: Bool, maximumThreads: Int,
    refusal: String?
  ) {
    self.session = session
    self.view = view
    self.isPrivileged = isPrivileged
    self.maximumThreads = maximumThreads
    self.refusal = refusal
    device = fuse_session_fd(session)
  }

  /// Finds out whether this process can have a ring at all.
  ///
  /// - Returns: whether to ask the kernel for it at FUSE_INIT.
  func prepare() -> Bool {
    guard refusal == nil else { return false }
    do throws(Errno) {
      let ring = try ThreadRing(entries: 1)
      try ring.enable()
      spare = ring
      return true
    } catch {
      refusal = "this process cannot use io_uring: \(error.description)"
      return false
    }
  }

  /// Begins to serve.
  ///
  /// - Parameter isGranted: whether the kernel has granted it at FUSE_INIT.
  func start(isGranted: Bool) {
    guard let spare else { return }
    defer { spare.destroy() }
    guard isGranted else {
      refusal = "the kernel did not grant it at mounting"
      return
    }
    refusal = startQueues()
    if refusal != nil {
      spare.refuse(device)
      stop()
    }
  }

  /// What is in force, for the log.
  var description: String {
    if let refusal { return "requests come through /dev/fuse: ring is off: \(refusal)" }
    return "requests come over io_uring, in a queue for each processor: ring is on"
  }

  private func startQueues() -> String? {
    let processors: Int
    do throws(Errno) {
      processors = try Processors.possible()
    } catch {
      return "how many processors there can be is unknown: \(error.description)"
    }
    for processor in 0..<processors {
      let queue = RingQueue(processor, self)
      queues.append(queue)
      let outcome = queue.begin()
      guard let error = outcome.error else { continue }
      // It was unmounted meanwhile.
      if Self.ends.contains(error) { return nil }
      // With an entry in the last queue the kernel uses them all, and cannot go back.
      if outcome.hasOffered && processor == processors - 1 { hasEnded(error) }
      return "cannot offer entries of processor \(processor): \(error.description)"
    }
    return nil
  }

  /// What a thread is told when the connection ends.
  private static let ends: [Errno] = [
    .socketNotConnected, .connectionAbort, .canceled, .operationNotSupportedByDevice,
  ]

  /// A thread's ring has ended. If that is not the view's end the kernel takes no answers any more: nobody
  /// who waits for one can be helped but by the end of the connection, and that is the process's.
  func hasEnded(_ error: Errno) {
    if Self.ends.contains(error) { return }
    guard !isBroken.exchange(true, ordering: .relaxed) else { return }
    let logger = Logger(label: Log.name)
    logger.critical("the ring has failed: \(error.description); the view ends")
    for node in view.table.all() { view.stamper.settle(node) }
    exit(2)
  }

  /// Ends serving: requests that were taken are answered, no more are taken.
  func stop() {
    for queue in queues { queue.stop() }
  }
}
