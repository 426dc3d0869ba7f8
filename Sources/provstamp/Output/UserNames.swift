// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Synchronization

/// Names of users, looked up once each.
enum UserNames {
  private static let cache = Mutex<[UInt32: String]>([:])

  /// The user's name, or nil where the number has none here.
  static func name(of uid: UInt32) -> String? {
    guard uid != UInt32(PROV_UID_UNMAPPED) else { return nil }
    return cache.withLock { names in
      if let name = names[uid] { return name.isEmpty ? nil : name }
      let name = getpwuid(uid).map { String(cString: $0.pointee.pw_name) } ?? ""
      names[uid] = name
      return name.isEmpty ? nil : name
    }
  }

  /// The name, or the number where there is none.
  static func display(_ uid: UInt32) -> String {
    uid == UInt32(PROV_UID_UNMAPPED) ? "unmapped" : name(of: uid) ?? String(uid)
  }

  /// The names that the system lists.
  static func all() -> [String] {
    cache.withLock { _ in
      setpwent()
      defer { endpwent() }
      var names: [String] = []
      while let entry = getpwent() { names.append(String(cString: entry.pointee.pw_name)) }
      return names
    }
  }

  /// The number of a user given by name or number.
  static func number(_ text: String) -> UInt32? {
    if let number = UInt32(text) { return number }
    return cache.withLock { _ in getpwnam(text)?.pointee.pw_uid }
  }
}
