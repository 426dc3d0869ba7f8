// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import Synchronization

/// Shows on a terminal how far a long scan has come, on standard error.
final class Progress: Sendable {
  private let total = Atomic<Int>(0)
  private let shown: Mutex<UInt64>
  private let isShowing = Atomic<Bool>(false)

  /// Nanoseconds between two lines, and before the first.
  private static let interval: UInt64 = 500_000_000

  private init() {
    shown = Mutex(Clock.realTime)
  }

  /// - Returns: nil where nobody would see it, and where results go to a terminal, which shows
  ///   progress by itself.
  static func ifWanted(sink: Sink) -> Progress? {
    isatty(STDERR_FILENO) != 0 && !sink.isTerminal ? Progress() : nil
  }

  /// Adds files to those seen so far.
  func advance(_ files: Int) {
    let files = total.add(files, ordering: .relaxed).newValue
    let now = Clock.realTime
    shown.withLock { last in
      guard now &- last >= Self.interval else { return }
      last = now
      isShowing.store(true, ordering: .relaxed)
      writeAll(Array("\r\u{1b}[Kprovstamp: \(files) files so far".utf8), to: STDERR_FILENO)
    }
  }

  func clear() {
    guard isShowing.load(ordering: .relaxed) else { return }
    writeAll(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
  }
}
