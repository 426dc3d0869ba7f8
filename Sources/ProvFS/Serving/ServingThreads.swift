// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import SystemPackage

/// Threads that wait for requests and serve them, until they are told to stop.
final class ServingThreads: @unchecked Sendable {
  /// One of them.
  final class Member: Sendable {
    /// Whether it waits for a request, as opposed to serving one.
    let isWaiting = Atomic<Bool>(false)
    private let body: @Sendable (Member) -> Void

    fileprivate init(_ body: @escaping @Sendable (Member) -> Void) {
      self.body = body
    }

    fileprivate func run() {
      body(self)
    }
  }

  let isStopping = Atomic<Bool>(false)
  private let members = Mutex<[(thread: pthread_t, member: Member)]>([])

  /// Interrupts a thread that waits for a request.
  private static let interruptSignal = SIGUSR2

  init() {
    // Not signal(3), whose handlers restart what they interrupt.
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(Self.interruptSignal, &action, nil)
  }

  /// Starts a thread, unless there are `limit`. What `body` does last must be ``remove(_:)``.
  ///
  /// - Returns: whether one was started.
  /// - Throws: the error of pthread_create(3).
  @discardableResult
  func add(limit: Int, _ body: @escaping @Sendable (Member) -> Void) throws(Errno) -> Bool {
    let result = members.withLock { members -> CInt? in
      guard members.count < limit else { return nil }
      var thread = pthread_t()
      let member = Member(body)
      let context = Unmanaged.passRetained(member)
      let result = pthread_create(
        &thread, nil,
        { context in
          Unmanaged<Member>.fromOpaque(context!).takeRetainedValue().run()
          return nil
        }, context.toOpaque())
      guard result == 0 else {
        context.release()
        return result
      }
      pthread_detach(thread)
      members.append((thread, member))
      return 0
    }
    guard let result else { return false }
    guard result == 0 else { throw Errno(rawValue: result) }
    return true
  }

  /// A member ends.
  ///
  /// - Returns: whether it was the last one.
  @discardableResult
  func remove(_ member: Member) -> Bool {
    members.withLock { members in
      members.removeAll { $0.member === member }
      return members.isEmpty
    }
  }

  /// Tells them to stop, and waits until they have.
  func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    // Again and again: a signal may come just before its thread begins to wait.
    while interrupt() > 0 { usleep(1000) }
  }

  /// - Returns: how many there are.
  private func interrupt() -> Int {
    members.withLock { members in
      for one in members where one.member.isWaiting.load(ordering: .sequentiallyConsistent) {
        pthread_kill(one.thread, Self.interruptSignal)
      }
      return members.count
    }
  }
}
