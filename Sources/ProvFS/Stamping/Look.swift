// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What a look at an inode has found.
struct Look: Sendable {
  /// When it began; see ``Clock/fileTime``.
  let time: UInt64
  let attributes: statx

  init(_ table: NodeTable, _ descriptor: CInt) throws(Errno) {
    time = Clock.fileTime
    attributes = try table.attributes(descriptor)
  }
}
