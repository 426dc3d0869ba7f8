// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Bytes to be printed, collected without going through text.
struct ByteBuffer {
  private(set) var bytes: [UInt8] = []

  var isEmpty: Bool { bytes.isEmpty }
  var count: Int { bytes.count }

  mutating func append(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(_ other: some Sequence<UInt8>) {
    bytes.append(contentsOf: other)
  }

  mutating func append(byte: UInt8) {
    bytes.append(byte)
  }

  mutating func append(_ number: some BinaryInteger) {
    append(String(number))
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }
}

/// Writes all of `bytes`.
///
/// - Returns: 0, or the errno that stopped it.
@discardableResult
func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt {
  bytes.withUnsafeBytes { buffer in
    var start = 0
    while start < buffer.count {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        start += count
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
