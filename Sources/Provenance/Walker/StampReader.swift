// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// Finds the stamps of many files with as few system calls as their kind allows, and without an
/// allocation for each. One reader serves one thread.
///
/// Where files carry `security.prov`, one getxattrat(2) a file is enough. Where they do not, one
/// listxattrat(2) answers for every place at once, so that an unstamped file costs one call too.
/// The reader takes each file for one of the kind of the file before it.
public struct StampReader: ~Copyable {
  /// What was found first, by the precedence that ``StampReading`` has. The bytes are the reader's own
  /// and hold until the next file is read.
  public enum Found {
    /// The stored bytes, which may be of any length up to 65: one more than a stamp has.
    case bytes(UnsafeRawBufferPointer, StampAttribute)
    /// A value of more than 65 bytes, which is no stamp.
    case tooLong(size: Int, StampAttribute)
    /// An older stamper's text.
    case legacy
    case unstamped(StampReading.UnstampedCause)
  }

  /// Room for the names that most files have. The kernel clears as much memory for each call as it is
  /// offered, so that more would cost every file.
  private static let usualList = 512
  /// The kernel's limit on a list of names (XATTR_LIST_MAX).
  private static let longestList = 65_536

  private let value: UnsafeMutableRawBufferPointer
  private let names: UnsafeMutableRawBufferPointer
  private var expectsSecurity = false
  private var hasAttributes = false

  public init() {
    value = .allocate(byteCount: Stamp.size + 1, alignment: 8)
    names = .allocate(byteCount: Self.longestList, alignment: 8)
  }

  deinit {
    value.deallocate()
    names.deallocate()
  }

  /// - Throws: the error of getxattr(2) or listxattr(2).
  public mutating func find(_ file: FileReference) throws(Errno) -> Found {
    if expectsSecurity {
      if let found = try read(file, .security) { return found }
      expectsSecurity = false
    }
    var count = list(file, room: Self.usualList)
    if count == -Int(ERANGE) { count = list(file, room: Self.longestList) }
    if count == 0 { return .unstamped(.noStamp) }
    hasAttributes = count >= 0
    // Some filesystems have attributes and cannot list them (FUSE servers without listxattr).
    let listed =
      count == -Int(EOPNOTSUPP) || count == -Int(E2BIG)
      ? Places.all
      : Places(listed: UnsafeRawBufferPointer(rebasing: names[..<(try valueOrErrno(count))]))
    if listed.contains(.security), let found = try read(file, .security) {
      expectsSecurity = true
      return found
    }
    if listed.contains(.user), let found = try read(file, .user) { return found }
    if listed.contains(.legacy), try hasLegacy(file) { return .legacy }
    return .unstamped(hasAttributes ? .noStamp : .noAttributes)
  }

  private func list(_ file: FileReference, room: Int) -> Int {
    prov_listxattrat(
      file.directory, file.name, names.baseAddress?.assumingMemoryBound(to: CChar.self), room)
  }

  /// - Returns: nil where the attribute is missing.
  private mutating func read(
    _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) -> Found? {
    let count = prov_getxattrat(
      file.directory, file.name, attribute.name.cString, value.baseAddress, value.count)
    hasAttributes = hasAttributes || count != -Int(EOPNOTSUPP)
    switch count {
    case -Int(ENODATA), -Int(EOPNOTSUPP):
      return nil
    case -Int(ERANGE):
      let size = prov_getxattrat(file.directory, file.name, attribute.name.cString, nil, 0)
      return .tooLong(size: max(size, value.count), attribute)
    default:
      return .bytes(
        UnsafeRawBufferPointer(rebasing: value[..<(try valueOrErrno(count))]), attribute)
    }
  }

  private func hasLegacy(_ file: FileReference) throws(Errno) -> Bool {
    let name = LegacyStamp.sessionAttribute.cString
    let count = prov_getxattrat(file.directory, file.name, name, nil, 0)
    if count == -Int(ENODATA) || count == -Int(EOPNOTSUPP) { return false }
    _ = try valueOrErrno(count)
    return true
  }
}

extension StampReader.Found {
  /// Decodes what was found; an older stamper's text is read from `file`.
  ///
  /// - Throws: the error of getxattr(2). Text that has gone meanwhile reads as unstamped.
  public func holding(of file: FileReference) throws(Errno) -> StampReading.Holding {
    switch self {
    case .bytes(let bytes, let attribute):
      do throws(StampError) {
        return .stamp(try Stamp(bytes), attribute)
      } catch {
        return .malformed(error, attribute)
      }
    case .tooLong(let size, let attribute):
      return .malformed(.size(size), attribute)
    case .legacy:
      guard let legacy = try LegacyStamp(file) else { return .unstamped(.noStamp) }
      return .legacy(legacy)
    case .unstamped(let cause):
      return .unstamped(cause)
    }
  }
}

/// The places that may hold a stamp, as a list of attribute names shows them.
private struct Places: OptionSet {
  let rawValue: UInt8

  static let security = Places(rawValue: 1)
  static let user = Places(rawValue: 2)
  static let legacy = Places(rawValue: 4)
  static let all: Places = [.security, .user, .legacy]
}

extension Places {
  /// - Parameter names: NUL-terminated names, one after the other.
  init(listed names: UnsafeRawBufferPointer) {
    self = []
    var start = 0
    while start < names.count {
      let rest = names.count - start
      guard let base = names.baseAddress, let end = memchr(base + start, 0, rest) else { return }
      let length = UnsafeRawPointer(end) - (base + start)
      switch length {
      case StampAttribute.user.name.utf8CodeUnitCount
      where
        memcmp(base + start, StampAttribute.user.name.utf8Start, length) == 0:
        insert(.user)
      case StampAttribute.security.name.utf8CodeUnitCount
      where
        memcmp(base + start, StampAttribute.security.name.utf8Start, length) == 0:
        insert(.security)
      case LegacyStamp.sessionAttribute.utf8CodeUnitCount
      where
        memcmp(base + start, LegacyStamp.sessionAttribute.utf8Start, length) == 0:
        insert(.legacy)
      default: break
      }
      start += length + 1
    }
  }
}

// The session of a stamp without decoding the rest: most files of a scan are passed over by it.

extension SessionID {
  /// The session in the stored bytes of a stamp.
  ///
  /// - Returns: nil where it is no possible id.
  /// - Precondition: there are 64 bytes.
  public init?(stamped bytes: UnsafeRawBufferPointer) {
    let stored = bytes.loadUnaligned(as: prov_stamp.self)
    guard let id = withUnsafeBytes(of: stored.session, { SessionID(bytes: $0) }) else { return nil }
    self = id
  }
}

extension RootPrefix {
  /// The outermost session in the stored bytes of a stamp.
  ///
  /// - Precondition: there are 64 bytes.
  public init(stamped bytes: UnsafeRawBufferPointer) {
    let stored = bytes.loadUnaligned(as: prov_stamp.self)
    self = withUnsafeBytes(of: stored.root) {
      RootPrefix(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)))
    }
  }
}
