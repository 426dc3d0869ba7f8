// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Logging
import Provenance
import Synchronization
import SystemPackage

/// Puts the stamps on files: turns what ``Attribution`` holds into extended attributes.
///
/// Settling needs the daemon's own identity, so each function that settles takes it first.
final class Stamper: Sendable {
  let table: NodeTable
  /// Whether this daemon stamps.
  let isActive: Bool
  private let user: uid_t
  private let warnings: Warnings

  /// - Parameter isActive: false where somebody else stamps: the LSM.
  init(table: NodeTable, isActive: Bool, warnings: Warnings) {
    self.table = table
    self.isActive = isActive
    self.warnings = warnings
    user = geteuid()
  }

  /// Makes a change of content by `author`, and notes it for the next settling. What somebody else
  /// changed before is settled first.
  ///
  /// - Parameters:
  ///   - emptying: whether this leaves nothing in the file, and a write(2) can follow before it is
  ///     accounted for: the kernel holds no lock of an inode that is opened.
  ///   - body: makes the change; where it throws, nothing was changed.
  func change<Result: Sendable>(
    _ node: NodeReference, by author: Author, _ flags: Stamp.Flags = [],
    emptying: Bool = false, _ body: () throws(Errno) -> Result
  ) throws(Errno) -> Result {
    try node.pointer.pointee.attribution.withLock { state throws(Errno) -> Result in
      // Also where nobody stamps: flags of a shared descriptor belong to one change at a time.
      guard isActive else { return try body() }
      prepare(node, &state, for: author)
      let result = try body()
      // What is left of an empty file nobody can have stored to.
      let isDoubtful = !emptying && state.mayBeStored(byAnotherThan: author)
      finish(node, &state, by: author, flags, emptied: emptying, isDoubtful: isDoubtful)
      return result
    }
  }

  /// As ``change(_:by:_:emptying:_:)``, for a change that puts `bytes` into the file: of that it can be told
  /// whether anybody has stored to the file meanwhile.
  ///
  /// - Parameters:
  ///   - offset: where they go; nil for the end of the file.
  ///   - body: writes them, and returns how many.
  func write(
    _ node: NodeReference, by author: Author, _ bytes: UnsafeRawBufferPointer, at offset: UInt64?,
    _ body: () throws(Errno) -> Int
  ) throws(Errno) -> Int {
    try node.pointer.pointee.attribution.withLock { state throws(Errno) -> Int in
      guard isActive else { return try body() }
      guard state.mayBeStored(byAnotherThan: author) else {
        prepare(node, &state, for: author)
        let count = try body()
        finish(node, &state, by: author, [], isDoubtful: false)
        return count
      }
      let watch = watchStores(node, bytes, at: offset)
      prepare(node, &state, for: author)
      let count = try body()
      finish(node, &state, by: author, [], isDoubtful: false)
      if withFile(node, { watch?.sawNone($0, afterWriting: count) }) != true {
        doubt(node, &state)
      }
      return count
    }
  }

  private func prepare(_ node: NodeReference, _ state: inout Attribution, for author: Author) {
    let seen = observe(node, &state, before: author)
    if state.mustSettle(before: author) { stampPending(node, &state, seen: seen) }
  }

  private func finish(
    _ node: NodeReference, _ state: inout Attribution, by author: Author, _ flags: Stamp.Flags,
    emptied: Bool = false, isDoubtful: Bool
  ) {
    state.record(author, flags, at: Clock.fileTime)
    account(node, &state, emptied: emptied)
    if isDoubtful { doubt(node, &state) }
    // A store since that look has left its page dirty: written back, it shows the next one.
    if state.mayBeStored(besides: author) { writeBack(node) }
  }

  /// Makes a change that is none of content, although it may look like one.
  ///
  /// - Parameter setsTimes: whether it sets mtime: a store that comes in between shows in its page alone.
  func keepContent(
    _ node: NodeReference, setsTimes: Bool = false, _ body: () throws(Errno) -> Void
  ) throws(Errno) {
    try node.pointer.pointee.attribution.withLock { state throws(Errno) in
      guard isActive else { return try body() }
      let watchesStores = setsTimes && state.silent?.mayStore == true
      if watchesStores { writeBack(node) }
      settle(node, &state)
      let held = stampThatHolds(node)
      try body()
      if setsTimes, let seen = look(node) {
        let version = ContentVersion(seen.attributes)
        if watchesStores && mayHaveDirtyPages(node) {
          state.recordUnseenChange(version, at: seen.time)
          stampPending(node, &state, seen: seen)
          return
        }
        state.silent?.version = version
      }
      if let held { renew(held, node) }
    }
  }

  /// Stamps what is pending. Afterwards the file's stamp tells the truth about its content.
  ///
  /// - Returns: the attributes afterwards, where they were looked at.
  @discardableResult
  func settle(_ node: NodeReference) -> statx? {
    node.pointer.pointee.attribution.withLock { settle(node, &$0) }
  }

  /// Stamps an inode that `author` has just created, at once.
  ///
  /// - Returns: its attributes afterwards, where they were looked at.
  func created(_ node: NodeReference, by author: Author) -> statx? {
    guard isActive else { return nil }
    return node.pointer.pointee.attribution.withLock { state in
      state.record(author, .created, at: Clock.fileTime)
      return settle(node, &state)
    }
  }

  /// As ``created(_:by:)``, for a file that nobody but its creator, who has opened it, can know yet.
  ///
  /// - Parameter seen: its attributes.
  func created(
    _ node: NodeReference, by author: Author, _ opened: CInt, seen: Look
  ) -> statx? {
    guard isActive else { return nil }
    return node.pointer.pointee.attribution.withLock { state in
      state.record(author, .created, at: Clock.fileTime)
      return stampPending(node, &state, seen: seen, new: opened)
    }
  }

  /// Settles under the lock of the node, which the caller holds.
  ///
  /// - Returns: the attributes after stamping, where they were looked at.
  @discardableResult
  func settle(_ node: NodeReference, _ state: inout Attribution) -> statx? {
    let seen = observe(node, &state)
    return stampPending(node, &state, seen: seen)
  }

  /// - Parameters:
  ///   - seen: the attributes as a look at silent writers has found them.
  ///   - new: a descriptor of a file that cannot have a stamp yet.
  @discardableResult
  func stampPending(
    _ node: NodeReference, _ state: inout Attribution, isOpen: Bool = false, seen: Look?,
    new: CInt? = nil
  ) -> statx? {
    guard var change = state.pending else { return seen?.attributes }
    if isOpen { change.flags.insert(.open) }
    Credentials.resumeOwn()
    do throws(Errno) {
      let since = state.isProvisional ? nil : state.notedAt
      let outcome = try withDescriptor(node, new) { descriptor throws(Errno) in
        try stamp(node, descriptor, change, seen, isNew: new != nil, since: since)
      }
      guard case .done(let attributes) = outcome else { return nil }
      if isOpen { state.stampedProvisionally() } else { state.settled() }
      return attributes
    } catch {
      // Without its inode there is nothing left to stamp.
      if error.rawValue == ESTALE { state.settled() } else { warnings.cannotStamp(node, error) }
      return nil
    }
  }

  private enum Outcome {
    /// The inode has no name: the change stays pending until it gets one.
    case hasNoName
    /// There is nothing more to stamp. The attributes are the latest, where they were looked at.
    case done(statx?)
  }

  /// - Parameter since: when the change was noted, if nothing of it has been stamped yet.
  private func stamp(
    _ node: NodeReference, _ descriptor: CInt, _ change: Attribution.Change, _ seen: Look?,
    isNew: Bool = false, since: UInt64? = nil
  ) throws(Errno) -> Outcome {
    let volume = node.pointer.pointee.volume
    guard let attribute = volume.stampAttribute,
      attribute == .security || node.isRegular || node.isDirectory
    else { return .done(seen?.attributes) }
    let look = if let seen { seen } else { try Look(table, descriptor) }
    let attributes = look.attributes
    guard attributes.stx_nlink > 0 else { return .hasNoName }
    let file = FileReference(descriptor: descriptor)
    var latest: statx?
    try whileWritable(descriptor, attributes, attribute) { () throws(Errno) in
      switch change.author {
      case .unknown:
        try StampStore.forget(file, attribute)
      case .known(let writer):
        let earlier = isNew ? nil : (try? StampStore.read(file, attribute))?.stamp
        // Not later than the look, for what came since is not covered; and not before mtime, where the
        // clock was set back since.
        let stamp = Stamp(
          stamper: .provfs, flags: flags(of: change, by: writer, after: earlier, attributes),
          writer: writer, time: max(look.time, attributes.stx_mtime.nanoseconds),
          inode: attributes.stx_ino)
        // Another view has seen a later change, and covered this one too: its word stands.
        if let earlier, let since, earlier.time > since, isAnothers(earlier, node),
          earlier.covers(attributes)
        {
          StampStore.addToLog(stamp, file, attribute)
          return
        }
        if node.pointer.pointee.hasTwin.load(ordering: .relaxed) {
          try StampStore.forget(file, attribute)
          StampStore.addToLog(stamp, file, attribute)
          return
        }
        node.pointer.pointee.ownStamp.store(stamp.time, ordering: .relaxed)
        report(StampStore.replace(earlier, of: file, attribute, with: stamp), node)
        // Asked for after setting the stamp, ctime gets a value of its own at the next change, and
        // mtime with it: one that is later than the stamp, although within the same clock tick.
        latest = try table.attributes(descriptor)
      }
    }
    // An attribute in user.* may have taken a change of mode, which is taken back since.
    return .done(attribute == .security ? latest : nil)
  }

  /// Whether a stamp that is on the file is none that this daemon has set.
  func isAnothers(_ stamp: Stamp, _ node: NodeReference) -> Bool {
    stamp.time != node.pointer.pointee.ownStamp.load(ordering: .relaxed)
  }

  /// Stamps a pending change that the content has moved on from, so that it gets into the log.
  func stampAsEarlier(_ node: NodeReference, _ state: Attribution) {
    guard var change = state.pending else { return }
    change.flags.insert(.open)
    Credentials.resumeOwn()
    _ = try? withDescriptor(node) { descriptor throws(Errno) in
      try stamp(node, descriptor, change, nil)
    }
  }

  /// Runs `body` with a descriptor of the inode, under the lock of the node, which the caller holds: one
  /// of a file that is open, if there is any, for it takes attributes without a path.
  func withDescriptor<Result>(
    _ node: NodeReference, _ opened: CInt? = nil, _ body: (CInt) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    if let opened = opened ?? table.openDescriptor(of: node) { return try body(opened) }
    return try table.withDescriptor(node, body)
  }

  /// As ``withDescriptor(_:_:_:)``, taking the lock; where somebody has it, who may be stuck, without one of
  /// a file that is open.
  func withOpenDescriptor<Result: Sendable>(
    _ node: NodeReference, _ body: (CInt) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    let done = try node.pointer.pointee.attribution.withLockIfAvailable { _ throws(Errno) in
      try withDescriptor(node, nil, body)
    }
    return if let done { done } else { try table.withDescriptor(node, body) }
  }

  /// The flag ``Stamp/Flags/created`` stays on the file for as long as its creator writes it.
  private func flags(
    of change: Attribution.Change, by writer: Writer, after earlier: Stamp?, _ attributes: statx
  ) -> Stamp.Flags {
    guard let earlier, earlier.inode == attributes.stx_ino,
      earlier.writer.isSameWriter(as: writer)
    else { return change.flags }
    return change.flags.union(earlier.flags.intersection(.created))
  }

  /// Runs `body` with the owner's write permission on the file, which `user.` attributes need. Only
  /// a file of the daemon's own user is changed so, and for as long as `body` runs.
  func whileWritable(
    _ descriptor: CInt, _ attributes: statx, _ attribute: StampAttribute,
    _ body: () throws(Errno) -> Void
  ) throws(Errno) {
    let mode = mode_t(attributes.stx_mode) & ~S_IFMT
    guard attribute == .user, mode & S_IWUSR == 0, attributes.stx_uid == user, user != 0 else {
      return try body()
    }
    _ = try valueOrErrno(prov_chmod_fd(descriptor, mode | S_IWUSR))
    defer { _ = prov_chmod_fd(descriptor, mode) }
    try body()
  }

  private func report(_ outcome: StampStore.Outcome, _ node: NodeReference) {
    switch outcome {
    case .stamped:
      break
    case .removed(.notSupported) where node.isRegular || node.isDirectory:
      node.pointer.pointee.volume.giveUpStamps()
      warnings.cannotStamp(node, .notSupported)
    case .removed(let error):
      warnings.cannotStamp(node, error)
    case .stale(let setting, let removing):
      warnings.stale(node, setting: setting, removing: removing)
    }
  }
}
