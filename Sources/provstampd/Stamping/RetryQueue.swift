// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Changes whose stamp could not be set for a reason that may pass.
struct RetryQueue {
  private var changes: [Inode: Change] = [:]

  private static let capacity = 4096

  var isEmpty: Bool { changes.isEmpty }

  static func mayPass(_ error: Errno) -> Bool {
    [.noSpace, .diskQuotaExceeded, .readOnlyFileSystem, .noMemory].contains { $0 ~= error }
  }

  /// - Returns: false where there is no room.
  mutating func add(_ change: Change) -> Bool {
    guard changes.count < Self.capacity || changes[change.inode] != nil else { return false }
    changes[change.inode] = change
    return true
  }

  mutating func take() -> [Change] {
    defer { changes.removeAll() }
    return Array(changes.values)
  }

  /// A later change has been heard of.
  mutating func forget(_ inode: Inode) {
    changes[inode] = nil
  }
}
