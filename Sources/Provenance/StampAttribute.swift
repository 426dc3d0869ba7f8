// SPDX-License-Identifier: Apache-2.0
import CProvenance

/// The two places in which a file's stamp is kept.
public enum StampAttribute: Sendable, CaseIterable {
  /// `security.prov`, which takes privilege to set. Readers look here first.
  case security
  /// `user.prov`, which the file's owner can set.
  case user

  /// The extended attribute's name, NUL-terminated.
  public var name: StaticString {
    switch self {
    case .security: "security.prov"
    case .user: "user.prov"
    }
  }

  /// The name of the log of earlier writers, NUL-terminated.
  public var logName: StaticString {
    switch self {
    case .security: "security.prov.log"
    case .user: "user.prov.log"
    }
  }

  /// Whether `name` belongs to stampers alone: `prov`, or anything that begins with `prov.`, under
  /// `security.` or `user.`. That includes the text attributes of older stampers.
  public static func isReserved(_ name: UnsafePointer<CChar>) -> Bool {
    for prefix: StaticString in ["security.prov", "user.prov"] {
      var index = 0
      while index < prefix.utf8CodeUnitCount
        && UInt8(bitPattern: name[index]) == prefix.utf8Start[index]
      {
        index += 1
      }
      if index == prefix.utf8CodeUnitCount && (name[index] == 0 || name[index] == 46) {
        return true
      }
    }
    return false
  }
}
