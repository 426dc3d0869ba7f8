// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance

/// provstampd, by what it tells of its own work.
struct StampingDaemon {
  /// When it started, in nanoseconds since 1970.
  let since: UInt64
  /// Changes that it has not stamped, by cause.
  let losses: String

  private static let account = "/run/provstampd/coverage"
  private static let socket = "/run/provstampd/socket"
  private static let watched: Set = ["ext4", "xfs", "btrfs"]

  /// The one that runs, where it watches this type of filesystem.
  static func running(on type: String?) -> StampingDaemon? {
    guard let type, watched.contains(type), answers, isRoots(account),
      let text = try? SmallFile.text(account), let since = number("since", in: text)
    else { return nil }
    let losses = ["unknown", "unreached", "overflowed", "lost", "skipped"].map {
      "\($0) \(number($0, in: text).map(String.init) ?? "?")"
    }
    return StampingDaemon(since: since, losses: losses.joined(separator: ", "))
  }

  private static func number(_ name: String, in text: String) -> UInt64? {
    let key = Array("\"\(name)\":".utf8)
    let bytes = Array(text.utf8)
    guard bytes.count > key.count else { return nil }
    for start in 0...(bytes.count - key.count) where bytes[start...].starts(with: key) {
      let digits = bytes[(start + key.count)...].prefix { (48...57).contains($0) }
      return UInt64(String(decoding: digits, as: UTF8.self))
    }
    return nil
  }

  private static func isRoots(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_uid == 0 && status.st_mode & 0o022 == 0
  }

  /// What it has written outlives it.
  private static var answers: Bool {
    let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}
