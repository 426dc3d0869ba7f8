// SPDX-License-Identifier: Apache-2.0
import CProvenance

/// What kind a filesystem is of, by the magic number that statfs(2) tells: of `linux/magic.h`, and of the
/// filesystems' own sources for those that define theirs elsewhere.
package struct FilesystemType: Hashable, Sendable {
  package let magic: UInt32

  package init(magic: UInt32) {
    self.magic = magic
  }

  /// That of the filesystem that an open file is on; of no kind that is known here where it cannot be told.
  package init(of descriptor: CInt) {
    magic = UInt32(exactly: prov_filesystem_type(descriptor)) ?? 0
  }

  package static let autofs = Self(magic: 0x187)
  package static let bpf = Self(magic: 0xcafe_4a11)
  package static let btrfs = Self(magic: 0x9123_683e)
  package static let ecryptfs = Self(magic: 0xf15f)
  package static let ext4 = Self(magic: 0xef53)
  package static let overlayfs = Self(magic: 0x794c_7630)
  package static let tmpfs = Self(magic: 0x0102_1994)
  package static let xfs = Self(magic: 0x5846_5342)

  /// Whether it shows the kernel's own tables instead of files that somebody wrote. Their sizes say
  /// nothing.
  package var isPseudo: Bool { Self.pseudo.contains(self) }

  /// By the name that the kernel lists them under in `/proc/filesystems`.
  static let pseudoByName: [String: Self] = [
    "apparmorfs": Self(magic: 0x5a3c_69f0),
    "binder": Self(magic: 0x6c6f_6f70),
    "binfmt_misc": Self(magic: 0x4249_4e4d),
    "bpf": bpf,
    "cgroup": Self(magic: 0x0027_e0eb),
    "cgroup2": Self(magic: 0x6367_7270),
    "configfs": Self(magic: 0x6265_6570),
    "debugfs": Self(magic: 0x6462_6720),
    "devpts": Self(magic: 0x1cd1),
    "efivarfs": Self(magic: 0xde5e_81e4),
    "fusectl": Self(magic: 0x6573_5543),
    "mqueue": Self(magic: 0x1980_0202),
    "nfsd": Self(magic: 0x6e66_7364),
    "nsfs": Self(magic: 0x6e73_6673),
    "proc": Self(magic: 0x9fa0),
    "pstore": Self(magic: 0x6165_676c),
    "resctrl": Self(magic: 0x0765_5821),
    "rpc_pipefs": Self(magic: 0x6759_6969),
    "securityfs": Self(magic: 0x7363_6673),
    "selinuxfs": Self(magic: 0xf97c_ff8c),
    "smackfs": Self(magic: 0x4341_5d53),
    "sysfs": Self(magic: 0x6265_6572),
    "tracefs": Self(magic: 0x7472_6163),
    "xenfs": Self(magic: 0xabba_1974),
  ]

  private static let pseudo = Set(pseudoByName.values)
}
