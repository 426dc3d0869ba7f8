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

  @Test func everyLengthAndRandomBytesDecodeOrFail() {
    var random = SystemRandomNumberGenerator()
    var wellFormed = 0
    for round in 0..<200_000 {
      var bytes = round % 2 == 0 ? Self.stamp.encoded : []
      if bytes.isEmpty {
        bytes = (0..<Int.random(in: 0...1100, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
      } else {
        bytes[Int.random(in: 0..<64, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      bytes.withUnsafeBytes { bytes in
        if let stamp = try? Stamp(bytes) {
          wellFormed += 1
          #expect(stamp.encoded.elementsEqual(bytes))
        }
        if let log = try? StampLog(bytes) {
          #expect(log.encoded.elementsEqual(bytes))
        }
      }
    }
    #expect(wellFormed > 0)
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
