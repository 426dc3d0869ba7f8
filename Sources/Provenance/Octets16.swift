// SPDX-License-Identifier: Apache-2.0

/// Sixteen bytes held in two registers, so that ids and task names can be compared, hashed and
/// copied without an allocation. `high` holds the first eight bytes, most significant byte first.
struct Octets16: Hashable, Sendable {
  var high: UInt64
  var low: UInt64

  static let zero = Octets16(high: 0, low: 0)

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Takes the first sixteen bytes of `bytes`, which must hold that many.
  init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count >= 16)
    high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  func store(into bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count >= 16)
    bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
    bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
  }

  /// The byte at `index`, counted from the first.
  subscript(index: Int) -> UInt8 {
    let half = index < 8 ? high : low
    return UInt8(truncatingIfNeeded: half >> (56 - 8 * (index & 7)))
  }
}
