// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Views beside the one that is to be mounted. A file has one account of who writes it: two views that both
/// reach it would each take the other's changes for their own clients', or one would see the other's daemon
/// as the writer.
enum OtherViews {
  /// Makes sure that no other view shows anything of `source`, and that none will at the source itself while
  /// this process lives.
  ///
  /// - Parameter descriptor: an O_PATH descriptor of the source.
  /// - Throws: what is in the way, and the way out.
  static func exclude(_ source: Options.Path, _ descriptor: CInt) throws(Trouble) {
    try refuseView(source, descriptor)
    try refuseViewsInside(source, descriptor)
    try lock(source, descriptor)
  }

  /// A source that is in a view itself: the lower one's clients would be the upper one's daemon.
  private static func refuseView(_ source: Options.Path, _ descriptor: CInt) throws(Trouble) {
    guard prov_filesystem_type(descriptor) == fuse,
      ViewMode.read(FileReference(descriptor: descriptor)) != nil
    else { return }
    var attributes = statx()
    _ = prov_statx(descriptor, "", CInt(PROV_AT_EMPTY_PATH), 0, &attributes)
    let mountpoints = try? MountTable().mountpoints(of: Identity(attributes).device)
    let place = mountpoints?.first ?? source
    throw Trouble(
      """
      \(source.shown) is in the view at \(place.shown) already, which would take this one's daemon for the \
      writer; use that view, or unmount it first: umount \(place.shown)
      """)
  }

  private static func refuseViewsInside(
    _ source: Options.Path, _ descriptor: CInt
  ) throws(Trouble) {
    guard let table = try? MountTable() else { return }
    for place in table.mountpoints(type: "fuse.\(Log.name)") {
      guard (try? Mountpoint(place).isInside(descriptor)) == true else { continue }
      throw Trouble(
        """
        a view is mounted at \(place.shown), inside \(source.shown), which would take this one's daemon for \
        the writer; unmount it first: umount \(place.shown)
        """)
    }
  }

  /// The lock is a flock(2) on the directory: it holds for as long as the daemon lives, wherever its view is
  /// mounted, and for one that has been unmounted while somebody still has files of it open.
  private static func lock(_ source: Options.Path, _ descriptor: CInt) throws(Trouble) {
    // Kept open until the process ends. Who may not read the directory cannot lock it.
    let directory = prov_openat(descriptor, ".", O_RDONLY | O_DIRECTORY, 0)
    guard directory >= 0 else { return }
    guard flock(directory, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
    close(directory)
    throw Trouble(
      """
      \(source.shown) is shown by another view already, or by one that was unmounted while files of it are \
      still open; use that view, or end it first (find its daemon with: fuser -v \(source.shown))
      """)
  }

  /// FUSE_SUPER_MAGIC of `linux/magic.h`.
  private static let fuse = 0x6573_5546
}
