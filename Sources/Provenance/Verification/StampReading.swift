// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// What one file says of its writer: the value that readers go by, and whatever else is there.
public struct StampReading: Hashable, Sendable {
  /// What one place holds.
  public enum Holding: Hashable, Sendable {
    case stamp(Stamp, StampAttribute)
    case malformed(StampError, StampAttribute)
    case legacy(LegacyStamp)
    case unstamped(UnstampedCause)
  }

  /// Why there is no stamp, as far as the file itself tells.
  public enum UnstampedCause: String, Hashable, Sendable, CaseIterable {
    /// The filesystem keeps no such attributes: nothing there can ever be stamped.
    case noAttributes = "no-xattrs"
    /// Nothing has stamped it: nothing was watching when it was written, or a stamp could not be set.
    case noStamp = "no-stamp"
  }

  /// By precedence: `security.prov`, then `user.prov`, then an older stamper's text.
  public var holding: Holding
  /// A `user.prov` beside a `security.prov`. Its owner can set it to anything; but where the first is
  /// out of date it may name the last writer, so it is shown and never silently preferred.
  public var secondary: Holding?

  public init(holding: Holding, secondary: Holding? = nil) {
    self.holding = holding
    self.secondary = secondary
  }

  /// Reads every place in which `file` may carry a stamp.
  ///
  /// - Throws: the error of getxattr(2). Attributes that are missing or that the filesystem does not
  ///   know are no error.
  public init(_ file: FileReference) throws(Errno) {
    let security = try Self.value(file, .security)
    var user: StampStore.Value?
    do {
      user = try Self.value(file, .user)
    } catch {
      // Only who may read the file may read user.*; security.prov speaks for itself.
      guard error == .permissionDenied, security?.isPresent == true else { throw error }
      user = .absent
    }
    let holdings = [(security, StampAttribute.security), (user, .user)].compactMap {
      value, attribute in value?.holding(in: attribute)
    }
    if let first = holdings.first {
      self.init(holding: first, secondary: holdings.dropFirst().first)
    } else if security == nil && user == nil {
      self.init(holding: .unstamped(.noAttributes))
    } else if let legacy = try LegacyStamp(file) {
      self.init(holding: .legacy(legacy))
    } else {
      self.init(holding: .unstamped(.noStamp))
    }
  }

  /// - Returns: nil where the filesystem has no such attributes.
  private static func value(
    _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) -> StampStore.Value? {
    do {
      return try StampStore.read(file, attribute)
    } catch {
      guard error == .notSupported else { throw error }
      return nil
    }
  }
}

extension StampStore.Value {
  fileprivate var isPresent: Bool { self != .absent }

  fileprivate func holding(in attribute: StampAttribute) -> StampReading.Holding? {
    switch self {
    case .absent: nil
    case .stamp(let stamp): .stamp(stamp, attribute)
    case .malformed(let error): .malformed(error, attribute)
    }
  }
}

extension LegacyStamp {
  /// The attribute that makes a file one that an older stamper stamped.
  public static let sessionAttribute: StaticString = "user.prov.session"

  /// Longest value that is read of each text attribute, in bytes; older stampers wrote up to 255, and
  /// a history of five.
  static let longestValue = 4096

  /// Reads an older stamper's text attributes.
  ///
  /// - Returns: nil where there is no `user.prov.session`.
  /// - Throws: the error of getxattr(2); an attribute of more than 4096 bytes reads as empty.
  public init?(_ file: FileReference) throws(Errno) {
    guard let session = try Self.value(file, Self.sessionAttribute) else { return nil }
    self.init(
      session: session, time: try Self.value(file, "user.prov.ts"),
      tool: try Self.value(file, "user.prov.tool"), turn: try Self.value(file, "user.prov.turn"),
      intent: try Self.value(file, "user.prov.intent"),
      history: try Self.value(file, "user.prov.history"))
  }

  private static func value(_ file: FileReference, _ name: StaticString) throws(Errno) -> [UInt8]? {
    try withUnsafeTemporaryAllocation(byteCount: longestValue, alignment: 8) {
      bytes throws(Errno) -> [UInt8]? in
      let count = prov_getxattrat(
        file.directory, file.name, name.cString, bytes.baseAddress, bytes.count)
      switch count {
      case -Int(ENODATA), -Int(EOPNOTSUPP): return nil
      case -Int(ERANGE): return []
      default: return Array(bytes[..<(try valueOrErrno(count))])
      }
    }
  }
}
