// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import SystemPackage

/// Where programs and maps are pinned.
enum BpfFilesystem {
  private static let path = "/sys/fs/bpf"

  private static var isMounted: Bool {
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return false }
    defer { close(directory) }
    return FilesystemType(of: directory) == .bpf
  }

  /// Mounts it where nobody has.
  static func ensure() throws(Trouble) {
    if isMounted { return }
    guard mount("bpf", path, "bpf", UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC), "mode=0700") == 0 else {
      throw Trouble("cannot mount a BPF filesystem at \(path): \(Errno(rawValue: errno))")
    }
  }
}
