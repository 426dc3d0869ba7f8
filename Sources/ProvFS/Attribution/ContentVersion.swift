// SPDX-License-Identifier: Apache-2.0
import CProvenance

/// What moves when a file's content changes, as ``ChangeProbe`` has made sure of.
struct ContentVersion: Equatable, Sendable {
  private let seconds: Int64
  private let nanoseconds: UInt32
  private let size: UInt64

  init(_ attributes: statx) {
    seconds = attributes.stx_mtime.tv_sec
    nanoseconds = attributes.stx_mtime.tv_nsec
    size = attributes.stx_size
  }
}
