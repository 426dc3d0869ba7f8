// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// A directory of one user's entries.
///
/// Unlike the registry's place it may follow from the environment: only who starts a session and who
/// asks about it go there, each for himself, and no stamper does.
struct LedgerPlace: Hashable, Sendable {
  let owner: uid_t
  /// Absolute.
  let path: [UInt8]

  static let roots = LedgerPlace(owner: 0, path: Array("/var/lib/provstamp/ledger".utf8))

  /// Where this process keeps the sessions that it starts; nil where nothing says where its user's
  /// files are.
  static var own: LedgerPlace? {
    guard getuid() != 0 else { return roots }
    let state =
      variable("XDG_STATE_HOME") ?? variable("HOME").map { $0 + Array("/.local/state".utf8) }
    return state.map { LedgerPlace(owner: getuid(), path: $0 + Array("/provstamp/ledger".utf8)) }
  }

  /// An absolute path from the environment.
  private static func variable(_ name: String) -> [UInt8]? {
    guard let value = getenv(name), value.pointee == CChar(UInt8(ascii: "/")) else { return nil }
    return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
  }

  /// Opens the directory, once it is certain that only its owner can have put there what is in it.
  ///
  /// - Throws: `Errno.notPermitted` where it belongs to somebody else or others may write to it; else
  ///   the error of open(2).
  func open() throws(Errno) -> OwnedDescriptor {
    let directory = try OwnedDescriptor(
      path.withTerminator { prov_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0) })
    let status = try directory.withNumber { number throws(Errno) in
      try statx(of: number, UInt32(STATX_UID) | UInt32(STATX_MODE))
    }
    guard status.stx_uid == owner, status.stx_mode & 0o022 == 0 else { throw .notPermitted }
    return directory
  }

  /// Makes the directory, and those above it, where they are missing, for its owner alone.
  ///
  /// - Throws: as ``open()``; the error of mkdir(2).
  func make() throws(Errno) -> OwnedDescriptor {
    for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
      try Self.makeDirectory(Array(path[..<index]))
    }
    try Self.makeDirectory(path)
    return try open()
  }

  private static func makeDirectory(_ path: [UInt8]) throws(Errno) {
    let result = path.withTerminator { prov_mkdirat(AT_FDCWD, $0, 0o700) }
    // Above it there may be what is there and cannot be written to.
    guard result != -EEXIST, result != -EROFS, result != -EACCES else { return }
    _ = try valueOrErrno(result)
  }
}

extension [UInt8] {
  /// Calls `body` with these bytes as a C string.
  fileprivate func withTerminator<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
