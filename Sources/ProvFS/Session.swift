// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// The threads that take requests from /dev/fuse and serve them: all of them, or with a ``Ring`` the
/// few that do not come through it.
///
/// One thread more than there are requests being served waits for the next, up to a limit: a request
/// that takes long (fsync, a copy, an open that meets a lease) holds up no other.
final class Session: @unchecked Sendable {
  private let session: OpaquePointer
  private let view: View
  private let isPrivileged: Bool
  private let maximumThreads: Int
  private let mainThread = pthread_self()
  private let waiting = Atomic<Int>(0)
  private let threads = ServingThreads()

  /// Tells the main thread that the kernel has ended the session.
  static let endSignal = SIGUSR1

  init(_ session: OpaquePointer, _ view: View, isPrivileged: Bool, maximumThreads: Int) {
    self.session = session
    self.view = view
    self.isPrivileged = isPrivileged
    self.maximumThreads = maximumThreads
  }

  /// Begins to serve.
  ///
  /// - Throws: the error of pthread_create(3).
  func start() throws(Errno) {
    try addThread()
  }

  /// Ends serving: requests that were taken are answered, no more are taken.
  func stop() {
    threads.stop()
  }

  private func addThread() throws(Errno) {
    waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
    var isAdded = false
    defer { if !isAdded { waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent) } }
    isAdded = try threads.add(limit: maximumThreads) { member in self.serve(member) }
  }

  private func serve(_ member: ServingThreads.Member) {
    let worker = Worker.make(isPrivileged: isPrivileged)
    var buffer = fuse_buf()
    while fuse_session_exited(session) == 0 {
      member.isWaiting.store(true, ordering: .sequentiallyConsistent)
      // Stopping may have begun before this thread could be seen to wait.
      if threads.isStopping.load(ordering: .sequentiallyConsistent) { break }
      let count = fuse_session_receive_buf(session, &buffer)
      member.isWaiting.store(false, ordering: .sequentiallyConsistent)
      if count == -EINTR || count == -EAGAIN { continue }
      guard count > 0 else { break }
      if waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
        // Where no thread can be added the ones that run serve on.
        try? addThread()
      }
      worker.pointee.begin(UnsafeRawBufferPointer(start: buffer.mem, count: Int(count)))
      if !RawRequests.serve(worker, view, fuse_session_fd(session)) {
        fuse_session_process_buf(session, &buffer)
      }
      waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }
    free(buffer.mem)
    Worker.free(worker)
    if threads.remove(member) && !threads.isStopping.load(ordering: .relaxed) {
      pthread_kill(mainThread, Self.endSignal)
    }
  }
}
