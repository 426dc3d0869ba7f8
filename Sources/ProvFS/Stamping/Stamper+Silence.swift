// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Attribution of what never comes to the daemon: writes that pass through, and stores.
///
/// While such a writer has the file open, its changes are looked for wherever anybody could notice
/// them, or cover them with changes of their own. Between a look and the change that follows no
/// write(2) can come in: the kernel holds the inode's lock for the request, but for an open that
/// truncates. A store through a mapping can come in at any time.
extension Stamper {
  /// Takes note of a file that is opened for writing, its data not through the view's page cache.
  ///
  /// - Parameters:
  ///   - mayMap: whether it can be mapped shared and writable.
  ///   - mayPass: whether its writes may go to the backing file.
  ///   - seen: the attributes of a file that nobody else knows yet.
  /// - Returns: whether they do. They do not where somebody else changes the content silently already,
  ///   or where the opener is not known.
  func admit(
    _ node: NodeReference, _ opener: Author, mayMap: Bool, mayPass: Bool,
    seen: statx?
  ) -> Bool {
    guard isActive else {
      if mayMap { node.pointer.pointee.silentMappers.wrappingAdd(1, ordering: .relaxed) }
      return mayPass
    }
    return node.pointer.pointee.attribution.withLock { state in
      let passes = mayPass && state.silent?.mayPass(opener) ?? (opener != .unknown)
      if !passes { observe(node, &state, before: opener) }
      guard passes || mayMap else { return false }
      if state.silent == nil {
        if state.mustSettle(before: opener) { settle(node, &state) }
        guard let seen = seen ?? look(node)?.attributes else { return false }
        state.silent = SilentWriters(
          at: ContentVersion(seen), isBesideStranger: state.isBesideStranger ?? false)
      }
      if mayMap && state.silent?.mayMap == false {
        node.pointer.pointee.silentMappers.wrappingAdd(1, ordering: .relaxed)
      }
      state.silent?.open(by: opener, passthrough: passes, mayMap: mayMap)
      return passes
    }
  }

  /// A file is about to be opened for writing, by the daemon too: the last moment at which it can be told
  /// whether a mapping that had outlived its file has ended, and, at the first of all, whether somebody
  /// has the file open past the view. Later it cannot: the kernel may take milliseconds to close a file.
  func willOpen(_ node: NodeReference) {
    guard isActive else { return }
    node.pointer.pointee.attribution.withLock { state in
      if state.silent?.files == 0 { endIfUnmapped(node, &state) }
      guard state.isBesideStranger != false, node.pointer.pointee.volume.allowsPassthrough else {
        return
      }
      guard !table.isOpenForWriting(node) else { return }
      state.isBesideStranger = isWritable(node)
    }
  }

  /// A descriptor of a silent writer's file is closed by `holder`: what it changed is stamped when its
  /// close(2) returns.
  ///
  /// - Parameter opener: who has opened it; nil where that is not known.
  func flush(_ node: NodeReference, by holder: Author, passthrough: Bool, opener: Author?) {
    node.pointer.pointee.attribution.withLock { state in
      state.silentFileIsHeld(
        by: holder, passthrough: passthrough, opener: opener, at: Clock.fileTime)
      let seen = observe(node, &state)
      if passthrough { state.silent?.closed(by: holder, at: Clock.fileTime) }
      stampPending(node, &state, seen: seen)
    }
  }

  /// Another than its opener has a descriptor of a file that can be stored to: what was laid to the opener
  /// may be that one's work.
  func doubtStores(_ node: NodeReference) {
    node.pointer.pointee.attribution.withLock { state in
      if isActive && state.isLaidToMapper { doubt(node, &state) }
    }
  }

  /// A silent writer's file is closed for good, the daemon's descriptor included.
  ///
  /// - Returns: whether a mapping of it goes on, so that changes can still come: then the node must
  ///   be kept, and asked about with ``hasEnded(_:)``.
  func release(_ node: NodeReference, mayMap: Bool, passthrough: Bool) -> Bool {
    guard isActive else {
      if mayMap { node.pointer.pointee.silentMappers.wrappingSubtract(1, ordering: .relaxed) }
      return false
    }
    return node.pointer.pointee.attribution.withLock { state in
      let seen = observe(node, &state)
      state.silent?.close(passthrough: passthrough)
      guard let writers = state.silent else { return false }
      let isMapped = writers.mayMap && isWritable(node)
      if passthrough, writers.wasChangedByNobody(isMapped: isMapped, at: Clock.fileTime) {
        doubt(node, &state)
      }
      guard writers.files == 0 else { return false }
      if let author = writers.certainAuthor { state.record(author, [], at: Clock.fileTime) }
      endIfUnmapped(node, &state, seen: seen)
      return state.silent != nil
    }
  }

  /// Whether the mapping that outlived its file has ended, or belongs to a file that is open again. What
  /// it changed is stamped.
  func hasEnded(_ node: NodeReference) -> Bool {
    node.pointer.pointee.attribution.withLock { state in
      guard state.silent?.files == 0 else { return true }
      endIfUnmapped(node, &state)
      return state.silent == nil
    }
  }

  /// Stamps what a mapping may have changed whose file is closed; where it has ended, that was all.
  ///
  /// - Parameter seen: what a look has found since the file was closed.
  private func endIfUnmapped(
    _ node: NodeReference, _ state: inout Attribution, seen: Look? = nil
  ) {
    if state.silent?.mayMap == true && isWritable(node) {
      settle(node, &state)
      return
    }
    // A mapping that has ended since that look may have stored once more.
    let seen = state.silent?.mayMap == true ? observe(node, &state) : seen
    stampPending(node, &state, seen: seen)
    if state.silent?.mayMap == true {
      node.pointer.pointee.silentMappers.wrappingSubtract(1, ordering: .relaxed)
    }
    state.silent = nil
  }

  /// Looks whether a silent writer has changed the content, and notes it.
  ///
  /// - Parameter other: who is about to change the content too. Stores to a page that is dirty move
  ///   nothing that could be seen; written back, it shows the next one.
  ///
  /// - Returns: the attributes of the file, if anybody may change it silently.
  @discardableResult
  func observe(
    _ node: NodeReference, _ state: inout Attribution, before other: Author? = nil
  ) -> Look? {
    guard let writers = state.silent else { return nil }
    if let other, state.mayBeStored(besides: other) { writeBack(node) }
    guard let seen = look(node) else { return nil }
    let version = ContentVersion(seen.attributes)
    guard state.hasUnseenChange(version) else { return seen }
    guard !isStampedByAnother(node, seen.attributes) else {
      state.silent?.accounted(version)
      return seen
    }
    // Somebody else's change came before this one. Its stamp is not the last word any more, and says so.
    if state.mustSettle(before: writers.author) { stampAsEarlier(node, state) }
    state.recordUnseenChange(version, at: seen.time)
    if writers.author == .unknown { noteSuspects(writers, node, seen) }
    return seen
  }

  /// Puts those who may have made a change that is nobody's for certain into the log.
  private func noteSuspects(_ writers: SilentWriters, _ node: NodeReference, _ seen: Look) {
    guard let attribute = node.pointer.pointee.volume.stampAttribute else { return }
    Credentials.resumeOwn()
    for writer in [writers.suspects.0, writers.suspects.1] {
      guard let writer else { continue }
      let stamp = Stamp(
        stamper: .provfs, flags: [], writer: writer,
        time: max(seen.time, seen.attributes.stx_mtime.nanoseconds),
        inode: seen.attributes.stx_ino)
      _ = try? withDescriptor(node) { descriptor throws(Errno) in
        try whileWritable(descriptor, seen.attributes, attribute) { () throws(Errno) in
          StampStore.addToLog(stamp, FileReference(descriptor: descriptor), attribute)
        }
      }
    }
  }

  /// Whether a change that nobody has seen here is stamped nevertheless: another view has, or had, the file
  /// too. A stamp of this one does not cover it: see ``stamp(_:_:_:_:isNew:)``.
  private func isStampedByAnother(_ node: NodeReference, _ attributes: statx) -> Bool {
    guard let attribute = node.pointer.pointee.volume.stampAttribute else { return false }
    let stamp = try? withDescriptor(node) { descriptor throws(Errno) in
      try StampStore.read(FileReference(descriptor: descriptor), attribute).stamp
    }
    guard let stamp = stamp ?? nil else { return false }
    return isAnothers(stamp, node) && stamp.covers(attributes)
  }

  /// It cannot be told any more who changed the content last. Who may have is in the log.
  func doubt(_ node: NodeReference, _ state: inout Attribution) {
    if state.mustSettle(before: .unknown) { stampAsEarlier(node, state) }
    state.silent?.isDoubted()
    state.record(.unknown, [], at: Clock.fileTime)
  }

  /// The content is as somebody whose change came as a request has left it.
  ///
  /// - Parameter emptied: whether nothing was left: what is there came after it, and is a silent
  ///   writer's, who has not been seen yet.
  func account(_ node: NodeReference, _ state: inout Attribution, emptied: Bool = false) {
    guard state.silent != nil, let seen = look(node)?.attributes else { return }
    if emptied && seen.stx_size > 0 { return }
    state.silent?.accounted(ContentVersion(seen))
  }

  func look(_ node: NodeReference) -> Look? {
    Credentials.resumeOwn()
    return try? withDescriptor(node) { descriptor throws(Errno) in try Look(table, descriptor) }
  }

  func writeBack(_ node: NodeReference) {
    withFile(node) { _ = prov_write_back($0) }
  }

  /// Whether anybody has the inode open or mapped for writing. A lease tells: the kernel grants one for
  /// reading only where nobody has. Where it cannot be asked, somebody may have.
  private func isWritable(_ node: NodeReference) -> Bool {
    withFile(node) { prov_is_open_for_writing($0) != 0 } ?? true
  }

  func withFile<Result>(_ node: NodeReference, _ body: (CInt) -> Result) -> Result? {
    Credentials.resumeOwn()
    return try? table.withDescriptor(node) { descriptor throws(Errno) in
      let file = try valueOrErrno(
        table.withRoom { prov_open_fd(descriptor, O_RDONLY | O_NONBLOCK | O_NOCTTY) })
      defer { close(file) }
      return body(file)
    }
  }
}
