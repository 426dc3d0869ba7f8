// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// Reads and replaces the stamp of a file as it is stored, without judging it.
public enum StampStore {
  /// What a stamp's attribute holds.
  public enum Value: Hashable, Sendable {
    case absent
    case stamp(Stamp)
    case malformed(StampError)

    /// The stamp, where there is a well-formed one.
    public var stamp: Stamp? {
      if case .stamp(let stamp) = self { stamp } else { nil }
    }
  }

  /// Reads the stamp in one attribute.
  ///
  /// - Throws: the error of getxattr(2), except that a missing attribute is ``Value/absent`` and one
  ///   that is too long is ``Value/malformed(_:)``. `Errno.notSupported` means that the filesystem
  ///   has no such attributes.
  public static func read(
    _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) -> Value {
    // One byte more than a stamp: a longer value shows as malformed instead of as ERANGE.
    let value = try read(file, attribute.name, capacity: Stamp.size + 1) {
      bytes throws(StampError) in try Stamp(bytes)
    }
    return switch value {
    case nil: .absent
    case .success(let stamp): .stamp(stamp)
    case .failure(let error): .malformed(error)
    }
  }

  /// Reads the log of earlier writers in one attribute; a missing one is an empty log.
  ///
  /// - Throws: the error of getxattr(2), as ``read(_:_:)`` does.
  public static func readLog(
    _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) -> Result<StampLog, StampError> {
    try read(file, attribute.logName, capacity: StampLog.maximumSize + 1) {
      bytes throws(StampError) in try StampLog(bytes)
    } ?? .success(StampLog())
  }

  /// How a replacement ended.
  public enum Outcome: Hashable, Sendable {
    /// The stamp is on the file.
    case stamped
    /// The stamp could not be set, and no older one remains: the writer is unknown.
    case removed(Errno)
    /// The stamp could not be set, and an older one could not be removed: it makes a false claim,
    /// which its time shows to whoever verifies it.
    case stale(setting: Errno, removing: Errno)
  }

  /// Puts `stamp` in place of what is there. A different earlier writer goes to the log, before the
  /// stamp is replaced, so that a stamper that dies in between loses nothing. Where the stamp cannot
  /// be set, the one that is there is removed: unknown is true, stale is false.
  ///
  /// - Parameter earlier: what is there, as ``read(_:_:)`` tells; nil where there is no stamp.
  public static func replace(
    _ earlier: Stamp?, of file: FileReference, _ attribute: StampAttribute, with stamp: Stamp
  ) -> Outcome {
    if let earlier, !earlier.writer.isSameWriter(as: stamp.writer) {
      push(earlier, file, attribute)
    }
    do {
      try set(stamp, file, attribute)
      return .stamped
    } catch {
      do {
        try remove(file)
        return .removed(error)
      } catch let removing {
        return .stale(setting: error, removing: removing)
      }
    }
  }

  /// Everybody who is on record for a file, newest first: its stamp, where there is one, and its log.
  ///
  /// - Throws: the error of getxattr(2). What is malformed counts as missing.
  public static func readHistory(
    _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) -> [Stamp] {
    let log = (try? readLog(file, attribute).get().entries) ?? []
    guard var stamp = try read(file, attribute).stamp else { return log }
    stamp.flags.remove(.open)
    return [stamp] + log
  }

  /// Adds the history of a file that this one has replaced to its log.
  ///
  /// - Throws: the error of setxattr(2); then the log stays as it was.
  public static func inherit(
    _ history: [Stamp], _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) {
    let own = try readHistory(file, attribute)
    let before = (try? readLog(file, attribute).get()) ?? StampLog()
    var log = before
    log.append(history, after: own.last)
    guard log != before else { return }
    try store(log, file, attribute)
  }

  private static func store(
    _ log: StampLog, _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) {
    let bytes = log.encoded
    let result = bytes.withUnsafeBytes { bytes in
      prov_setxattrat(
        file.directory, file.name, attribute.logName.cString, bytes.baseAddress, bytes.count, 0)
    }
    _ = try valueOrErrno(result)
  }

  /// Notes a writer whose stamp never was on the file. Of several who may have made the same changes each is
  /// noted once, with the latest time: in place of one of the two latest entries that names it already.
  public static func addToLog(
    _ stamp: Stamp, _ file: FileReference, _ attribute: StampAttribute
  ) {
    var log = (try? readLog(file, attribute).get()) ?? StampLog()
    log.renew(stamp)
    try? store(log, file, attribute)
  }

  /// Removes the stamp because the content's writer is not known. What it said of earlier content
  /// goes to the log.
  ///
  /// - Throws: the error of removexattr(2); a missing stamp is no error.
  public static func forget(_ file: FileReference, _ attribute: StampAttribute) throws(Errno) {
    if let earlier = try read(file, attribute).stamp { push(earlier, file, attribute) }
    try remove(file)
  }

  /// Removes the stamp in every attribute, so that none that is older shows through. One that cannot
  /// be removed does not keep the others.
  private static func remove(_ file: FileReference) throws(Errno) {
    var failure: Errno?
    for attribute in StampAttribute.allCases {
      let result = prov_removexattrat(file.directory, file.name, attribute.name.cString)
      switch result {
      case 0, -ENODATA, -EOPNOTSUPP: continue
      // The kernel refuses before it looks whether there is anything to remove.
      case -EPERM where isAbsent(file, attribute), -EACCES where isAbsent(file, attribute): continue
      default: failure = failure ?? Errno(rawValue: -result)
      }
    }
    if let failure { throw failure }
  }

  private static func isAbsent(_ file: FileReference, _ attribute: StampAttribute) -> Bool {
    let count = prov_getxattrat(file.directory, file.name, attribute.name.cString, nil, 0)
    return count == -Int(ENODATA) || count == -Int(EOPNOTSUPP)
  }

  /// Adds to the log. A log that cannot be read or written loses the entry: each one that stays is
  /// still true.
  private static func push(_ earlier: Stamp, _ file: FileReference, _ attribute: StampAttribute) {
    var log = (try? readLog(file, attribute).get()) ?? StampLog()
    var earlier = earlier
    // Nothing more of it follows.
    earlier.flags.remove(.open)
    log.push(earlier)
    try? store(log, file, attribute)
  }

  static func set(
    _ stamp: Stamp, _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) {
    try withUnsafeTemporaryAllocation(byteCount: Stamp.size, alignment: 8) { bytes throws(Errno) in
      stamp.store(into: bytes)
      _ = try valueOrErrno(
        prov_setxattrat(
          file.directory, file.name, attribute.name.cString, bytes.baseAddress, bytes.count, 0))
    }
  }

  /// - Returns: nil where the attribute is missing.
  private static func read<Decoded>(
    _ file: FileReference, _ name: StaticString, capacity: Int,
    decode: (UnsafeRawBufferPointer) throws(StampError) -> Decoded
  ) throws(Errno) -> Result<Decoded, StampError>? {
    try withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 8) {
      bytes throws(Errno) -> Result<Decoded, StampError>? in
      let count = prov_getxattrat(
        file.directory, file.name, name.cString, bytes.baseAddress, bytes.count)
      switch count {
      case -Int(ENODATA):
        return nil
      case -Int(ERANGE):
        let whole = prov_getxattrat(file.directory, file.name, name.cString, nil, 0)
        return .failure(.size(max(whole, capacity)))
      default:
        let value = UnsafeRawBufferPointer(rebasing: bytes[..<(try valueOrErrno(count))])
        return Result { () throws(StampError) in try decode(value) }
      }
    }
  }
}
