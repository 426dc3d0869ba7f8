// SPDX-License-Identifier: Apache-2.0
import Provenance

extension Stamp {
  /// The stamper's stable name.
  var stamperName: String {
    switch stamper {
    case .lsm: "lsm"
    case .provfs: "provfs"
    case .provstampd: "provstampd"
    }
  }
}

/// Single fields of what a file says, each nil where it says nothing of it.
extension StampReading.Holding {
  var stamperName: String? {
    switch self {
    case .stamp(let stamp, _): stamp.stamperName
    case .legacy: "legacy"
    case .malformed, .unstamped: nil
    }
  }

  var pid: UInt32? {
    switch self {
    case .stamp(let stamp, _): stamp.writer.pid
    case .legacy(let legacy): legacy.pid.flatMap { UInt32(exactly: $0) }
    case .malformed, .unstamped: nil
    }
  }

  var flagNames: String? {
    guard case .stamp(let stamp, _) = self, !stamp.flags.names.isEmpty else { return nil }
    return stamp.flags.names.joined(separator: ",")
  }
}
