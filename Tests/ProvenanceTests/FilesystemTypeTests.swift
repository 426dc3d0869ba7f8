// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Provenance

@Suite struct FilesystemTypeTests {
  /// As `linux/magic.h` names them; the other kinds define theirs in their own sources.
  static let names = [
    "PROC_SUPER_MAGIC": "proc", "SYSFS_MAGIC": "sysfs", "DEBUGFS_MAGIC": "debugfs",
    "TRACEFS_MAGIC": "tracefs", "SECURITYFS_MAGIC": "securityfs", "SELINUX_MAGIC": "selinuxfs",
    "SMACK_MAGIC": "smackfs", "CGROUP_SUPER_MAGIC": "cgroup", "CGROUP2_SUPER_MAGIC": "cgroup2",
    "BPF_FS_MAGIC": "bpf", "DEVPTS_SUPER_MAGIC": "devpts", "NSFS_MAGIC": "nsfs",
    "PSTOREFS_MAGIC": "pstore", "EFIVARFS_MAGIC": "efivarfs", "RDTGROUP_MAGIC": "resctrl",
    "BINFMTFS_MAGIC": "binfmt_misc", "AAFS_MAGIC": "apparmorfs", "BINDERFS_SUPER_MAGIC": "binder",
    "XENFS_SUPER_MAGIC": "xenfs",
  ]

  @Test func theNumbersAreTheKernels() throws {
    let header = try String(contentsOfFile: "/usr/include/linux/magic.h", encoding: .utf8)
    var found = 0
    for line in header.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard words.count >= 3, words[0] == "#define", let name = Self.names[String(words[1])],
        words[2].hasPrefix("0x"), let magic = UInt32(words[2].dropFirst(2), radix: 16)
      else { continue }
      #expect(FilesystemType.pseudoByName[name]?.magic == magic, "\(words[1])")
      found += 1
    }
    #expect(found > 12)
  }

  @Test func whatStoresFilesIsNotPseudo() {
    for type in [
      FilesystemType.ext4, .xfs, .btrfs, .tmpfs, .overlayfs, .ecryptfs, .autofs,
    ] {
      #expect(!type.isPseudo)
    }
    #expect(FilesystemType(magic: 0x9fa0).isPseudo)
  }
}
