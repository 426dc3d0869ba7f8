// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance

/// Those who may change an inode's content without a request: by write(2) where it goes to the backing
/// file, which is for one process at a time, or by storing through a mapping. The daemon sees what they do
/// in the ``ContentVersion`` alone.
struct SilentWriters: Equatable, Sendable {
  /// The process whose writes pass; unknown from the moment when somebody else was seen to hold a
  /// descriptor of its file.
  private(set) var passing: Author?
  /// Who else may store through a mapping, also of a file that is closed; unknown where it may be
  /// several.
  private var mapper: Author?
  /// The content that is accounted for.
  var version: ContentVersion
  /// Their open files. Without any, a mapping outlives its descriptor.
  private(set) var files = 0
  /// Those of them whose writes pass.
  private(set) var passthroughFiles = 0
  /// Whether a file was opened for reading and writing, so that it can be mapped shared.
  private(set) var mayMap = false
  /// Whether one whose writes pass was.
  private var passingMayMap = false
  /// Whether more than one file was open at a time.
  private var wasReopened = false
  /// Whether somebody else was seen to hold a descriptor of a file whose writes pass.
  private var wasShared = false
  /// Whether the content has changed since a descriptor was closed last.
  private var hasChanged = false
  /// Who closed the descriptors that were closed last, one after the other.
  private var lastCloser = Author.unknown
  private var lastClosedAt: UInt64 = 0
  /// Whether the content has changed since somebody else closed one.
  private var hasChangedSinceOthers = false
  /// Whether the latest change of content is theirs.
  private var isLatest = false
  /// Whether it is one that was laid to the process whose writes pass.
  private(set) var isBlamed = false
  /// Whether somebody has the file open for writing past the view.
  private let isBesideStranger: Bool

  /// - Parameter isBesideStranger: whether somebody has the file open for writing past the view, of
  ///   whom nothing tells.
  init(at version: ContentVersion, isBesideStranger: Bool = false) {
    self.version = version
    self.isBesideStranger = isBesideStranger
    if isBesideStranger { mapper = .unknown }
  }

  /// Who has made a change that no request told of; unknown where it may be one of several.
  var author: Author {
    guard let passing else { return mapper ?? .unknown }
    guard let mapper else { return passing }
    return mapper.isOneWriter(with: passing) ? passing : .unknown
  }

  /// Of the several who may have made such a change, those that are known.
  var suspects: (Writer?, Writer?) { (passing?.writer, mapper?.writer) }

  /// Whether content can change while a request changes it.
  var mayStore: Bool { mayMap || isBesideStranger }

  /// Whether writes of this process may pass.
  func mayPass(_ opener: Author) -> Bool {
    guard opener != .unknown else { return false }
    if let passing { return opener.isProcess(of: passing) }
    return mapper.map(opener.isProcess) ?? true
  }

  /// A file is opened.
  mutating func open(by opener: Author, passthrough: Bool, mayMap: Bool) {
    if passthrough {
      passing = opener
      passingMayMap = passingMayMap || mayMap
    } else {
      addMapper(opener)
    }
    if files > 0 { wasReopened = true }
    files += 1
    passthroughFiles += passthrough ? 1 : 0
    self.mayMap = self.mayMap || mayMap
  }

  /// A file is closed for good.
  mutating func close(passthrough: Bool) {
    files -= 1
    guard passthrough else { return }
    passthroughFiles -= 1
    guard passthroughFiles == 0 else { return }
    // It may have left a mapping.
    if let passing, passingMayMap { addMapper(passing) }
    passing = nil
    passingMayMap = false
  }

  private mutating func addMapper(_ author: Author) {
    if let mapper, !author.isOneWriter(with: mapper) {
      self.mapper = .unknown
    } else {
      mapper = author
    }
  }

  /// The content has become this, by their doing.
  mutating func changed(_ version: ContentVersion) {
    self.version = version
    hasChanged = true
    isLatest = true
    isBlamed = passing != nil && author != .unknown
  }

  /// The content has become this, by a request, or as somebody else's stamp says.
  mutating func accounted(_ version: ContentVersion) {
    self.version = version
    isLatest = false
    isBlamed = false
  }

  /// Nobody knows any more whose the latest change is.
  mutating func isDoubted() {
    isBlamed = false
  }

  /// A process is about to close a descriptor, so it has one: what has changed since the last time
  /// may be its work as well as the opener's.
  mutating func isHeld(by holder: Author, passthrough: Bool) {
    if !passthrough {
      addMapper(holder)
    } else if let passing {
      let isOne = holder.isOneWriter(with: passing)
      self.passing = isOne ? holder : .unknown
      if !isOne { wasShared = true }
    }
  }

  /// It has closed it.
  ///
  /// - Parameter time: when; ``Clock/fileTime``.
  mutating func closed(by holder: Author, at time: UInt64 = 0) {
    lastClosedAt = time
    let isSame = holder.isCovered(with: lastCloser)
    hasChangedSinceOthers = hasChanged || isSame && hasChangedSinceOthers
    lastCloser = holder
    hasChanged = false
  }

  /// When the last file whose writes pass is closed for good, whether content has changed that nobody had a
  /// descriptor for any more: by an io_uring that has the file registered, or a loop device.
  ///
  /// A mapping may have, too, whose end came before the kernel told that the file is closed, which takes it
  /// some milliseconds: that is the likelier cause then.
  func wasChangedByNobody(isMapped: Bool, at time: UInt64) -> Bool {
    guard passthroughFiles == 0, hasChanged, !isMapped else { return false }
    return !mayMap || time > lastClosedAt &+ Self.patience
  }

  /// Nanoseconds that the kernel takes at most, mostly, from the last close(2) to telling of it.
  private static let patience: UInt64 = 100_000_000

  /// When the file is closed for good, who changed it last although several had its descriptor: since
  /// the last of the others closed one, nobody else was left who had.
  var certainAuthor: Author? {
    guard isLatest, wasShared, files == 0, !wasReopened, !mayMap, !hasChanged else { return nil }
    return hasChangedSinceOthers ? lastCloser : nil
  }
}
