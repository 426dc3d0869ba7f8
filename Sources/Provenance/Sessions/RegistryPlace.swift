// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// A directory that holds the records of one user's sessions.
///
/// Which directory follows from the uid alone. XDG_RUNTIME_DIR does not count: it is part of another
/// process's environment, so a claim of that process, which a stamper for many users cannot rely on.
struct RegistryPlace: Hashable {
  let owner: uid_t
  /// A directory that belongs to the owner, in a directory that belongs to root.
  let anchor: String
  /// Where the records are below the anchor.
  let directories: [String]

  /// The places in which records of a user's sessions may be, in the order in which they are tried.
  static func all(of uid: uid_t) -> [RegistryPlace] {
    guard uid != 0 else {
      return [RegistryPlace(owner: 0, anchor: "/run/provstamp", directories: ["sessions"])]
    }
    return [
      RegistryPlace(
        owner: uid, anchor: "/run/user/\(uid)", directories: ["provstamp", "sessions"]),
      RegistryPlace(owner: uid, anchor: "/tmp/.provstamp-\(uid)", directories: ["sessions"]),
    ]
  }

  /// The path of a record, or of the directory where `name` is empty.
  func path(_ name: String) -> String {
    ([anchor] + directories + [name]).joined(separator: "/")
  }

  /// Why a directory cannot be where a user's records are.
  enum Fault: Error, Hashable {
    /// It is not there, or is no directory.
    case absent(Errno)
    case owner(uid_t)
    /// Others than the owner may write to it.
    case writable
    /// It is on a filesystem that may keep whoever looks at it waiting for ever.
    case filesystem(String)
    /// It is not to be found out which filesystem it is on, see ``MountTable/mount(of:id:)``.
    case hiddenMount
    /// What kept this process from finding out.
    case unreadable(Errno)
  }

  /// Opens the anchor, once it is certain that only the owner can have put there what is below it.
  ///
  /// Nothing here waits for the filesystem that the anchor is on: the owner may have mounted his own.
  func openAnchor() throws(Fault) -> OwnedDescriptor {
    let descriptor = try open()
    let status: statx
    do throws(Errno) {
      status = try descriptor.withNumber { number throws(Errno) in
        try statx(
          of: number, UInt32(STATX_UID) | UInt32(STATX_MODE) | UInt32(STATX_MNT_ID),
          flags: CInt(PROV_AT_STATX_DONT_SYNC))
      }
    } catch {
      throw .unreadable(error)
    }
    try checkFilesystem(of: descriptor, status)
    try checkOwner(status)
    return descriptor
  }

  /// Opens the directory that the records are in, under the same condition.
  func openDirectory() throws(Fault) -> OwnedDescriptor {
    var directory = try openAnchor()
    for name in directories {
      do throws(Errno) {
        directory = try directory.withNumber { number throws(Errno) in
          try OwnedDescriptor(prov_open_directory_below(number, name))
        }
      } catch {
        throw error == .noSuchFileOrDirectory ? .absent(error) : .unreadable(error)
      }
      let status: statx
      do throws(Errno) {
        status = try directory.withNumber { number throws(Errno) in
          try statx(of: number, UInt32(STATX_UID) | UInt32(STATX_MODE))
        }
      } catch {
        throw .unreadable(error)
      }
      try checkOwner(status)
    }
    return directory
  }

  private func checkOwner(_ status: statx) throws(Fault) {
    guard status.stx_uid == owner else { throw .owner(status.stx_uid) }
    guard status.stx_mode & 0o022 == 0 else { throw .writable }
  }

  private func open() throws(Fault) -> OwnedDescriptor {
    do throws(Errno) {
      return try OwnedDescriptor(prov_open_anchor(anchor))
    } catch {
      switch error {
      case .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels: throw .absent(error)
      default: throw .unreadable(error)
      }
    }
  }

  /// Filesystems that the kernel serves by itself, from memory or a local disk.
  private static let localFilesystems: Set<String> = [
    "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "ramfs", "tmpfs", "xfs",
    "zfs",
  ]

  private func checkFilesystem(
    of anchor: borrowing OwnedDescriptor, _ status: statx
  ) throws(Fault) {
    let mount: MountTable.Mount?
    do throws(Errno) {
      mount = try anchor.withNumber { number throws(Errno) in
        try MountTable.mount(of: FileReference(descriptor: number), id: status.mount)
      }
    } catch {
      throw .unreadable(error)
    }
    guard let type = mount?.type else { throw .hiddenMount }
    guard Self.localFilesystems.contains(type) else { throw .filesystem(type) }
  }
}

extension RegistryPlace.Fault: CustomStringConvertible {
  var description: String {
    switch self {
    case .absent(let error), .unreadable(let error): error.description
    case .owner(let uid): "belongs to uid \(uid)"
    case .writable: "can be written to by others than its owner"
    case .filesystem(let type):
      "is on a filesystem of type \(type), which may keep every reader waiting"
    case .hiddenMount:
      "is on a mount that cannot be seen from this root directory, as in a chroot that is no mount "
        + "point, so it is not known whether its filesystem may keep every reader waiting"
    }
  }
}
