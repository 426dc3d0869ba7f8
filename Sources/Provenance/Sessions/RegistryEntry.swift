// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// The record of this process's own session, which it keeps locked. The lock says that the record is
/// no leftover, and proves nothing else.
final class RegistryEntry {
  private let name: String
  private let directory: OwnedDescriptor
  // Open as long as the session lasts: the lock goes with it.
  private let file: OwnedDescriptor

  /// Writes a record, and removes those of sessions that have ended.
  init(
    _ record: SessionRecord, in place: RegistryPlace, _ directory: consuming OwnedDescriptor
  ) throws(Errno) {
    name = SessionRecord.fileName(of: record.leader)
    Self.prune(place, directory)
    file = try Self.write(record, name, directory)
    self.directory = directory
  }

  func withDescriptors<Result, Failure: Error>(
    _ body: ([CInt]) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try directory.withNumber { directory throws(Failure) in
      try file.withNumber { file throws(Failure) in try body([directory, file]) }
    }
  }

  func withdraw() {
    directory.withNumber { _ = prov_unlinkat($0, name, 0) }
  }

  /// One that is being written may go with the others; who writes it tries again.
  private static func prune(_ place: RegistryPlace, _ directory: borrowing OwnedDescriptor) {
    guard let registry = try? SessionRegistry() else { return }
    for name in (try? directoryNames(directory)) ?? [] {
      directory.withNumber { directory in
        guard let file = try? OwnedDescriptor(prov_open_below(directory, name)) else { return }
        let isLocked = file.withNumber { prov_is_locked($0) } != 0
        // Somebody else may have locked what a leader has left.
        guard !isLocked || registry.hasEnded(file, name, place) else { return }
        _ = prov_unlinkat(directory, name, 0)
      }
    }
  }

  /// The record appears under its name whole and locked, or not at all.
  private static func write(
    _ record: SessionRecord, _ name: String, _ directory: borrowing OwnedDescriptor
  ) throws(Errno) -> OwnedDescriptor {
    try directory.withNumber { directory throws(Errno) in
      let unfinished = "." + name
      for _ in 0..<8 {
        // Until it is locked nobody else can open it, and take a lock that would be in the way.
        let file = try OwnedDescriptor(prov_create_below(directory, unfinished, 0o600))
        let result = file.withNumber { fill($0, record, directory, unfinished, name) }
        if result == 0 { return file }
        _ = prov_unlinkat(directory, unfinished, 0)
        switch -result {
        // Pruned by another supervisor meanwhile.
        case ENOENT: continue
        // No other process is this leader: what is there cannot be a session's.
        case EEXIST: _ = prov_unlinkat(directory, name, 0)
        default: throw Errno(rawValue: -result)
        }
      }
      throw .resourceTemporarilyUnavailable
    }
  }

  /// - Returns: 0, or -errno where it could not be written or has not got its name.
  private static func fill(
    _ file: CInt, _ record: SessionRecord, _ directory: CInt, _ unfinished: String, _ name: String
  ) -> CInt {
    var result = prov_lock_file(file)
    guard result == 0 else { return result }
    result = record.encoded.withUnsafeBytes { prov_write_all(file, $0.baseAddress, $0.count) }
    guard result == 0 else { return result }
    result = prov_open_to_readers(file)
    return result < 0 ? result : prov_rename_to_new(directory, unfinished, name)
  }
}
