// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc
import Provenance

/// How one thread waits for a request: it looks again and again for a short while before it sleeps. Most
/// programs ask for the next thing as soon as they are answered, and in less time than it takes to
/// fall asleep and be woken.
///
/// Where it was in vain lately it is tried now and then only, for it takes the processor from others.
struct BusyPolling {
  private var credit = mostCredit
  private var skipped = 0

  /// Nanoseconds to look for.
  private static let duration: UInt64 = 20_000
  private static let mostCredit = 8
  /// What looking in vain takes of the credit; what finds a request gives 1.
  private static let price = 2
  /// Without credit it is tried once in so many times.
  private static let rarity = 32

  /// Makes reading from `session` return where there is no request, which ``receive(_:_:)`` relies on.
  ///
  /// - Returns: false where that fails; errno says why.
  static func prepare(_ session: OpaquePointer) -> Bool {
    let device = fuse_session_fd(session)
    let flags = fcntl(device, F_GETFL)
    return flags >= 0 && fcntl(device, F_SETFL, flags | O_NONBLOCK) == 0
  }

  /// As fuse_session_receive_buf(3), and waits. It can return -EAGAIN where another thread was faster.
  mutating func receive(_ session: OpaquePointer, _ buffer: inout fuse_buf) -> CInt {
    let isWorthIt = isWorthTrying()
    let begin = Clock.monotonic
    repeat {
      let count = fuse_session_receive_buf(session, &buffer)
      if count != -EAGAIN {
        if isWorthIt { tried(inVain: false) }
        return count
      }
    } while isWorthIt && Clock.monotonic &- begin < Self.duration
    if isWorthIt { tried(inVain: true) }
    var device = pollfd(fd: fuse_session_fd(session), events: Int16(POLLIN), revents: 0)
    guard poll(&device, 1, -1) > 0 else { return -errno }
    return fuse_session_receive_buf(session, &buffer)
  }

  mutating func isWorthTrying() -> Bool {
    if credit > 0 { return true }
    skipped += 1
    guard skipped == Self.rarity else { return false }
    skipped = 0
    return true
  }

  mutating func tried(inVain: Bool) {
    credit = inVain ? max(credit - Self.price, 0) : min(credit + 1, Self.mostCredit)
  }
}
