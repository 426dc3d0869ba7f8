// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// The earlier writers that a file remembers, beside a stamp of it that holds.
enum EarlierStamps {
  /// The log in the place where the stamp is, newest first. A log may begin with the stamp itself, where
  /// its stamper died in between: that is no earlier writer.
  ///
  /// - Returns: nil where the log is malformed: there were others, nobody knows who.
  /// - Throws: the error of getxattr(2).
  static func read(
    _ file: FileReference, beside stamp: Stamp, in attribute: StampAttribute
  ) throws(Errno) -> [Stamp]? {
    guard case .success(let log) = try StampStore.readLog(file, attribute) else { return nil }
    return log.entries.first == stamp ? Array(log.entries.dropFirst()) : log.entries
  }
}
