// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import provstamp

@Suite struct EscapingTests {
  @Test(arguments: [
    ("plain name.txt", "plain name.txt"), ("ünï", "ünï"), ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
    ("back\\slash", "back\\\\slash"), ("\u{1b}[31m", "\\x1b[31m"), ("\u{0}\u{7f}", "\\x00\\x7f"),
    ("\u{85}\u{9b}", "\\u{85}\\u{9b}"), ("\u{202e}gnp", "\\u{202e}gnp"),
    ("\u{2066}\u{2069}\u{061c}", "\\u{2066}\\u{2069}\\u{61c}"), ("\u{2028}", "\\u{2028}"),
    ("\u{e0041}", "\\u{e0041}"), ("👩‍👩‍👧", "👩‍👩‍👧"),
  ])
  func makesTextHarmless(_ text: String, _ escaped: String) {
    #expect(Escaping.text(Array(text.utf8)) == escaped)
  }

  @Test(
    arguments: [
      ([0xff], "\\xff"), ([0xc3, 0x28], "\\xc3("), ([0xe2, 0x82], "\\xe2\\x82"),
      ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"), ([0xc0, 0x80], "\\xc0\\x80"),
      ([0xf0, 0x9f], "\\xf0\\x9f"),
      ([0x61, 0x80, 0x62], "a\\x80b"),
    ] as [([UInt8], String)])
  func showsBytesThatAreNoText(_ bytes: [UInt8], _ escaped: String) {
    #expect(Escaping.text(bytes) == escaped)
  }

  @Test func nothingUnsafeIsLeftOfAnyBytes() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...20)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      #expect(!Escaping.text(bytes).unicodeScalars.contains(where: Escaping.isUnsafe))
    }
  }
}

@Suite struct JSONWriterTests {
  private func line(_ body: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    json.line("t", body)
    return String(decoding: json.buffer.bytes, as: UTF8.self)
  }

  @Test func writesOneObjectALine() {
    let text = line { json in
      json.field("null", nil as Int?)
      json.field("number", UInt64.max)
      json.field("truth", true)
      json.object("empty") { _ in }
      json.field("list", array: ["a", "b"]) { $0.element($1) }
      json.field("none", array: [String]()) { $0.element($1) }
      json.object("inner") { $0.field("x", 1) }
      json.field("last", "z")
    }
    #expect(
      text
        == #"{"schema":"provstamp/1","type":"t","null":null,"number":18446744073709551615,"#
        + #""truth":true,"empty":{},"list":["a","b"],"none":[],"inner":{"x":1},"last":"z"}"# + "\n")
  }

  @Test func escapesStrings() {
    let text = line { $0.field("s", "\"\\\n\u{1b}\u{202e}\u{e0041}ü") }
    #expect(text.contains(#""s":"\"\\\n\u001b\u202e\udb40\udc41ü""#))
  }

  @Test func givesBytesThatAreNoText() {
    let text = line { $0.field("path", bytes: [0x61, 0xff], exactly: "path_bytes") }
    #expect(text.contains(#""path":"a\#u{FFFD}","path_bytes":"Yf8=""#))
    #expect(!line { $0.field("path", bytes: [0x61], exactly: "path_bytes") }.contains("bytes"))
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),  // RFC 4648, section 10
  ])
  func encodesBase64(_ text: String, _ encoded: String) {
    #expect(JSONWriter.base64(Array(text.utf8)) == encoded)
  }
}
