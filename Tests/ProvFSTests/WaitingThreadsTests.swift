// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import Testing

@testable import ProvFS

@Suite struct WaitingThreadsTests {
  private let waiting = WaitingThreads(most: 2)
  /// Longer than a read that finds a request, shorter than one that says too many threads wait.
  private let aWhile: UInt64 = 10_000

  private func enter(_ seat: WaitingThreads.Seat = WaitingThreads.Seat()) -> Bool {
    waiting.enter(seat, unless: { false })
  }

  /// A thread that asks for its turn, and what it was told.
  private func enterElsewhere() -> Answer {
    let answer = Answer(waiting)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        let answer = Unmanaged<Answer>.fromOpaque(context!).takeRetainedValue()
        let told = answer.waiting.enter(WaitingThreads.Seat(), unless: { false })
        answer.told.withLock { $0 = told }
        return nil
      }, Unmanaged.passRetained(answer).toOpaque())
    answer.thread = thread
    return answer
  }

  private final class Answer: @unchecked Sendable {
    let waiting: WaitingThreads
    let told = Mutex<Bool?>(nil)
    var thread = pthread_t()

    init(_ waiting: WaitingThreads) {
      self.waiting = waiting
    }

    /// Waits until the thread has got its turn, or has been told that there is none.
    var value: Bool? {
      pthread_join(thread, nil)
      return told.withLock { $0 }
    }
  }

  @Test func `one waits, and is not replaced as long as it comes back`() {
    for _ in 0..<100 {
      #expect(enter())
      #expect(waiting.isSomebodyWaiting)
      #expect(!waiting.leave(after: aWhile, takesLong: false))
      #expect(!waiting.isSomebodyWaiting)
    }
  }

  @Test func `who takes a long request calls for the next, or has one started`() {
    #expect(enter())
    #expect(waiting.leave(after: aWhile, takesLong: true), "nobody is parked")
    #expect(enter())
    let parked = enterElsewhere()
    while !waiting.isSomebodyParked { usleep(100) }
    #expect(!waiting.leave(after: aWhile, takesLong: true))
    #expect(parked.value == true)
    #expect(waiting.isSomebodyWaiting)
  }

  @Test func `requests that need not be waited for call for one more, up to the limit`() {
    var calls = 0
    for _ in 0..<1000 {
      #expect(enter())
      if waiting.leave(after: 0, takesLong: false) { calls += 1 }
    }
    #expect(calls == 1)
    #expect(enter())
    #expect(enter(), "there is room for two")
    // After long waits there is room for one again.
    _ = waiting.leave(after: 1_000_000, takesLong: false)
    _ = waiting.leave(after: aWhile, takesLong: false)
    #expect(enter())
    let parked = enterElsewhere()
    while !waiting.isSomebodyParked { usleep(100) }
    waiting.end()
    #expect(parked.value == false)
  }

  @Test func `the end releases all who are parked`() {
    #expect(enter())
    let parked = (0..<4).map { _ in enterElsewhere() }
    waiting.end()
    for one in parked { #expect(one.value == false) }
    _ = waiting.leave(after: aWhile, takesLong: false)
  }
}
