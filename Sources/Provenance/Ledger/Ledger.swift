// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// What is remembered of sessions, also of those that have ended: a directory with one file for each,
/// named by its id. Whoever can write there can write what he likes; every byte is checked, and what
/// is no entry is passed over.
public struct Ledger: Sendable {
  private let place: LedgerPlace

  /// Where this process writes; nil where nothing says where its user's files are.
  public static var own: Ledger? { LedgerPlace.own.map(Ledger.init) }

  /// Where this process looks: root's first, as nobody else can write there.
  public static var readable: [Ledger] {
    let own = LedgerPlace.own
    return [Ledger(place: .roots)] + (own == .roots ? [] : own.map { [Ledger(place: $0)] } ?? [])
  }

  /// The directory, for people.
  public var path: [UInt8] { place.path }

  /// What is known of one session.
  public func entry(_ id: SessionID) -> LedgerEntry? {
    guard !id.isNone, let directory = try? place.open() else { return nil }
    return entry(id, directory)
  }

  /// All that there is, in no order.
  public func entries() -> [LedgerEntry] {
    guard let directory = try? place.open(), let names = try? directoryNames(directory) else {
      return []
    }
    return names.compactMap { name in
      SessionID(name).flatMap { $0.description == name ? entry($0, directory) : nil }
    }
  }

  private func entry(
    _ id: SessionID, _ directory: borrowing OwnedDescriptor
  ) -> LedgerEntry? {
    let opened = directory.withNumber { prov_open_below($0, id.description) }
    guard let file = try? OwnedDescriptor(opened), let bytes = read(file) else { return nil }
    let entry = bytes.withUnsafeBytes { LedgerEntry($0) }
    return entry?.id == id ? entry : nil
  }

  private func read(_ file: borrowing OwnedDescriptor) -> [UInt8]? {
    file.withNumber { number in
      guard let status = try? statx(of: number, UInt32(STATX_BASIC_STATS)),
        status.stx_mode & 0o170000 == 0o100000, status.stx_uid == place.owner
      else { return nil }
      return try? SmallFile.bytes(number, atMost: LedgerEntry.maximumSize)
    }
  }

  /// Puts an entry in the place of an earlier one of the same session: whole, or not at all. Nobody
  /// waits for the disk: a power failure soon after may leave the earlier one, or none.
  ///
  /// - Throws: the error of what failed; `Errno.notPermitted` where others may write there.
  public func write(_ entry: LedgerEntry) throws(Errno) {
    let directory = try place.make()
    let name = entry.id.description
    let unfinished = ".\(name)-\(getpid())"
    try directory.withNumber { directory throws(Errno) in
      _ = prov_unlinkat(directory, unfinished, 0)
      let file = try OwnedDescriptor(prov_create_below(directory, unfinished, 0o600))
      do throws(Errno) {
        try file.withNumber { file throws(Errno) in
          _ = try valueOrErrno(
            entry.encoded.withUnsafeBytes { prov_write_all(file, $0.baseAddress, $0.count) })
        }
        guard renameat(directory, unfinished, directory, name) == 0 else {
          throw Errno(rawValue: errno)
        }
      } catch {
        _ = prov_unlinkat(directory, unfinished, 0)
        throw error
      }
    }
  }

  public func forget(_ id: SessionID) {
    guard let directory = try? place.open() else { return }
    directory.withNumber { _ = prov_unlinkat($0, id.description, 0) }
  }
}

extension Ledger {
  /// Most sessions that are remembered, and for how long at most after the last of their entries.
  public static let mostEntries = 4096
  public static let longestAge: UInt64 = 400 * 86_400
  /// How long a file that is no entry may be one that is being written, in seconds.
  private static let patience: UInt64 = 3600

  /// Forgets the oldest of too many, the too old, and what writers left behind that were killed.
  public func prune(now: UInt64 = Clock.realTime, atMost limit: Int = mostEntries) {
    guard let directory = try? place.open(), let names = try? directoryNames(directory) else {
      return
    }
    let seconds = now / 1_000_000_000
    var kept: [(written: UInt64, name: String)] = []
    for name in names {
      guard let written = modificationTime(name, directory) else { continue }
      let age = seconds - min(seconds, written)
      let isEntry = SessionID(name)?.description == name
      if age > (isEntry ? Self.longestAge : Self.patience) {
        directory.withNumber { _ = prov_unlinkat($0, name, 0) }
      } else if isEntry {
        kept.append((written, name))
      }
    }
    guard kept.count > limit else { return }
    for old in kept.sorted(by: <).prefix(kept.count - limit) {
      directory.withNumber { _ = prov_unlinkat($0, old.name, 0) }
    }
  }

  private func modificationTime(
    _ name: String, _ directory: borrowing OwnedDescriptor
  ) -> UInt64? {
    var status = statx()
    let result = directory.withNumber {
      prov_statx($0, name, AT_SYMLINK_NOFOLLOW, UInt32(STATX_MTIME), &status)
    }
    return result < 0 ? nil : UInt64(clamping: status.stx_mtime.tv_sec)
  }
}
