// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Logging
import Provenance
import Synchronization
import SystemPackage

/// Tells the administrator about stamps that could not be set, a few times a minute at most: what
/// fails for one file tends to fail for thousands.
final class Warnings: Sendable {
  private let state = Mutex(State())

  private struct State {
    var minute: UInt64 = 0
    var told = 0
    var suppressed = 0
  }

  private static let perMinute = 10

  func cannotStamp(_ node: NodeReference, _ error: Errno) {
    tell(node, "cannot be stamped: \(error.description); its writer stays unknown")
  }

  func stale(_ node: NodeReference, setting: Errno, removing: Errno) {
    tell(
      node,
      "keeps an outdated stamp, which shows as changed: setting a new one failed "
        + "(\(setting.description)), and so did removing it (\(removing.description))")
  }

  private func tell(_ node: NodeReference, _ text: @autoclosure () -> String) {
    let minute = Clock.monotonic / 60_000_000_000
    let suppressed = state.withLock { state -> Int? in
      if state.minute != minute {
        defer { state = State(minute: minute, told: 1, suppressed: 0) }
        return state.suppressed
      }
      guard state.told < Self.perMinute else {
        state.suppressed += 1
        return nil
      }
      state.told += 1
      return 0
    }
    guard let suppressed else { return }
    // Made here: where messages go is decided after the first object that may warn exists.
    let logger = Logger(label: Log.name)
    let identity = node.pointer.pointee.identity
    let device = "\(identity.device >> 32):\(identity.device & 0xffff_ffff)"
    if suppressed > 0 { logger.warning("\(suppressed) more warnings like these were left out") }
    logger.warning("inode \(identity.inode) on device \(device) \(text())")
  }
}
