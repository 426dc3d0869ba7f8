// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// The threads that take requests from the kernel and serve them.
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
  private let isStopping = Atomic<Bool>(false)
  private let threads = Mutex<[Thread]>([])

  /// One thread that serves.
  private struct Thread {
    let id: pthread_t
    let state: ThreadState
  }

  private final class ThreadState: Sendable {
    let session: Session
    /// Whether it waits for a request, as opposed to serving one.
    let isWaiting = Atomic<Bool>(false)

    init(_ session: Session) {
      self.session = session
    }
  }

  /// Tells the main thread that the kernel has ended the session.
  static let endSignal = SIGUSR1
  /// Interrupts a thread that waits for a request.
  private static let interruptSignal = SIGUSR2

  init(_ session: OpaquePointer, _ view: View, isPrivileged: Bool, maximumThreads: Int) {
    self.session = session
    self.view = view
    self.isPrivileged = isPrivileged
    self.maximumThreads = maximumThreads
    // Not signal(3), whose handlers restart what they interrupt.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(Self.interruptSignal, &action, nil)
  }

  /// Begins to serve.
  ///
  /// - Throws: the error of pthread_create(3).
  func start() throws(Errno) {
    try addThread()
  }

  /// Ends serving: requests that were taken are answered, no more are taken.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    // Again and again: a signal may come just before its thread begins to wait.
    while interruptThreads() > 0 { usleep(1000) }
  }

  /// - Returns: how many threads serve.
  private func interruptThreads() -> Int {
    threads.withLock { threads in
      for thread in threads where thread.state.isWaiting.load(ordering: .sequentiallyConsistent) {
        pthread_kill(thread.id, Self.interruptSignal)
      }
      return threads.count
    }
  }

  private func addThread() throws(Errno) {
    let result = threads.withLock { threads -> CInt in
      guard threads.count < maximumThreads else { return 0 }
      waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
      var thread = pthread_t()
      let state = ThreadState(self)
      let context = Unmanaged.passRetained(state)
      let result = pthread_create(
        &thread, nil,
        { context in
          let state = Unmanaged<ThreadState>.fromOpaque(context!).takeRetainedValue()
          state.session.serve(state)
          return nil
        }, context.toOpaque())
      guard result == 0 else {
        context.release()
        waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return result
      }
      pthread_detach(thread)
      threads.append(Thread(id: thread, state: state))
      return 0
    }
    guard result == 0 else { throw Errno(rawValue: result) }
  }

  private func serve(_ state: ThreadState) {
    let worker = UnsafeMutablePointer<Worker>.allocate(capacity: 1)
    do throws(Errno) {
      worker.initialize(to: try Worker(isPrivileged: isPrivileged))
    } catch {
      fatalError("cannot give a thread its own umask: \(error)")
    }
    prov_thread_set_value(worker)
    var buffer = fuse_buf()
    while fuse_session_exited(session) == 0 {
      state.isWaiting.store(true, ordering: .sequentiallyConsistent)
      // Stopping may have begun before this thread could be seen to wait.
      if isStopping.load(ordering: .sequentiallyConsistent) { break }
      let count = fuse_session_receive_buf(session, &buffer)
      state.isWaiting.store(false, ordering: .sequentiallyConsistent)
      if count == -EINTR || count == -EAGAIN { continue }
      guard count > 0 else { break }
      if waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 {
        // Where no thread can be added the ones that run serve on.
        try? addThread()
      }
      worker.pointee.request = UnsafeRawBufferPointer(start: buffer.mem, count: Int(count))
      if !RawRequests.serve(worker, view, fuse_session_fd(session)) {
        fuse_session_process_buf(session, &buffer)
      }
      waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
    }
    free(buffer.mem)
    prov_thread_set_value(nil)
    worker.deinitialize(count: 1)
    worker.deallocate()
    let isLast = threads.withLock { threads in
      threads.removeAll { $0.state === state }
      return threads.isEmpty
    }
    if isLast && !isStopping.load(ordering: .relaxed) { pthread_kill(mainThread, Self.endSignal) }
  }
}
