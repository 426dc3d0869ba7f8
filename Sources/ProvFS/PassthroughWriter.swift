// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

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

/// The one process whose writes to an inode go from the kernel to the backing file. The daemon sees
/// them in the ``ContentVersion`` alone, so there is never a second such process: the writes of others
/// come as requests.
struct PassthroughWriter: Equatable, Sendable {
  /// The process that opened the file; unknown from the moment when somebody else was seen to hold
  /// its descriptor.
  private(set) var author: Attribution.Author
  /// The content that is accounted for.
  var version: ContentVersion
  /// Open files. Without any, a shared mapping outlives its descriptor.
  var files = 1
  /// Whether a file was opened for reading and writing, so that it can be mapped shared.
  var mayMap: Bool

  init(_ author: Attribution.Author, at version: ContentVersion, mayMap: Bool) {
    self.author = author
    self.version = version
    self.mayMap = mayMap
  }

  /// A process closes a descriptor of the file, so it had one: what has changed since the last time
  /// may be its work as well as the opener's.
  mutating func sawHolder(_ holder: Attribution.Author) {
    let isOne = author != .unknown && (holder.isProcess(of: author) || holder.isCovered(with: author))
    author = isOne ? holder : .unknown
  }
}
