// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance

/// A moment as people write it, read strictly: what is not understood is refused, never guessed.
///
/// RFC 3339 and its beginnings (local time where there is no zone); `@SECONDS` since 1970, with
/// decimals; a span before now (`90s`, `30m`, `2h`, `3d`, `1w`, with or without ` ago`); `now`,
/// `today` and `yesterday` (their local midnight).
struct TimeArgument: ExpressibleByArgument, Hashable {
  /// CLOCK_REALTIME, nanoseconds since 1970.
  var nanoseconds: UInt64

  init?(argument: String) {
    self.init(argument, now: currentTime())
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
    var text = text[...]
    if text.hasSuffix(" ago") { text = text.dropLast(4) }
    guard let unit = text.last else { return nil }
    let seconds: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    guard let factor = seconds[unit], let number = digits(text.dropLast()) else { return nil }
    let (value, overflow) = number.multipliedReportingOverflow(by: factor * 1_000_000_000)
    return overflow ? nil : value
  }

  private static func digits(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    return UInt64(text)
  }

  private static func midnight(daysAgo: CInt, now: UInt64) -> UInt64? {
    var seconds = time_t(clamping: now / 1_000_000_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return nil }
    parts.tm_mday -= daysAgo
    parts.tm_hour = 0
    parts.tm_min = 0
    parts.tm_sec = 0
    parts.tm_isdst = -1
    guard let seconds = UInt64(exactly: mktime(&parts)) else { return nil }
    let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? nil : value
  }
}
