// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What stamps the files of one mounted filesystem, as far as that can be seen now.
struct Coverage {
  enum Watcher {
    case lsm
    case view(mode: [UInt8]?)
    case daemon(StampingDaemon)
    case nothing
    /// It cannot be asked.
    case unreachable(Errno)
  }

  var mountpoint: [UInt8]
  var type: String
  var watcher: Watcher

  var name: String {
    switch watcher {
    case .lsm: "lsm"
    case .view: "provfs"
    case .daemon: "provstampd"
    case .nothing: "nothing"
    case .unreachable: "unreachable"
    }
  }

  /// Since when without a break; nil where that cannot be told.
  var since: UInt64? {
    switch watcher {
    case .lsm: Clock.realTime - min(Clock.realTime, Clock.sinceBoot)
    case .daemon(let daemon): daemon.since
    case .view, .nothing, .unreachable: nil
    }
  }

  var detail: String {
    switch watcher {
    case .lsm: "the LSM stamps what is written there, since the machine was started"
    case .view(let mode):
      "a view of provfs\(mode.map { " (\(Escaping.text($0)))" } ?? "") stamps what is written through "
        + "it; since when it is there is not told, nor what was written past it"
    case .daemon(let daemon):
      "provstampd stamps what its own sessions write there (\(daemon.losses))"
    case .nothing: "nothing stamps what is written there now"
    case .unreachable(let error): "it cannot be asked: \(error)"
    }
  }

  /// Why what a session wrote there may be unknown; nil where all of it would be stamped.
  func gap(_ kind: LedgerEntry.Kind?, began: UInt64?) -> String? {
    switch watcher {
    case .nothing: return "nothing stamps what is written there now"
    case .unreachable(let error): return "it cannot be asked: \(error)"
    case .view: return "since when the view is there is not told"
    case .lsm where kind == .registry:
      return "the LSM does not know sessions of the registry"
    case .daemon where kind != nil:
      return "provstampd does not know sessions of the registry or of the kernel"
    case .lsm, .daemon: break
    }
    guard let began else { return "when the session began is not known" }
    guard let since, since <= began else { return "the session began before it was watched" }
    return nil
  }
}

extension Coverage {
  /// Of the mounts that the paths are on, and of those below them.
  static func all(_ operands: [[UInt8]], staysOnFilesystem: Bool) -> [Coverage] {
    guard let table = try? MountTable() else { return [] }
    let mounts = table.mounts()
    var found: [UInt64: Coverage] = [:]
    for operand in operands {
      guard let place = Place(operand) else { continue }
      let own = mounts.first { $0.id == place.mount }
      found[place.mount] = Coverage(
        mountpoint: own?.mountpoint ?? operand, type: own?.type ?? "unknown", watcher: place.watcher
      )
      guard !staysOnFilesystem, let path = place.path else { continue }
      for mount in mounts where found[mount.id] == nil && mount.isBelow(path) {
        guard !mount.isPseudo else { continue }
        found[mount.id] = coverage(of: mount)
      }
    }
    return found.values.sorted { $0.mountpoint.lexicographicallyPrecedes($1.mountpoint) }
  }

  /// Nil where another mount covers it.
  private static func coverage(of mount: MountTable.Entry) -> Coverage? {
    do throws(Errno) {
      let place = try Place(opening: mount.mountpoint)
      guard place.mount == mount.id else { return nil }
      return Coverage(mountpoint: mount.mountpoint, type: mount.type, watcher: place.watcher)
    } catch {
      return Coverage(
        mountpoint: mount.mountpoint, type: mount.type, watcher: .unreachable(error))
    }
  }
}

/// A file that was named, or a mount point: where it is, and what watches it.
private struct Place {
  let mount: UInt64
  /// Absolute and without symbolic links; nil where it cannot be told.
  let path: [UInt8]?
  let watcher: Coverage.Watcher

  init?(_ path: [UInt8]) {
    guard let place = try? Place(opening: path) else { return nil }
    self = place
  }

  init(opening path: [UInt8]) throws(Errno) {
    let opened = withCPath(path) {
      prov_openat(AT_FDCWD, $0, CInt(PROV_O_PATH) | O_NOFOLLOW, 0)
    }
    let descriptor = try valueOrErrno(opened)
    defer { close(descriptor) }
    let status = try FileStatus(FileReference(descriptor: descriptor))
    mount = status.mount
    self.path = Self.link("/proc/self/fd/\(descriptor)")
    switch Watch(descriptor) {
    case .lsm: watcher = .lsm
    case .view(let mode): watcher = .view(mode: mode)
    case .nothing:
      let type = (try? MountTable())?.mounts().first { $0.id == status.mount }?.type
      watcher = StampingDaemon.running(on: type).map { .daemon($0) } ?? .nothing
    }
  }

  private static func link(_ path: String) -> [UInt8]? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    let target = buffer[..<count].map { UInt8(bitPattern: $0) }
    return target.first == UInt8(ascii: "/") ? target : nil
  }
}
