// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Somebody who changes content.
enum Author: Equatable, Sendable {
  case known(Writer)
  /// The change was seen, but not who made it.
  case unknown

  /// Who it is, where that is known.
  var writer: Writer? {
    if case .known(let writer) = self { writer } else { nil }
  }

  /// Whether one stamp covers the changes of both.
  func isCovered(with other: Author) -> Bool {
    switch (self, other) {
    case (.known(let one), .known(let another)): one.isSameWriter(as: another)
    case (.unknown, .unknown): true
    default: false
    }
  }

  /// Whether both are one process in one session, whatever its name is now.
  func isProcess(of other: Author) -> Bool {
    guard case .known(let one) = self, case .known(let another) = other else { return false }
    return one.pid == another.pid && one.session == another.session
  }

  /// Whether one of them can be named for what either has done.
  func isOneWriter(with other: Author) -> Bool {
    self != .unknown && (isProcess(of: other) || isCovered(with: other))
  }
}
