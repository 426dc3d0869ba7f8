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
  private(set) var files = 1
  /// Whether a file was opened for reading and writing, so that it can be mapped shared.
  private(set) var mayMap: Bool
  /// Whether more than one file was open at a time.
  private var wasReopened = false
  /// Whether the content has changed since a descriptor was closed last.
  private var hasChanged = false
  /// Who closed the descriptors that were closed last, one after the other.
  private var lastCloser = Attribution.Author.unknown
  /// Whether the content has changed since somebody else closed one.
  private var hasChangedSinceOthers = false

  init(_ author: Attribution.Author, at version: ContentVersion, mayMap: Bool) {
    self.author = author
    self.version = version
    self.mayMap = mayMap
  }

  /// Its process opens another file.
  mutating func open(mayMap: Bool) {
    files += 1
    wasReopened = true
    self.mayMap = self.mayMap || mayMap
  }

  /// A file is closed for good.
  mutating func close() {
    files -= 1
  }

  /// The content has become this, by its doing.
  mutating func changed(_ version: ContentVersion) {
    self.version = version
    hasChanged = true
  }

  /// A process is about to close a descriptor, so it has one: what has changed since the last time
  /// may be its work as well as the opener's.
  mutating func isHeld(by holder: Attribution.Author) {
    let isOne =
      author != .unknown && (holder.isProcess(of: author) || holder.isCovered(with: author))
    author = isOne ? holder : .unknown
  }

  /// It has closed it.
  mutating func closed(by holder: Attribution.Author) {
    let isSame = holder.isCovered(with: lastCloser)
    hasChangedSinceOthers = hasChanged || isSame && hasChangedSinceOthers
    lastCloser = holder
    hasChanged = false
  }

  /// When the file is closed for good, who changed it last although several had its descriptor: since
  /// the last of the others closed one, nobody else was left who had.
  var certainAuthor: Attribution.Author? {
    guard author == .unknown, files == 0, !wasReopened, !mayMap, !hasChanged else { return nil }
    return hasChangedSinceOthers ? lastCloser : nil
  }
}
