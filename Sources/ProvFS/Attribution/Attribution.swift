// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Whose content changes an inode has that no stamp covers yet. Used under the lock of the node.
///
/// Pure state, without a system call: ``Stamper`` acts on it.
struct Attribution: Equatable, Sendable {
  struct Change: Equatable, Sendable {
    var author: Author
    var flags: Stamp.Flags
  }

  /// What is to be stamped at the next settling.
  private(set) var pending: Change?

  /// Whether the file has a stamp for the pending change already, with ``Stamp/Flags/open``: the one
  /// without it is still to come.
  private(set) var isProvisional = false

  /// Who may change the content without a request; nil where nobody may.
  var silent: SilentWriters?

  /// When the pending change was noted: ``Clock/fileTime``.
  private(set) var notedAt: UInt64 = 0

  /// Whether the latest change is one that was laid to who may store through a mapping.
  private(set) var isLaidToMapper = false

  /// Whether somebody has the file open for writing past the view; nil where that was not asked yet.
  var isBesideStranger: Bool?

  /// Whether a silent writer has changed the content since it was accounted for.
  func hasUnseenChange(_ version: ContentVersion) -> Bool {
    guard let silent else { return false }
    return silent.version != version
  }

  /// Whether another process than that of `author` may store to the content through a mapping.
  func mayBeStored(besides author: Author) -> Bool {
    guard let silent, silent.mayStore else { return false }
    return !author.isProcess(of: silent.author)
  }

  /// Whether another writer than `author` may: then a change of theirs that comes with a request is
  /// theirs alone only if nobody has stored meanwhile.
  func mayBeStored(byAnotherThan author: Author) -> Bool {
    guard let silent, silent.mayStore else { return false }
    return !author.isOneWriter(with: silent.author)
  }

  /// Notes that a silent writer has made this version of the content.
  mutating func recordUnseenChange(_ version: ContentVersion, at time: UInt64 = 0) {
    guard let writers = silent else { return }
    silent?.changed(version)
    // Where no write(2) is silent it was a store.
    record(writers.author, writers.passthroughFiles == 0 ? .mapped : [], at: time)
  }

  /// Somebody has a descriptor of a silent writer's file. What that writer alone seemed to have changed
  /// may be another's, stamped or not.
  ///
  /// - Parameter opener: who has opened it, of one that can only be stored to.
  mutating func silentFileIsHeld(
    by holder: Author, passthrough: Bool, opener: Author? = nil, at time: UInt64 = 0
  ) {
    silent?.isHeld(by: holder, passthrough: passthrough)
    guard let silent, silent.author == .unknown else { return }
    // Who closes a file of his own tells nothing about others'.
    let isPassedOn = opener.map { !holder.isOneWriter(with: $0) } ?? false
    guard passthrough ? silent.isBlamed : isPassedOn && isLaidToMapper else { return }
    self.silent?.isDoubted()
    record(.unknown, [], at: time)
  }

  /// Whether the pending change must be settled before `author` changes the content: afterwards
  /// nothing would tell that somebody else had been there.
  func mustSettle(before author: Author) -> Bool {
    guard let pending else { return false }
    return !pending.author.isCovered(with: author)
  }

  /// Notes that `author` has changed the content. The latest task of a writer is named.
  ///
  /// - Parameter time: now; ``Clock/fileTime``.
  mutating func record(_ author: Author, _ flags: Stamp.Flags, at time: UInt64 = 0) {
    var flags = flags
    isLaidToMapper = flags.contains(.mapped) && author != .unknown
    notedAt = time
    if let pending, pending.author.isCovered(with: author) { flags.formUnion(pending.flags) }
    pending = Change(author: author, flags: flags)
    isProvisional = false
  }

  /// The pending change is stamped for those who look now.
  mutating func stampedProvisionally() {
    isProvisional = true
  }

  /// Nothing is pending any more.
  mutating func settled() {
    pending = nil
    isProvisional = false
    notedAt = 0
  }
}
