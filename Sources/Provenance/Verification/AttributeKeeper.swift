// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// Who answers for the extended attributes of a mounted filesystem.
public enum AttributeKeeper: Sendable {
  /// A filesystem that the LSM stamps where it is active (lsm/scope.c has the rule): then nobody
  /// else sets stamps there.
  case kernel
  /// Root, of this machine or of a server.
  case root
  /// A program of an ordinary user, or it is not known who.
  case anybody

  private static let known = Mutex<[UInt64: AttributeKeeper]>([:])

  /// Who answers for the filesystem that is mounted with this id, as statx(2) tells it. What was found
  /// out of a mount is remembered.
  public init(ofMount id: UInt64) {
    self = Self.known.withLock { known in
      if let keeper = known[id] { return keeper }
      let keeper = (try? MountTable().mount(id)).flatMap { $0 }.map(Self.init) ?? .anybody
      known[id] = keeper
      return keeper
    }
  }

  init(of mount: MountTable.Mount) {
    if mount.type == "fuse" || mount.type == "fuseblk" || mount.type.hasPrefix("fuse.")
      || mount.type.hasPrefix("fuseblk.")
    {
      // Whoever mounted it can have it say anything.
      self = mount.options.contains("user_id=0") ? .root : .anybody
    } else if mount.type == "tmpfs" || Self.onDevices.contains(mount.type) {
      self = .kernel
    } else {
      self = .root
    }
  }

  /// Filesystems that keep their files on a block device of this machine, but for those of clusters,
  /// which other machines write.
  private static let onDevices: Set<String> = {
    guard let text = try? SmallFile.text("/proc/filesystems") else { return [] }
    let types = text.split(separator: "\n").compactMap { line in
      line.hasPrefix("\t") ? String(line.dropFirst()) : nil
    }
    return Set(types).subtracting(["ocfs2", "gfs2", "gfs2meta"])
  }()
}
