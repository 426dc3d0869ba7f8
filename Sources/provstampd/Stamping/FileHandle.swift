// SPDX-License-Identifier: Apache-2.0
import CBpf
import CProvenance
import SystemPackage

/// Makes the file handles that a filesystem would tell of an inode, as they are on the wire of NFS: they
/// are the same in every kernel.
enum FileHandle {
  private static let ext4: UInt32 = 0xef53
  private static let xfs: UInt32 = 0x5846_5342
  private static let btrfs: UInt32 = 0x9123_683e

  static func make(_ key: inode_key) throws(Errno) -> prov_handle {
    switch key.magic {
    case ext4:
      guard let number = UInt32(exactly: key.inode) else { throw .invalidArgument }
      return handle(type: 0x01, words: [number, key.generation])
    case xfs:
      return handle(type: 0x81, words: halves(key.inode) + [key.generation])
    case btrfs:
      return handle(type: 0x4d, words: halves(key.inode) + halves(key.subvolume) + [key.generation])
    default:
      throw .notSupported
    }
  }

  private static func halves(_ value: UInt64) -> [UInt32] {
    [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
  }

  private static func handle(type: CInt, words: [UInt32]) -> prov_handle {
    var handle = prov_handle()
    handle.type = type
    handle.bytes = UInt32(words.count * 4)
    withUnsafeMutableBytes(of: &handle.data) { data in
      for (index, word) in words.enumerated() {
        data.storeBytes(of: word, toByteOffset: 4 * index, as: UInt32.self)
      }
    }
    return handle
  }
}
