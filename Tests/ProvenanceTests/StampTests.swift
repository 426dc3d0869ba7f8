// SPDX-License-Identifier: Apache-2.0
import Provenance
import Testing

@Suite struct StampTests {
  static let session = SessionID("3f2a99c1-0102-0304-0506-0708090a0b0c")!
  static let stamp = Stamp(
    stamper: .provfs, flags: [.created],
    writer: Writer(
      session: session, root: RootPrefix(0xaabb_ccdd), pid: 4242, uid: 1000, comm: TaskName("sed")),
    time: 1_764_000_000_123_456_789, inode: 77)

  @Test func encodesAndDecodes() throws {
    let decoded = try Self.stamp.encoded.withUnsafeBytes { bytes throws(StampError) in
      try Stamp(bytes)
    }
    #expect(decoded == Self.stamp)
    #expect(Self.stamp.encoded.count == 64)
  }

  /// A million byte sequences: mutated stamps, and random bytes of every length up to a log's and
  /// beyond. Each gives a value that encodes to the same bytes, or an error.
  @Test func everyByteSequenceDecodesOrFails() {
    var random = SystemRandomNumberGenerator()
    var bytes = [UInt8](repeating: 0, count: 1100)
    var wellFormed = 0
    var differing = 0
    for round in 0..<1_000_000 {
      let bits = random.next()
      let count: Int
      if round.isMultiple(of: 2) {
        count = Stamp.size
        bytes.withUnsafeMutableBytes { Self.stamp.store(into: $0) }
        bytes[Int(bits & 63)] = UInt8(truncatingIfNeeded: bits >> 8)
      } else {
        count = Int(bits % UInt64(bytes.count))
        bytes[Int(bits >> 32) % bytes.count] = UInt8(truncatingIfNeeded: bits >> 16)
      }
      bytes.withUnsafeBytes { bytes in
        let value = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        if let stamp = try? Stamp(value) {
          wellFormed += 1
          if !stamp.encoded.elementsEqual(value) { differing += 1 }
        }
        if let log = try? StampLog(value), !log.encoded.elementsEqual(value) { differing += 1 }
      }
    }
    #expect(wellFormed > 0)
    #expect(differing == 0)
  }

  @Test func prefixesMatch() throws {
    for digits in 4...32 {
      let text = String(Self.session.description.prefix(digits))
      let prefix = try #require(SessionPrefix(text))
      #expect(prefix.matches(Self.session))
      let last = text.last == "0" ? "1" : "0"
      let other = try #require(SessionPrefix(String(text.dropLast()) + last))
      #expect(!other.matches(Self.session))
    }
    #expect(SessionPrefix("3f2") == nil)
    #expect(SessionPrefix("3f2a99c1-01")!.matches(Self.session))
    #expect(SessionPrefix("3f2a-99c1") == nil)
    #expect(SessionID("000000000102030405060708090a0b0c") == nil)
  }
}
