// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// One mounted filesystem of the source.
final class Volume: Sendable {
  let device: UInt64
  let mount: UInt64
  /// An open file on it, for open_by_handle_at(2), or -1 where its inodes have no handles that can
  /// be opened.
  let handleMount: CInt
  /// Whether it shows the kernel's own data instead of storing files. Their sizes say nothing.
  let isPseudo: Bool
  /// Whether close(2) has something to do there, and so to report: of the filesystems that passthrough
  /// is for, none has.
  let mayFailAtClose: Bool
  /// Where its stamps go, or ``noStamps``.
  private let attribute: Atomic<UInt8>

  private static let noStamps: UInt8 = 0xff

  /// Whether it notes when an inode was made, by this machine's clock.
  private let datesBirths: Bool

  /// Whether its data may go past the daemon.
  let allowsPassthrough: Bool

  /// How many nodes are on it. At zero it is dropped, so that it can be unmounted.
  let nodes = Atomic<Int>(0)

  /// - Parameters:
  ///   - descriptor: any file on the filesystem, of any kind.
  ///   - usesHandles: whether this process may open files by handle.
  ///   - passthrough: when data may go past this process.
  init(
    identity: Identity, descriptor: CInt, usesHandles: Bool, passthrough: PassthroughPolicy
  ) {
    device = identity.device
    mount = identity.mount
    handleMount = usesHandles ? Self.openForHandles(descriptor) : -1
    let type = FilesystemType(of: descriptor)
    // A directory of autofs is none that somebody wrote, and leads to those that somebody did.
    isPseudo = type.isPseudo || type == .autofs
    datesBirths = Self.localTypes.contains(type)
    mayFailAtClose = !Self.localTypes.contains(type)
    let stamps = isPseudo ? nil : Self.probeStamps(descriptor)
    attribute = Atomic(stamps.map { $0 == .security ? 0 : 1 } ?? Self.noStamps)
    allowsPassthrough =
      switch passthrough {
      case .never: false
      case .whereChangesShow:
        !isPseudo && (stamps == nil || ChangeProbe.showsChanges(in: descriptor))
      case .always: !isPseudo
      }
  }

  deinit {
    if handleMount >= 0 { close(handleMount) }
  }

  /// The attribute that holds the stamps, or nil where there can be none.
  var stampAttribute: StampAttribute? {
    switch attribute.load(ordering: .relaxed) {
    case 0: .security
    case 1: .user
    default: nil
    }
  }

  func holds(_ identity: Identity) -> Bool {
    device == identity.device && mount == identity.mount
  }

  /// Whether an inode that was looked up after it had been made can be the one: somebody may have put
  /// another in its place behind the view.
  func mayBeMade(since time: UInt64, _ type: mode_t, _ attributes: statx) -> Bool {
    guard mode_t(attributes.stx_mode) & S_IFMT == type else { return false }
    guard datesBirths, attributes.stx_mask & UInt32(STATX_BTIME) != 0 else { return true }
    return attributes.stx_btime.nanoseconds >= time
  }

  /// From now on no stamp is tried.
  func giveUpStamps() {
    attribute.store(Self.noStamps, ordering: .relaxed)
  }

  /// A descriptor on the mount that open_by_handle_at(2) accepts (it refuses O_PATH ones), after
  /// making sure that a handle of it can be opened.
  private static func openForHandles(_ descriptor: CInt) -> CInt {
    var handle = prov_handle()
    guard let attributes = try? statx(of: descriptor, UInt32(STATX_TYPE)),
      [S_IFDIR, S_IFREG].contains(mode_t(attributes.stx_mode) & S_IFMT),
      prov_handle_of(descriptor, &handle) == 0
    else { return -1 }
    let mount = prov_open_fd(descriptor, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    guard mount >= 0 else { return -1 }
    let probe = prov_open_handle(mount, &handle, CInt(PROV_O_PATH))
    guard probe >= 0 else {
      close(mount)
      return -1
    }
    close(probe)
    return mount
  }

  /// Which attribute this process can set here. Removing one that does not exist changes nothing and
  /// still meets the privilege check first (EPERM) and the filesystem's own refusal next.
  private static func probeStamps(_ descriptor: CInt) -> StampAttribute? {
    // Where the LSM is active, nobody sets security.prov.
    let isReserved = Trust.lsmIsActive()
    for attribute in StampAttribute.allCases where attribute == .user || !isReserved {
      let probe = attribute == .security ? "security.prov.probe" : "user.prov.probe"
      switch prov_removexattrat(descriptor, "", probe) {
      case 0, -ENODATA, -EROFS: return attribute
      // A directory that is sticky or write-protected refuses, and its files need not.
      case -EACCES: return attribute
      case -EPERM where attribute == .user: return attribute
      default: continue
      }
    }
    return nil
  }

  /// Whose inodes bear times of this machine's clock, and whose `struct file_operations` have no `flush`.
  private static let localTypes: Set<FilesystemType> = [.ext4, .xfs, .btrfs, .tmpfs]
}

/// When data may go past the daemon.
enum PassthroughPolicy: Sendable {
  case never
  /// Where changes are noticed all the same.
  case whereChangesShow
  /// Somebody else tells who writes.
  case always
}

/// The filesystems that were met so far: few.
final class VolumeList: Sendable {
  private let usesHandles: Bool
  private let passthrough: PassthroughPolicy
  private let volumes = Mutex<[Volume]>([])

  init(usesHandles: Bool, passthrough: PassthroughPolicy) {
    self.usesHandles = usesHandles
    self.passthrough = passthrough
  }

  /// The filesystem that a file with this identity is on.
  ///
  /// - Parameter descriptor: the file, in case the filesystem has not been met before.
  func volume(of identity: Identity, descriptor: CInt) -> Volume {
    if let volume = find(identity) { return volume }
    let candidate = Volume(
      identity: identity, descriptor: descriptor, usesHandles: usesHandles, passthrough: passthrough
    )
    return volumes.withLock { volumes in
      if let volume = volumes.first(where: { $0.holds(identity) }) { return volume }
      volumes.append(candidate)
      return candidate
    }
  }

  func drop(_ volume: Volume) {
    volumes.withLock { $0.removeAll { $0 === volume } }
  }

  private func find(_ identity: Identity) -> Volume? {
    volumes.withLock { $0.first { $0.holds(identity) } }
  }
}
