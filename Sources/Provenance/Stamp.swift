// SPDX-License-Identifier: Apache-2.0
import CProvenance

/// Who wrote a file, as it is kept on the file itself. See `include/uapi/linux/provfs.h`, which
/// defines the stored form.
public struct Stamp: Hashable, Sendable {
  /// Which part of ProvFS set the stamp.
  public enum Stamper: UInt8, Sendable {
    case lsm = 1
    case provfs = 2
    case provstampd = 3
  }

  public struct Flags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
      self.rawValue = rawValue
    }

    /// The writer created the inode.
    public static let created = Flags(rawValue: UInt16(PROV_FLAG_CREATED))
    /// Written through a shared mapping.
    public static let mapped = Flags(rawValue: UInt16(PROV_FLAG_MAPPED))
    /// Made while the writer still had the file open; a final stamp follows.
    public static let open = Flags(rawValue: UInt16(PROV_FLAG_OPEN))

    static let all = Flags(rawValue: UInt16(PROV_FLAGS_ALL))
  }

  public var stamper: Stamper
  public var flags: Flags
  public var writer: Writer
  /// CLOCK_REALTIME in nanoseconds since 1970 when the stamp was made; not before the file's last
  /// content change that it covers.
  public var time: UInt64
  /// Number of the inode that was stamped.
  public var inode: UInt64

  public init(stamper: Stamper, flags: Flags = [], writer: Writer, time: UInt64, inode: UInt64) {
    self.stamper = stamper
    self.flags = flags
    self.writer = writer
    self.time = time
    self.inode = inode
  }
}

/// Why bytes in a stamp's attribute are not a stamp.
public enum StampError: Error, Hashable, Sendable {
  /// Not 64 bytes, or a log that is not a whole number of stamps or has more than 15.
  case size(Int)
  /// A version that this program does not know.
  case version(UInt8)
  /// Set by no stamper that this program knows.
  case stamper(UInt8)
  /// Bits that must be zero.
  case flags(UInt16)
  /// A session id whose first four bytes are all zero.
  case session
  /// An outermost session without a session.
  case root
  /// Bytes after the end of the task name.
  case comm
}

extension StampError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .size(let size): "\(size) bytes long, which no stamp is"
    case .version(let version): "version \(version), which this program does not know"
    case .stamper(let stamper): "stamper \(stamper), which this program does not know"
    case .flags(let flags): "unknown flags 0x\(String(flags, radix: 16))"
    case .session: "a session id that begins with four zero bytes"
    case .root: "an outermost session without a session"
    case .comm: "bytes after the end of the task name"
    }
  }
}
