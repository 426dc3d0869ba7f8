// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The view in the tree of mounts, told from everything else by its device: a path may lead elsewhere by
/// now, for whoever owns a directory above can rename it, or put a link in its place.
struct OwnMount {
  /// Where it was mounted.
  let path: Options.Path
  private let device: UInt64?

  /// - Parameter path: where it has just been mounted.
  init(_ path: Options.Path) {
    self.path = path
    let root = Self.open(path)
    device = Self.device(root)
    if root >= 0 { close(root) }
  }

  /// Unmounts at once; files that are open stay usable while their daemon lives.
  ///
  /// - Returns: false where the view is still in the tree.
  @discardableResult
  func detach() -> Bool {
    guard let place = find() else { return true }
    defer { close(place.root) }
    return Mountpoint(place.path).detach(place.root)
  }

  /// Has set-user-id bits and devices count in it.
  func allow(suid: Bool, dev: Bool) throws(Errno) {
    guard suid || dev, let place = find() else { return }
    defer { close(place.root) }
    _ = try valueOrErrno(prov_allow_on_mount(place.root, suid ? 1 : 0, dev ? 1 : 0))
  }

  /// Takes it away where nobody serves it any more.
  func clean() {
    guard let place = find() else { return }
    defer { close(place.root) }
    if Mountpoint.isDead(place.root) { Mountpoint(place.path).detach(place.root) }
  }

  /// Has the kernel write back what was stored through shared mappings. Needs serving threads.
  func writeBack() {
    guard let place = find() else { return }
    defer { close(place.root) }
    let root = prov_openat(place.root, ".", O_RDONLY | O_DIRECTORY, 0)
    guard root >= 0 else { return }
    prov_syncfs(root)
    close(root)
  }

  /// Where it is now, and an O_PATH descriptor of its root: a mount that one keeps open is busy, so it
  /// is opened only when it is needed.
  private func find() -> (path: Options.Path, root: CInt)? {
    guard let device else { return nil }
    for path in [path] + Self.mountpoints(of: device) {
      let root = Self.open(path)
      guard root >= 0 else { continue }
      if Self.device(root) == device { return (path, root) }
      close(root)
    }
    return nil
  }

  private static func open(_ path: Options.Path) -> CInt {
    path.withCString { prov_openat(AT_FDCWD, $0, CInt(PROV_O_PATH) | O_DIRECTORY, 0) }
  }

  /// Without asking the filesystem, which may be one that never answers.
  private static func device(_ file: CInt) -> UInt64? {
    guard file >= 0 else { return nil }
    return try? statx(of: file, 0, flags: CInt(PROV_AT_STATX_DONT_SYNC)).device
  }

  private static func mountpoints(of device: UInt64) -> [Options.Path] {
    guard let table = try? MountTable() else { return [] }
    return table.mountpoints(of: device)
  }
}
