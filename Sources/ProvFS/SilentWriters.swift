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

/// Those who may change an inode's content without a request: by write(2) where it goes to the backing
/// file, which is for one process at a time, or by storing through a mapping. The daemon sees what they do
/// in the ``ContentVersion`` alone, so it knows who did it only while there is one such process.
struct SilentWriters: Equatable, Sendable {
  /// The one process; unknown from the moment when there is another, until all have gone.
  private(set) var author: Attribution.Author
  /// The content that is accounted for.
  var version: ContentVersion
  /// Their open files. Without any, a mapping outlives its descriptor.
  private(set) var files = 1
  /// Those of them whose writes go to the backing file.
  private(set) var passthroughFiles: Int
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

  init(_ author: Attribution.Author, at version: ContentVersion, passthrough: Bool, mayMap: Bool) {
    self.author = author
    self.version = version
    self.mayMap = mayMap
    passthroughFiles = passthrough ? 1 : 0
  }

  /// Another file is opened.
  mutating func open(by opener: Attribution.Author, passthrough: Bool, mayMap: Bool) {
    if !opener.isProcess(of: author) { author = .unknown }
    files += 1
    passthroughFiles += passthrough ? 1 : 0
    wasReopened = true
    self.mayMap = self.mayMap || mayMap
  }

  /// A file is closed for good.
  mutating func close(passthrough: Bool) {
    files -= 1
    passthroughFiles -= passthrough ? 1 : 0
  }

  /// The content has become this, by their doing.
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
