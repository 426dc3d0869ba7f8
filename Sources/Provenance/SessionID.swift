// SPDX-License-Identifier: Apache-2.0

/// The 128-bit id of an agent session.
///
/// Zero stands for "outside any session". The first four bytes of a session's id are never all
/// zero, so that they can serve as the short form of it in a stamp (see ``RootPrefix``).
public struct SessionID: Hashable, Sendable {
  let octets: Octets16

  /// Outside any session.
  public static let none = SessionID(octets: .zero)

  init(octets: Octets16) {
    self.octets = octets
  }

  /// Reads sixteen bytes in the order in which they are stored and printed.
  ///
  /// - Returns: nil unless there are exactly sixteen bytes that are a possible id: all zero, or the
  ///   first four not all zero.
  public init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count == 16 else { return nil }
    self.init(validating: Octets16(bytes))
  }

  init?(validating octets: Octets16) {
    guard octets == .zero || octets.high >> 32 != 0 else { return nil }
    self.octets = octets
  }

  /// Whether this is ``none``.
  public var isNone: Bool { octets == .zero }

  /// The first four bytes, as a stamp names an outermost session.
  public var prefix: RootPrefix { RootPrefix(UInt32(octets.high >> 32)) }

  /// Writes the sixteen bytes at the start of `bytes`, which must have room for them.
  public func store(into bytes: UnsafeMutableRawBufferPointer) {
    octets.store(into: bytes)
  }
}

/// The first four bytes of a session's id. In a stamp: of the outermost session, where the writing
/// session is nested in others; zero where it is not.
public struct RootPrefix: Hashable, Sendable {
  /// The four bytes, first byte most significant.
  public let value: UInt32

  /// The session is not nested.
  public static let none = RootPrefix(0)

  public init(_ value: UInt32) {
    self.value = value
  }

  public var isNone: Bool { value == 0 }
}

extension SessionID: CustomStringConvertible, LosslessStringConvertible {
  /// Thirty-two lowercase hexadecimal digits.
  public var description: String {
    hexadecimal(octets.high) + hexadecimal(octets.low)
  }

  /// Accepts 32 hexadecimal digits, in either case, or the same dashed as a UUID (8-4-4-4-12).
  public init?(_ description: String) {
    var digits = SessionDigits()
    guard digits.append(description), digits.count == 32 else { return nil }
    self.init(validating: Octets16(high: digits.high, low: digits.low))
  }
}

extension RootPrefix: CustomStringConvertible {
  /// Eight lowercase hexadecimal digits.
  public var description: String {
    String(hexadecimal(UInt64(value)).suffix(8))
  }
}

/// The beginning of a session's id as a person types it: at least four hexadecimal digits, or all.
public struct SessionPrefix: Hashable, Sendable {
  /// Shortest accepted prefix, in digits.
  public static let minimumDigits = 4

  /// How many hexadecimal digits were given, from 4 to 32.
  public let digits: Int
  private let octets: Octets16

  /// - Returns: nil where the text has fewer than four or more than 32 hexadecimal digits, or
  ///   dashes elsewhere than in a UUID.
  public init?(_ text: String) {
    var digits = SessionDigits()
    guard digits.append(text), digits.count >= Self.minimumDigits else { return nil }
    self.digits = digits.count
    let unused = 32 - digits.count
    // The digits were shifted in from the right; the given ones belong at the front.
    var high = digits.high
    var low = digits.low
    for _ in 0..<unused {
      high = high << 4 | low >> 60
      low <<= 4
    }
    octets = Octets16(high: high, low: low)
  }

  /// Whether `id` begins with these digits.
  public func matches(_ id: SessionID) -> Bool {
    let highDigits = min(digits, 16)
    let lowDigits = digits - highDigits
    return (id.octets.high ^ octets.high) & mask(highDigits) == 0
      && (id.octets.low ^ octets.low) & mask(lowDigits) == 0
  }

  /// Whether `root` can be the short form of an id that begins with these digits: true means "as
  /// far as four bytes tell".
  public func matches(_ root: RootPrefix) -> Bool {
    guard !root.isNone else { return false }
    let difference = UInt64(root.value ^ UInt32(octets.high >> 32)) << 32
    return difference & mask(min(digits, 8)) == 0
  }

  private func mask(_ digits: Int) -> UInt64 {
    digits == 0 ? 0 : ~0 << (64 - 4 * UInt64(digits))
  }
}

/// Collects up to 32 hexadecimal digits, allowing a UUID's dashes at their places.
private struct SessionDigits {
  var high: UInt64 = 0
  var low: UInt64 = 0
  var count = 0

  mutating func append(_ text: String) -> Bool {
    var index = 0
    let dashed = text.utf8.contains(UInt8(ascii: "-"))
    for byte in text.utf8 {
      if dashed && [8, 13, 18, 23].contains(index) {
        guard byte == UInt8(ascii: "-") else { return false }
      } else {
        guard let digit = hexadecimalDigit(byte), count < 32 else { return false }
        high = high << 4 | low >> 60
        low = low << 4 | UInt64(digit)
        count += 1
      }
      index += 1
    }
    return true
  }
}
