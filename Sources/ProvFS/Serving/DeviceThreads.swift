// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// The threads that take requests from /dev/fuse and serve them: all of them, or with a ``Ring`` the
/// few that do not come through it.
///
/// One of them waits for the next, and others where that one does not keep up: ``WaitingThreads``. A request that
/// takes long (fsync, a copy, an open that meets a lease) holds up no other, up to a limit of threads.
final class DeviceThreads: @unchecked Sendable {
  private let session: OpaquePointer
  private let view: View
  private let isPrivileged: Bool
  private let maximumThreads: Int
  private let mainThread = pthread_self()
  private let threads = ServingThreads()
  private let waiting: WaitingThreads
  private let isOpen = Atomic<Bool>(false)

  /// Tells the main thread that the kernel has ended the session.
  static let endSignal = SIGUSR1

  init(_ session: OpaquePointer, _ view: View, isPrivileged: Bool, maximumThreads: Int) {
    self.session = session
    self.view = view
    self.isPrivileged = isPrivileged
    self.maximumThreads = maximumThreads
    waiting = WaitingThreads(
      most: min(maximumThreads, max(2, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))))
  }

  /// Begins to serve: the kernel's INIT only, until the view is ``open()``.
  ///
  /// - Throws: the error of pthread_create(3), or why no thread can serve.
  func start() throws(Errno) {
    // What each thread needs this one can have, or none can.
    _ = try valueOrErrno(prov_thread_unshare_umask())
    guard BusyPolling.prepare(session) else { throw Errno(rawValue: errno) }
    try addThread()
    guard maximumThreads > 1 else { return }
    waiting.watchdog.start(waiting) {
      if !self.waiting.summon() { try? self.addThread() }
    }
  }

  /// It is decided that the view serves. Before, it may yet be given up, and nobody must have been
  /// answered by then.
  func open() {
    isOpen.store(true, ordering: .releasing)
  }

  /// Ends serving: requests that were taken are answered, no more are taken.
  func stop() {
    waiting.end()
    threads.stop()
  }

  private func addThread() throws(Errno) {
    try threads.add(limit: maximumThreads) { member in self.serve(member) }
  }

  private func serve(_ member: ServingThreads.Member) {
    guard let worker = try? Worker.make(isPrivileged: isPrivileged) else { return end(member) }
    let seat = WaitingThreads.Seat()
    var buffer = fuse_buf()
    var polling = BusyPolling()
    while waitForTurn(member, seat) {
      let begin = Clock.monotonic
      let count = polling.receive(session, &buffer)
      let waited = Clock.monotonic &- begin
      member.isWaiting.store(false, ordering: .sequentiallyConsistent)
      let message = UnsafeRawBufferPointer(start: buffer.mem, count: max(0, Int(count)))
      if waiting.leave(after: waited, takesLong: Self.takesLong(message)) {
        // Where no thread can be added the ones that run serve on.
        try? addThread()
      }
      if count == -EINTR || count == -EAGAIN { continue }
      guard count > 0 else { break }
      if !isOpen.load(ordering: .acquiring) { waitUntilOpen(message) }
      worker.pointee.begin(message)
      if !RawRequests.serve(worker, view, fuse_session_fd(session)) {
        fuse_session_process_buf(session, &buffer)
      }
    }
    waiting.end()
    free(buffer.mem)
    Worker.free(worker)
    end(member)
  }

  private func end(_ member: ServingThreads.Member) {
    if threads.remove(member) && !threads.isStopping.load(ordering: .relaxed) {
      pthread_kill(mainThread, Self.endSignal)
    }
  }

  /// - Returns: false where the session ends.
  private func waitForTurn(_ member: ServingThreads.Member, _ seat: WaitingThreads.Seat) -> Bool {
    member.isWaiting.store(true, ordering: .sequentiallyConsistent)
    return waiting.enter(seat) {
      // Stopping may have begun before this thread could be seen to wait.
      threads.isStopping.load(ordering: .sequentiallyConsistent)
        || fuse_session_exited(session) != 0
    }
  }

  private func waitUntilOpen(_ message: UnsafeRawBufferPointer) {
    guard let operation = Self.operation(of: message), operation != FUSE_INIT else { return }
    while !isOpen.load(ordering: .acquiring) { usleep(100) }
  }

  /// What a message asks for; nil where it is too short to be a request.
  private static func operation(of message: UnsafeRawBufferPointer) -> fuse_opcode? {
    guard message.count >= MemoryLayout<fuse_in_header>.size else { return nil }
    return fuse_opcode(message.loadUnaligned(as: fuse_in_header.self).opcode)
  }

  /// Whether serving the request means to wait for a disk, or for much to be copied.
  private static func takesLong(_ message: UnsafeRawBufferPointer) -> Bool {
    switch operation(of: message) {
    case FUSE_FSYNC, FUSE_FSYNCDIR, FUSE_FALLOCATE, FUSE_COPY_FILE_RANGE, FUSE_IOCTL: true
    default: false
    }
  }
}
