// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import Testing

@testable import ProvFS

@Suite struct ReadersTests {
  private let readers = Readers(most: 2)
  /// Longer than a read that finds a request, shorter than one that says there are too many readers.
  private let aWhile: UInt64 = 10_000

  private func enter(_ seat: Readers.Seat = Readers.Seat()) -> Bool {
    readers.enter(seat, unless: { false })
  }

  /// A thread that asks for its turn, and what it was told.
  private func enterElsewhere() -> Answer {
    let answer = Answer(readers)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        let answer = Unmanaged<Answer>.fromOpaque(context!).takeRetainedValue()
        let told = answer.readers.enter(Readers.Seat(), unless: { false })
        answer.told.withLock { $0 = told }
        return nil
      }, Unmanaged.passRetained(answer).toOpaque())
    answer.thread = thread
    return answer
  }

  private final class Answer: @unchecked Sendable {
    let readers: Readers
    let told = Mutex<Bool?>(nil)
    var thread = pthread_t()

    init(_ readers: Readers) {
      self.readers = readers
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
      #expect(readers.isSomebodyWaiting)
      #expect(!readers.leave(after: aWhile, takesLong: false))
      #expect(!readers.isSomebodyWaiting)
    }
  }

  @Test func `who takes a long request calls for the next, or has one started`() {
    #expect(enter())
    #expect(readers.leave(after: aWhile, takesLong: true), "nobody is parked")
    #expect(enter())
    let parked = enterElsewhere()
    while !readers.isSomebodyParked { usleep(100) }
    #expect(!readers.leave(after: aWhile, takesLong: true))
    #expect(parked.value == true)
    #expect(readers.isSomebodyWaiting)
  }

  @Test func `requests that need not be waited for call for one more, up to the limit`() {
    var calls = 0
    for _ in 0..<1000 {
      #expect(enter())
      if readers.leave(after: 0, takesLong: false) { calls += 1 }
    }
    #expect(calls == 1)
    #expect(enter())
    #expect(enter(), "there is room for two")
    // After long waits there is room for one again.
    _ = readers.leave(after: 1_000_000, takesLong: false)
    _ = readers.leave(after: aWhile, takesLong: false)
    #expect(enter())
    let parked = enterElsewhere()
    while !readers.isSomebodyParked { usleep(100) }
    readers.end()
    #expect(parked.value == false)
  }

  @Test func `the end releases all who are parked`() {
    #expect(enter())
    let parked = (0..<4).map { _ in enterElsewhere() }
    readers.end()
    for one in parked { #expect(one.value == false) }
    _ = readers.leave(after: aWhile, takesLong: false)
  }
}
