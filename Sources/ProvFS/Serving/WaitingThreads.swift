// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// How many threads wait for a request in read(2), and which: as few as keep up with the requests.
///
/// The kernel wakes the thread that has waited longest, which is the one whose caches are coldest. One
/// thread that serves what it gets and waits again takes half the time of ten that take turns. So one
/// waits, and the others are parked, until requests come faster than one thread serves them, or the
/// one is held up: by a request that is known to take long, or by any other, which ``Watchdog`` sees.
final class WaitingThreads: Sendable {
  private let most: Int
  private let waiting = Atomic<Int>(0)
  /// How many are to wait at most; those that serve are not counted.
  private let wanted = Atomic<Int>(1)
  /// Requests taken in a row for which nobody had to wait.
  private let rush = Atomic<Int>(0)
  private let taken = Atomic<UInt64>(0)
  private let parked = Mutex(Parked())
  let watchdog = Watchdog()

  private struct Parked {
    var seats: [Seat] = []
    var hasEnded = false
  }

  /// Where one thread is parked.
  final class Seat: @unchecked Sendable {
    fileprivate let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
      sem_init(semaphore, 0, 0)
    }

    deinit {
      sem_destroy(semaphore)
      semaphore.deallocate()
    }
  }

  init(most: Int) {
    self.most = most
  }

  /// Requests taken in a row without waiting after which there is work for one thread more.
  private static let rushes = 32
  /// In nanoseconds. A read(2) that finds a request takes less; one that waits for it takes more.
  private static let shortest: UInt64 = 4_000
  /// In nanoseconds. After so long a wait there are more threads waiting than requests.
  private static let longest: UInt64 = 100_000

  /// Waits until the calling thread is to wait for a request.
  ///
  /// - Parameter isStopping: asked whenever a signal has come.
  /// - Returns: false where it is to end.
  func enter(_ seat: Seat, unless isStopping: () -> Bool) -> Bool {
    while !isStopping() {
      if isCounted() { return true }
      let isParked = parked.withLock { parked in
        guard !parked.hasEnded else { return false }
        parked.seats.append(seat)
        return true
      }
      guard isParked else { return false }
      // The last that waited may have left since it was counted, and found nobody parked.
      if waiting.load(ordering: .sequentiallyConsistent) == 0 { summon() }
      if sem_wait(seat.semaphore) != 0 {
        // Where it was called for at the same time, the call is still there for the next wait.
        parked.withLock { $0.seats.removeAll { $0 === seat } }
      }
    }
    return false
  }

  private func isCounted() -> Bool {
    var count = waiting.load(ordering: .sequentiallyConsistent)
    while count < wanted.load(ordering: .relaxed) {
      let outcome = waiting.compareExchange(
        expected: count, desired: count + 1, ordering: .sequentiallyConsistent)
      if outcome.exchanged { return true }
      count = outcome.original
    }
    return false
  }

  /// The calling thread has got what it waited for, or nothing.
  ///
  /// - Parameters:
  ///   - nanoseconds: how long it has waited.
  ///   - takesLong: whether it will not be back soon.
  /// - Returns: whether one thread more is wanted, and none is parked.
  func leave(after nanoseconds: UInt64, takesLong: Bool) -> Bool {
    let left = waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
    taken.wrappingAdd(1, ordering: .relaxed)
    watchdog.hasWork()
    if nanoseconds > Self.shortest {
      rush.store(0, ordering: .relaxed)
      if nanoseconds > Self.longest { wantFewer() }
    } else if rush.wrappingAdd(1, ordering: .relaxed).newValue >= Self.rushes {
      rush.store(0, ordering: .relaxed)
      if wantMore() { return !summon() }
    }
    return takesLong && left == 0 && !summon()
  }

  private func wantMore() -> Bool {
    let count = wanted.load(ordering: .relaxed)
    return count < most
      && wanted.compareExchange(expected: count, desired: count + 1, ordering: .relaxed).exchanged
  }

  private func wantFewer() {
    let count = wanted.load(ordering: .relaxed)
    guard count > 1 else { return }
    _ = wanted.compareExchange(expected: count, desired: count - 1, ordering: .relaxed)
  }

  /// Calls for the thread that was parked last.
  ///
  /// - Returns: false where none is parked.
  @discardableResult
  func summon() -> Bool {
    guard let seat = parked.withLock({ $0.seats.popLast() }) else { return false }
    sem_post(seat.semaphore)
    return true
  }

  /// Nobody is to wait any more.
  func end() {
    let seats = parked.withLock { parked in
      parked.hasEnded = true
      defer { parked.seats.removeAll() }
      return parked.seats
    }
    for seat in seats { sem_post(seat.semaphore) }
  }

  var hasEnded: Bool { parked.withLock { $0.hasEnded } }
  var count: UInt64 { taken.load(ordering: .relaxed) }
  var isSomebodyParked: Bool { parked.withLock { !$0.seats.isEmpty } }
  var isSomebodyWaiting: Bool { waiting.load(ordering: .sequentiallyConsistent) > 0 }
}

/// Sees to it that somebody waits for requests while all who did are held up by one: a file that opens only
/// when a lease has been given back, a disk that does not answer.
///
/// It looks every other millisecond while there are requests, and sleeps otherwise.
final class Watchdog: Sendable {
  private let isAsleep = Atomic<Bool>(false)
  private let alarm = WakeUp()

  /// Microseconds between two looks.
  private static let interval: UInt32 = 2_000
  /// After so many looks without a request it sleeps.
  private static let patience = 50

  func hasWork() {
    if isAsleep.load(ordering: .sequentiallyConsistent) { alarm.send() }
  }

  /// Starts the thread, which works until waiting has ended.
  ///
  /// - Parameter help: called when nobody waits, and nobody has since the last look.
  func start(_ threads: WaitingThreads, help: @escaping @Sendable () -> Void) {
    let watch = Watch(threads, help: help)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Watch>.fromOpaque($0!).takeRetainedValue().run()
        return nil
      },
      Unmanaged.passRetained(watch).toOpaque())
  }

  private final class Watch: Sendable {
    let threads: WaitingThreads
    let help: @Sendable () -> Void

    init(_ threads: WaitingThreads, help: @escaping @Sendable () -> Void) {
      self.threads = threads
      self.help = help
    }

    func run() {
      var seen: UInt64 = 0
      var quiet = 0
      // Once they have, nobody waits, and nobody is missing.
      while !threads.hasEnded {
        usleep(Watchdog.interval)
        let count = threads.count
        let isQuiet = count == seen
        seen = count
        guard isQuiet else {
          quiet = 0
          continue
        }
        if !threads.isSomebodyWaiting {
          if !threads.hasEnded { help() }
        } else {
          quiet += 1
          if quiet > Watchdog.patience {
            threads.watchdog.sleep(while: { threads.isSomebodyWaiting && threads.count == seen })
            quiet = 0
          }
        }
      }
    }
  }

  private func sleep(while isQuiet: () -> Bool) {
    isAsleep.store(true, ordering: .sequentiallyConsistent)
    if isQuiet() { alarm.wait() }
    isAsleep.store(false, ordering: .sequentiallyConsistent)
  }
}
