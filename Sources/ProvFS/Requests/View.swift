// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// The passthrough filesystem: everything that its operations share.
final class View: Sendable {
  let table: NodeTable
  let stamper: Stamper
  let settings: Settings
  private let resolver: WriterResolver
  let lingering: LingeringMappings
  /// Whether the kernel reads and writes files without requests, where a volume allows it. Set before the
  /// first request.
  let isPassthrough = Atomic<Bool>(false)
  /// Set once, before the first request.
  nonisolated(unsafe) var session: OpaquePointer?

  struct Settings: Sendable {
    /// Seconds for which the kernel may use a name, or attributes, without asking.
    var entryTimeout = 1.0
    var attributeTimeout = 1.0
    /// Seconds for which it may take a missing name for missing.
    var negativeTimeout = 0.0
    /// Refuse to enter other filesystems that are mounted inside the source.
    var staysOnFilesystem = false
    /// Have every write come as a request, also where it could go to the backing file.
    var attributesEachWrite = false
  }

  init(table: NodeTable, stamper: Stamper, settings: Settings, resolver: WriterResolver) {
    self.table = table
    self.stamper = stamper
    self.settings = settings
    self.resolver = resolver
    lingering = LingeringMappings(table, stamper)
  }

  /// Whoever makes a request: resolved while the request keeps it waiting, hence alive.
  func author(_ caller: Caller) -> Author {
    Credentials.resumeOwn()
    guard let writer = resolver.writer(task: caller.task, uid: caller.uid) else { return .unknown }
    return .known(writer)
  }

  /// What statx(2) says of a node, as the view shows it.
  func attributes(_ descriptor: CInt) throws(Errno) -> statx {
    try table.attributes(descriptor)
  }

  func stat(_ attributes: statx) -> stat {
    var attributes = attributes
    var result = Glibc.stat()
    prov_stat_from_statx(&attributes, &result)
    result.st_ino = ino_t(shownInode(attributes.stx_ino, on: Identity(attributes).device))
    return result
  }

  /// The inode number in the view. Those of other devices than the root's are mixed with the device
  /// and get the top bit, so that they cannot be taken for one of the root's.
  func shownInode(_ inode: UInt64, on device: UInt64) -> UInt64 {
    guard device != table.root.pointer.pointee.identity.device else { return inode }
    var mixed = inode ^ (device &* 0x9e37_79b9_7f4a_7c15)
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    return mixed | 1 << 63
  }

  /// Finds `name` in a directory, and adds a lookup to its node.
  func lookUp(
    _ parent: NodeReference, _ name: UnsafePointer<CChar>
  ) throws(Errno) -> (node: NodeReference, attributes: statx) {
    try table.withDescriptor(parent) { directory throws(Errno) in
      try lookUp(parent, directory, name)
    }
  }

  /// - Parameter directory: a descriptor of `parent`.
  func lookUp(
    _ parent: NodeReference, _ directory: CInt, _ name: UnsafePointer<CChar>
  ) throws(Errno) -> (node: NodeReference, attributes: statx) {
    if let known = try table.known(directory, name, in: parent) { return known }
    let descriptor = try openPath(directory, name)
    let found: statx
    do throws(Errno) {
      found = try attributes(descriptor)
      if settings.staysOnFilesystem,
        Identity(found).device != table.root.pointer.pointee.identity.device
      {
        throw Errno(rawValue: EXDEV)
      }
    } catch {
      close(descriptor)
      throw error
    }
    return (try table.adopt(descriptor, found, parent: parent, name: name), found)
  }

  func openPath(_ directory: CInt, _ name: UnsafePointer<CChar>) throws(Errno) -> CInt {
    try valueOrErrno(
      table.withRoom { prov_openat(directory, name, CInt(PROV_O_PATH) | O_NOFOLLOW, 0) })
  }

  /// Seconds for which the kernel may remember a node's attributes.
  func attributeTimeout(_ node: NodeReference) -> Double {
    node.pointer.pointee.silentMappers.load(ordering: .relaxed) > 0 ? 0 : settings.attributeTimeout
  }

  /// Makes the kernel forget a node's attributes.
  func forgetAttributes(_ node: NodeReference) {
    // A negative offset: the attributes alone, not the data.
    fuse_lowlevel_notify_inval_inode(session, table.id(node), -1, 0)
  }

  /// The attributes as the kernel is told them.
  func shown(_ node: NodeReference, _ attributes: statx) -> stat {
    node.pointer.pointee.shownPrivilegedBits.store(
      Self.privilegedBits(attributes), ordering: .relaxed)
    return stat(attributes)
  }

  static func privilegedBits(_ attributes: statx) -> UInt32 {
    UInt32(attributes.stx_mode) & (S_ISUID | S_ISGID)
  }

  func entry(_ node: NodeReference, _ attributes: statx) -> fuse_entry_param {
    var entry = fuse_entry_param()
    entry.ino = table.id(node)
    entry.generation = node.pointer.pointee.generation
    entry.attr = shown(node, attributes)
    entry.attr_timeout = attributeTimeout(node)
    entry.entry_timeout = settings.entryTimeout
    return entry
  }
}
