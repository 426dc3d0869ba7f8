// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// Whether regular files are read and written by the kernel itself, and why not.
enum Passthrough {
  /// Where the daemon stamps it must notice changes; where the LSM does, it need not.
  static func policy(_ choice: Options.Choice) -> PassthroughPolicy {
    guard choice != .off, Capabilities.allowPassthrough else { return .never }
    return LSM.namesClients ? .always : .whereChangesShow
  }

  /// Asks the kernel for it where it can be used.
  ///
  /// - Throws: where it cannot, and is to be on.
  static func request(
    _ choice: Options.Choice, _ table: NodeTable, _ source: CInt
  ) throws(Trouble) {
    if table.root.pointer.pointee.volume.allowsPassthrough {
      let isStacked = stackedTypes.contains(FilesystemType(of: source))
      Handshake.requestPassthrough(stackDepth: isStacked ? 2 : 1)
    } else if choice == .on {
      throw Trouble("passthrough=on: \(obstacle(table) ?? refusal)")
    }
  }

  /// What is in force, for the log.
  static func description(_ choice: Options.Choice, _ table: NodeTable) -> String {
    if Handshake.grantsPassthrough {
      return "files are read and written by the kernel: passthrough is on"
    }
    if choice == .off { return "passthrough is off, as passthrough=off asks" }
    return "passthrough is off: \(obstacle(table) ?? refusal)"
  }

  static let refusal = "the kernel has none; it came with Linux 6.9 (CONFIG_FUSE_PASSTHROUGH)"

  private static func obstacle(_ table: NodeTable) -> String? {
    if !Capabilities.allowPassthrough { return "it needs root's CAP_SYS_ADMIN" }
    let volume = table.root.pointer.pointee.volume
    guard !volume.allowsPassthrough else { return nil }
    return """
      the times of SOURCE's filesystem do not tell of every change, which would go unnoticed; ext4, xfs \
      and btrfs do since Linux 6.13
      """
  }

  /// Filesystems that keep files on another one.
  private static let stackedTypes: Set<FilesystemType> = [.overlayfs, .ecryptfs]
}
