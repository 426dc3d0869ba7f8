// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// One request of the kernel, as an operation sees it.
struct Request {
  /// What libfuse needs for a reply; nil for a request that libfuse does not know.
  let raw: fuse_req_t?
  let view: View
  let worker: UnsafeMutablePointer<Worker>
  let caller: Caller

  var table: NodeTable { view.table }

  func node(_ id: fuse_ino_t) -> NodeReference { view.table.node(id) }

  /// Runs `body`, a system call that needs the caller's rights. Descriptors that it uses must have
  /// been opened before: that takes the daemon's.
  func asCaller<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
    try worker.pointee.credentials.pointee.assume(caller)
    return try body()
  }

  /// As ``asCaller(_:)``, for one that creates a file: with the caller's umask too, in the name of
  /// `author`.
  func asCreator<Result>(
    _ author: Author, _ body: () throws(Errno) -> Result
  ) throws(Errno) -> Result {
    try worker.pointee.standIn.write(for: author)
    worker.pointee.credentials.pointee.setUmask(caller.umask)
    try worker.pointee.credentials.pointee.assume(caller)
    return try body()
  }

  /// Takes the daemon's own identity back.
  func asDaemon() {
    worker.pointee.credentials.pointee.resume()
  }

  /// Makes a change of content by `author`; see ``Stamper/change(_:by:_:emptying:_:)``.
  func change<Result: Sendable>(
    _ node: NodeReference, by author: Author, _ flags: Stamp.Flags = [],
    emptying: Bool = false, _ body: () throws(Errno) -> Result
  ) throws(Errno) -> Result {
    try worker.pointee.standIn.write(for: author)
    let result = try view.stamper.change(node, by: author, flags, emptying: emptying, body)
    noticeLostBits(node)
    return result
  }

  /// Writes `bytes` by `author`; see ``Stamper/write(_:by:_:at:_:)``.
  func write(
    _ node: NodeReference, by author: Author, _ bytes: UnsafeRawBufferPointer, at offset: UInt64?,
    _ body: () throws(Errno) -> Int
  ) throws(Errno) -> Int {
    try worker.pointee.standIn.write(for: author)
    let count = try view.stamper.write(node, by: author, bytes, at: offset, body)
    noticeLostBits(node)
    return count
  }

  /// The source has taken set-user-id bits away from what was written. The kernel leaves that to it,
  /// and goes on showing the mode that it knows unless it is told.
  private func noticeLostBits(_ node: NodeReference) {
    let shown = node.pointer.pointee.shownPrivilegedBits.load(ordering: .relaxed)
    guard shown != 0 else { return }
    asDaemon()
    let now = try? table.withDescriptor(node) { descriptor throws(Errno) in
      try View.privilegedBits(view.attributes(descriptor))
    }
    guard now != shown else { return }
    node.pointer.pointee.shownPrivilegedBits.store(now ?? 0, ordering: .relaxed)
    view.forgetAttributes(node)
  }

  /// A descriptor of the source's file. For a file that is open for reading alone it may be opened now,
  /// which takes the daemon's rights.
  func descriptor(_ file: OpenFileReference) throws(Errno) -> CInt {
    try file.pointer.pointee.openedDescriptor(table)
  }

  func reply(error: CInt) {
    fuse_reply_err(raw, error)
  }
}

/// Serves a request: runs `body`, which replies, and replies with the error that it throws.
///
/// A reply is the last thing that `body` does with a node of the request: as soon as the kernel has
/// it, it may forget the node, and another thread frees it.
func serve(_ raw: fuse_req_t?, _ body: (Request) throws(Errno) -> Void) {
  guard let raw, let data = fuse_req_userdata(raw), let worker = Worker.current else { return }
  let view = Unmanaged<View>.fromOpaque(data).takeUnretainedValue()
  let context = fuse_req_ctx(raw).pointee
  let caller = Caller(
    uid: context.uid, gid: context.gid, task: context.pid, umask: context.umask)
  let request = Request(raw: raw, view: view, worker: worker, caller: caller)
  request.asDaemon()
  do throws(Errno) {
    try body(request)
  } catch {
    fuse_reply_err(raw, error.rawValue)
  }
}
