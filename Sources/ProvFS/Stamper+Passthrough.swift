// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Attribution of what never comes to the daemon: writes and stores through passthrough.
///
/// While such a writer has the file open, its changes are looked for wherever anybody could notice
/// them, or cover them with changes of their own. Between a look and the change that follows no
/// write(2) can come in: the kernel holds the inode's lock for the request.
extension Stamper {
  /// Whether a file that is opened for writing may be written to without the daemon.
  ///
  /// - Parameter mayMap: whether it can be mapped shared and writable.
  /// - Returns: false where its writes must come as requests: somebody else writes past the daemon
  ///   already, or the opener is not known.
  func admit(
    _ node: NodeReference, _ author: Attribution.Author, mayMap: Bool
  ) -> Bool {
    guard isActive else { return true }
    return node.pointer.pointee.attribution.withLock { state in
      if state.passthrough?.files == 0 { endIfUnmapped(node, &state) }
      if let writer = state.passthrough {
        guard author.isProcess(of: writer.author) else {
          observe(node, &state, before: author)
          return false
        }
        state.passthrough?.open(mayMap: mayMap)
        return true
      }
      guard author != .unknown else { return false }
      if state.mustSettle(before: author) { settle(node, &state) }
      guard let version = version(node) else { return false }
      state.passthrough = PassthroughWriter(author, at: version, mayMap: mayMap)
      return true
    }
  }

  /// A descriptor of a file that passes through is closed by `holder`: what it changed is stamped when
  /// its close(2) returns.
  func flush(_ node: NodeReference, by holder: Attribution.Author) {
    node.pointer.pointee.attribution.withLock { state in
      state.passthroughIsHeld(by: holder)
      observe(node, &state)
      state.passthrough?.closed(by: holder)
      settle(node, &state)
    }
  }

  /// A file that passed through is closed for good, its descriptor included.
  ///
  /// - Returns: whether a mapping of it goes on, so that changes can still come: then the node must
  ///   be kept, and asked about with ``hasEnded(_:)``.
  func release(_ node: NodeReference) -> Bool {
    guard isActive else { return false }
    return node.pointer.pointee.attribution.withLock { state in
      state.passthrough?.close()
      guard let writer = state.passthrough, writer.files == 0 else { return false }
      if let author = writer.certainAuthor { state.record(author, []) }
      endIfUnmapped(node, &state)
      return state.passthrough != nil
    }
  }

  /// Whether the mapping that outlived its file has ended, or belongs to a file that is open again. What
  /// it changed is stamped.
  func hasEnded(_ node: NodeReference) -> Bool {
    node.pointer.pointee.attribution.withLock { state in
      guard state.passthrough?.files == 0 else { return true }
      endIfUnmapped(node, &state)
      return state.passthrough == nil
    }
  }

  /// Stamps what a mapping may have changed whose file is closed; where it has ended, that was all.
  private func endIfUnmapped(_ node: NodeReference, _ state: inout Attribution) {
    let goesOn = state.passthrough?.mayMap == true && isWritable(node)
    settle(node, &state)
    if !goesOn { state.passthrough = nil }
  }

  /// Looks whether the passthrough writer has changed the content, and notes it.
  ///
  /// - Parameter other: who is about to change the content too. Stores to a page that is dirty move
  ///   nothing that could be seen; written back, it shows the next one.
  func observe(
    _ node: NodeReference, _ state: inout Attribution, before other: Attribution.Author? = nil
  ) {
    if let other, let writer = state.passthrough, writer.mayMap, !other.isProcess(of: writer.author)
    {
      writeBack(node)
    }
    guard let version = version(node), state.hasUnseenChange(version) else { return }
    // Somebody else's change came before this one. Its stamp is not the last word any more, and says so.
    if let writer = state.passthrough, state.mustSettle(before: writer.author) {
      stampAsEarlier(node, state)
    }
    state.recordUnseenChange(version)
  }

  /// The content is as somebody whose change came as a request has left it.
  func account(_ node: NodeReference, _ state: inout Attribution) {
    guard state.passthrough != nil, let version = version(node) else { return }
    state.passthrough?.version = version
  }

  private func version(_ node: NodeReference) -> ContentVersion? {
    Worker.current?.pointee.credentials.resume()
    return try? table.withDescriptor(node) { descriptor throws(Errno) in
      ContentVersion(try attributes(descriptor))
    }
  }

  private func writeBack(_ node: NodeReference) {
    withFile(node) { _ = prov_write_back($0) }
  }

  /// Whether anybody has the inode open or mapped for writing. A lease tells: the kernel grants one for
  /// reading only where nobody has. Where it cannot be asked, somebody may have.
  private func isWritable(_ node: NodeReference) -> Bool {
    withFile(node) { prov_is_open_for_writing($0) != 0 } ?? true
  }

  private func withFile<Result>(_ node: NodeReference, _ body: (CInt) -> Result) -> Result? {
    Worker.current?.pointee.credentials.resume()
    return try? table.withDescriptor(node) { descriptor throws(Errno) in
      let file = try valueOrErrno(
        table.withRoom { prov_open_fd(descriptor, O_RDONLY | O_NONBLOCK | O_NOCTTY) })
      defer { close(file) }
      return body(file)
    }
  }
}
