// SPDX-License-Identifier: Apache-2.0
import CBpf
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Open directories of the filesystems whose files are opened by handle. Kept no longer than a round of
/// stamps takes, so that they can be unmounted.
struct Volumes: ~Copyable {
  private let mounts: MountTable?
  private var directories: [UInt32: CInt] = [:]

  init() {
    mounts = try? MountTable()
  }

  deinit {
    for directory in directories.values where directory >= 0 { close(directory) }
  }

  /// Opens an inode with O_PATH, which has no effect on it whatever it is.
  mutating func open(_ key: inode_key) throws(Errno) -> OwnedDescriptor {
    let directory = self.directory(of: key.device)
    guard directory >= 0 else { throw Errno(rawValue: ENODEV) }
    var handle = try FileHandle.make(key)
    return try OwnedDescriptor(prov_open_handle(directory, &handle, CInt(PROV_O_PATH) | O_NOFOLLOW))
  }

  private mutating func directory(of device: UInt32) -> CInt {
    if let known = directories[device] { return known }
    let directory = find(UInt64(device >> 20) << 32 | UInt64(device & 0xfffff))
    directories[device] = directory
    return directory
  }

  /// One that may be written to, where there is one.
  private func find(_ device: UInt64) -> CInt {
    var readOnly: CInt = -1
    for path in mounts?.mountpoints(of: device) ?? [] {
      let opened = Self.openDirectory(path)
      guard opened >= 0 else { continue }
      guard isOn(device, opened) else {
        close(opened)
        continue
      }
      var status = statvfs()
      if fstatvfs(opened, &status) == 0, status.f_flag & UInt(ST_RDONLY) == 0 {
        if readOnly >= 0 { close(readOnly) }
        return opened
      }
      if readOnly >= 0 { close(opened) } else { readOnly = opened }
    }
    return readOnly
  }

  private static func openDirectory(_ path: [UInt8]) -> CInt {
    (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        Glibc.open($0.baseAddress!, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      }
    }
  }

  /// Another mount may lie on top of the one that was looked for.
  private func isOn(_ device: UInt64, _ directory: CInt) -> Bool {
    guard let status = try? statx(of: directory, UInt32(STATX_MNT_ID)) else { return false }
    return mounts?.device(ofMount: status.mount) == device
  }
}
