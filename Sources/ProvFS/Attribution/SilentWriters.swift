// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

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
  /// Whether the content has changed since somebody else closed one.
  private var hasChangedSinceOthers = false

  init(at version: ContentVersion) {
    self.version = version
  }

  /// Who has made a change that no request told of. While writes pass they are the likely cause; for a
  /// store of somebody else at the same time there is `attribution=exact`.
  var author: Author { passing ?? mapper ?? .unknown }

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
  mutating func closed(by holder: Author) {
    let isSame = holder.isCovered(with: lastCloser)
    hasChangedSinceOthers = hasChanged || isSame && hasChangedSinceOthers
    lastCloser = holder
    hasChanged = false
  }

  /// When the file is closed for good, who changed it last although several had its descriptor: since
  /// the last of the others closed one, nobody else was left who had.
  var certainAuthor: Author? {
    guard wasShared, files == 0, !wasReopened, !mayMap, !hasChanged else { return nil }
    return hasChangedSinceOthers ? lastCloser : nil
  }
}
