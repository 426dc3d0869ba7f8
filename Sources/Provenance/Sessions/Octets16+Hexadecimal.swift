// SPDX-License-Identifier: Apache-2.0

extension Octets16 {
  /// - Parameter digits: ASCII.
  /// - Returns: nil unless there are exactly 32 hexadecimal digits, in either case.
  init?(hexadecimal digits: some Collection<UInt8>) {
    guard digits.count == 32 else { return nil }
    self = .zero
    for byte in digits {
      guard let digit = hexadecimalDigit(byte) else { return nil }
      high = high << 4 | low >> 60
      low = low << 4 | UInt64(digit)
    }
  }

  /// 32 lowercase hexadecimal digits.
  var hexadecimalDigits: String {
    hexadecimal(high) + hexadecimal(low)
  }
}
