// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance

/// The flags of an open request.
struct OpenFlags {
  let requested: CInt

  init(_ requested: CInt) {
    self.requested = requested
  }

  var isWritable: Bool { requested & O_ACCMODE != O_RDONLY }
  var truncates: Bool { requested & O_TRUNC != 0 }
  var appends: Bool { requested & O_APPEND != 0 }
  var isDirect: Bool { requested & CInt(PROV_O_DIRECT) != 0 }
  /// Opened for execve(2), which needs no read permission.
  var isForExecution: Bool { requested & CInt(PROV_FMODE_EXEC) != 0 }

  /// The flags for the backing file. The caller's buffers are not aligned here, so O_DIRECT stays
  /// with the view; O_NOFOLLOW would refuse /proc/self/fd; creating is another request.
  var backing: CInt {
    requested
      & ~(CInt(PROV_O_DIRECT) | O_NOFOLLOW | O_CREAT | O_EXCL | O_TRUNC
      | CInt(PROV_FMODE_EXEC))
      | O_NOCTTY
  }

  func mapper(_ opener: Author) -> OpenFile.Mapper {
    guard mayMap else { return .none }
    return switch opener {
    case .known(let writer): .known(writer)
    case .unknown: .unknown
    }
  }

  /// Whether the file can be mapped shared and writable.
  var mayMap: Bool { requested & O_ACCMODE == O_RDWR }

  /// Whether opening the file, or what is done with it, changes content.
  var mayChange: Bool { isWritable || truncates }

  /// Flags for the reply.
  func reply(_ dataPath: DataPath, isPseudo: Bool) -> UInt32 {
    // Nothing is to be stamped when it is closed.
    let flush = mayChange ? 0 : Self.noFlush
    return switch dataPath {
    case .cached: isDirect || isPseudo ? flush | UInt32(FOPEN_DIRECT_IO) : flush
    case .passthrough: flush | Self.passthrough
    case .requests: flush | Self.passthrough | UInt32(FOPEN_DIRECT_IO)
    }
  }

  // Of `linux/fuse.h` of later kernels.
  private static let noFlush: UInt32 = 1 << 5
  private static let passthrough: UInt32 = 1 << 7
}
