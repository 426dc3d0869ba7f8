// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance

/// A moment as people write it, read strictly: what is not understood is refused, never guessed.
///
/// RFC 3339 and its beginnings (local time where there is no zone); `@SECONDS` since 1970, with
/// decimals; a span before now (``TimeSpan``, with or without ` ago`); `now`, `today` and `yesterday`
/// (their local midnight), each with a time of day after it; a time of day alone, of today.
struct TimeArgument: ExpressibleByArgument, Hashable {
  /// CLOCK_REALTIME, nanoseconds since 1970.
  var nanoseconds: UInt64

  init?(argument: String) {
    self.init(argument, now: Clock.realTime)
  }

  /// The same, with an error that says what is understood.
  init(orExplain argument: String) throws {
    guard let time = TimeArgument(argument: argument) else {
      throw ValidationError(
        "no time; way out: 2026-11-23, 2026-11-23T14:02:11Z, 10:00, yesterday, '2 hours ago', 1h30m or "
          + "@1764000000")
    }
    self = time
  }

  init?(_ text: String, now: UInt64) {
    guard let nanoseconds = Self.parse(text, now: now) else { return nil }
    self.nanoseconds = nanoseconds
  }

  private static func parse(_ text: String, now: UInt64) -> UInt64? {
    switch text {
    case "now": return now
    case "today": return midnight(daysAgo: 0, now: now)
    case "yesterday": return midnight(daysAgo: 1, now: now)
    default: break
    }
    if text.utf8.first == UInt8(ascii: "@") { return epoch(text.dropFirst()) }
    if let span = span(text) { return now >= span ? now - span : nil }
    if let time = timeOfDay(text, now: now) { return time }
    return Timestamp(rfc3339: Array(text.utf8)[...]).flatMap(LocalTime.nanoseconds)
  }

  /// `1764000000` or `1764000000.25`.
  private static func epoch(_ text: Substring) -> UInt64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let seconds = digits(first) else { return nil }
    var fraction: UInt64 = 0
    if let last = parts.dropFirst().first {
      guard last.utf8.count <= 9, let value = digits(last) else { return nil }
      fraction = (0..<(9 - last.utf8.count)).reduce(value) { value, _ in value * 10 }
    }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(fraction)
    return overflow || carry ? nil : sum
  }

  private static func span(_ text: String) -> UInt64? {
    TimeSpan.nanoseconds(text.hasSuffix(" ago") ? text.dropLast(4) : text[...])
  }

  /// `10:00` or `10:00:30`, of today, or of the day that is named before it.
  private static func timeOfDay(_ text: String, now: UInt64) -> UInt64? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard let time = words.last, words.count <= 2 else { return nil }
    let days: [Substring: CInt] = ["today": 0, "yesterday": 1]
    guard let daysAgo = words.count == 1 ? 0 : days[words[0]] else { return nil }
    let parts = time.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.count == 2 ? digits($0) : nil }
    guard (2...3).contains(parts.count), numbers.count == parts.count, numbers[0] < 24,
      numbers.dropFirst().allSatisfy({ $0 < 60 })
    else { return nil }
    return local(
      daysAgo: daysAgo, hour: CInt(numbers[0]), minute: CInt(numbers[1]),
      second: CInt(numbers.count == 3 ? numbers[2] : 0), now: now)
  }

  private static func digits(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return UInt64(text)
  }

  private static func midnight(daysAgo: CInt, now: UInt64) -> UInt64? {
    local(daysAgo: daysAgo, hour: 0, minute: 0, second: 0, now: now)
  }

  private static func local(
    daysAgo: CInt, hour: CInt, minute: CInt, second: CInt, now: UInt64
  ) -> UInt64? {
    var seconds = time_t(clamping: now / 1_000_000_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return nil }
    parts.tm_mday -= daysAgo
    parts.tm_hour = hour
    parts.tm_min = minute
    parts.tm_sec = second
    parts.tm_isdst = -1
    guard let seconds = UInt64(exactly: mktime(&parts)) else { return nil }
    let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? nil : value
  }
}
