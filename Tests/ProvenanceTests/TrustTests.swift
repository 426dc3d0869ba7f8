// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage
import Testing

@testable import Provenance

@Suite struct TrustTests {
  static let keepers: [(String, [Substring], AttributeKeeper)] = [
    ("tmpfs", ["rw"], .kernel), ("ext4", ["rw"], .kernel),
    ("overlay", ["rw", "lowerdir=/a"], .root), ("nfs4", ["rw"], .root), ("9p", ["rw"], .root),
    ("virtiofs", ["rw"], .root), ("gfs2", ["rw"], .root),
    ("fuse.provfs", ["rw", "user_id=0", "group_id=0"], .root),
    ("fuse.provfs", ["rw", "user_id=1000", "group_id=0"], .anybody),
    ("fuse", ["rw"], .anybody), ("fuse.tmpfs", ["rw", "user_id=1", "fd=user_id=0"], .anybody),
    ("fuseblk", ["rw", "user_id=1000"], .anybody),
  ]

  @Test(arguments: keepers)
  func aFilesystemsTypeAndOwnerTellWhoAnswers(
    _ type: String, _ options: [Substring], _ expected: AttributeKeeper
  ) throws {
    // ext4 counts where this kernel has it.
    let known = try SmallFile.text("/proc/filesystems")
    try #require(type != "ext4" || known.contains(type))
    #expect(AttributeKeeper(of: MountTable.Mount(type: type, options: options)) == expected)
  }

  @Test func anUnknownMountIsNotBelieved() {
    #expect(AttributeKeeper(ofMount: .max) == .anybody)
  }

  @Test func onlyTheActiveLSMsOwnStampOnAFilesystemThatItStampsIsTheKernels() {
    let writer = Writer(session: .none, root: .none, pid: 1, uid: 0, comm: TaskName("sh"))
    for stamper in [Stamp.Stamper.lsm, .provfs] {
      let stamp = Stamp(stamper: stamper, flags: [], writer: writer, time: 1, inode: 1)
      for keeper in [AttributeKeeper.kernel, .root, .anybody] {
        for isActive in [false, true] {
          let isKernels = stamper == .lsm && keeper == .kernel && isActive
          let expected: Trust =
            keeper == .anybody ? .advisory : isKernels ? .kernel : .privileged
          #expect(
            Trust(stamp, in: .security, keptBy: keeper, lsmIsActive: isActive) == expected)
          #expect(Trust(stamp, in: .user, keptBy: keeper, lsmIsActive: isActive) == .advisory)
        }
      }
    }
  }
}
