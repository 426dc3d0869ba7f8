// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import provstamp

@Suite struct TimeArgumentTests {
  static let now: UInt64 = 1_764_000_000_000_000_000  // 2025-11-24T16:00:00Z

  /// Texts, and what they mean as seconds and nanoseconds from ``now``.
  static let exact: [(String, Int, Int)] = [
    ("now", 0, 0), ("@1764000000", 0, 0), ("@1764000000.25", 0, 250_000_000),
    ("@1764000000.000000001", 0, 1), ("90s", -90, 0), ("30m", -1800, 0), ("2h", -7200, 0),
    ("2h ago", -7200, 0), ("3d", -259_200, 0), ("1w ago", -604_800, 0),
    ("2025-11-24T16:00:00Z", 0, 0), ("2025-11-24T17:00:00+01:00", 0, 0),
    ("2025-11-24 11:00-05:00", 0, 0), ("2025-11-24T16:00:00.5z", 0, 500_000_000),
    ("@0", -1_764_000_000, 0), ("2h30m", -9000, 0), ("2 h", -7200, 0), ("2hours", -7200, 0),
    ("2 hours ago", -7200, 0), ("1 day 6 hours", -108_000, 0), ("1w2d3h4m5s", -788_645, 0),
    ("90min", -5400, 0), ("1 second", -1, 0),
  ]

  @Test(arguments: exact)
  func understandsWhatIsExact(_ text: String, _ seconds: Int, _ nanoseconds: Int) {
    let expected = Int(Self.now) + seconds * 1_000_000_000 + nanoseconds
    #expect(TimeArgument(text, now: Self.now)?.nanoseconds == UInt64(expected))
  }

  @Test(arguments: [
    "", "garbage", "h", "-2h", "+2h", "1y", "30m2h", "1h1h", "1h ", " 1h", "1h  ago", "1 h 2",
    "2 Hours",
    "24:00", "10:60", "1:00", "10:0", "10:00:60", "10:00:00:00", "tomorrow 10:00", "today  10:00",
    "10:00 today", "-1:00", " now", "Now", "@", "@-1",
    "@1.",
    "@1.0000000001", "@99999999999999999999", "@18446744074", "99999999999999999999s",
    "18446744073709551615w", "60000d", "2025", "2025-11", "2025-11-31", "2025-11-24T",
    "2025-11-24T16",
    "2025-11-24T16:00:00 Z", "20251124", "11/24/2025", "2025-11-24T16:00:00+0100", "ago", " ago",
    "s ago",
  ])
  func refusesWhatIsNot(_ text: String) {
    #expect(TimeArgument(text, now: Self.now) == nil)
  }
}

@Suite struct RawArgumentTests {
  /// Any bytes come through ArgumentParser's text unchanged, and no two arguments become one: `ü` in
  /// its two spellings and the ångström sign beside the letter stay apart, although a `String`
  /// compares them as equal.
  @Test func everyByteSurvives() {
    var generator = SystemRandomNumberGenerator()
    var inputs: [[UInt8]] = [
      [], [0xff], [0xf4, 0x8f, 0xb8, 0x80], Array("ü".utf8), Array("\u{10FEFF}".utf8),
      Array("a\u{10FE80}".utf8), [0xc3], [0xed, 0xa0, 0x80], Array("u\u{308}".utf8),
      Array("\u{212B}".utf8), Array("\u{C5}".utf8),
    ]
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...12, using: &generator)
      inputs.append((0..<count).map { _ in UInt8.random(in: 1...255, using: &generator) })
    }
    for input in inputs {
      #expect(RawArguments.bytes(RawArguments.text(input)) == input)
    }
    let texts = Set(inputs.map { Array(RawArguments.text($0).utf8) })
    #expect(texts.count == Set(inputs).count)
  }

  @Test func textStaysText() {
    #expect(RawArguments.text(Array("--session=ü".utf8)) == "--session=ü")
    #expect(RawArguments.text([0x61, 0xff]) == "a\u{10FEFF}")
  }
}

@Suite struct SuggestionTests {
  static let words = ["who", "log", "find", "verify", "sessions", "status", "blame"]

  @Test(arguments: [
    ("satus", "status"), ("stauts", "status"), ("verfy", "verify"), ("fin", "find"),
    ("sesions", "sessions"),
    ("blame", "blame"),
  ])
  func findsWhatIsNear(_ typed: String, _ meant: String) {
    #expect(Suggestion.nearest(to: typed, among: Self.words) == meant)
  }

  @Test(arguments: ["", "x", "grep", "statistics", "session-list"])
  func doesNotGuessAtWhatIsFar(_ typed: String) {
    #expect(Suggestion.nearest(to: typed, among: Self.words) == nil)
  }
}
