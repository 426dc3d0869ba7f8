// SPDX-License-Identifier: Apache-2.0

/// One byte in two lowercase hexadecimal digits.
enum TwoDigits {
  static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.utf8.count == 1 ? "0" + digits : digits
  }
}
