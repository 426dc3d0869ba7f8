// SPDX-License-Identifier: Apache-2.0

/// A date and time of day in the proleptic Gregorian calendar, as RFC 3339 writes it.
public struct Timestamp: Hashable, Sendable {
  public var year: Int
  public var month: Int
  public var day: Int
  public var hour = 0
  public var minute = 0
  public var second = 0
  public var nanosecond = 0
  /// Digits that were given after the decimal point.
  public var fractionDigits = 0
  /// Seconds east of UTC; nil where none was given.
  public var offset: Int?

  /// Parses RFC 3339 strictly: `2026-11-23T14:02:11.5Z`, with `T`, `t` or one space between date and
  /// time, and `Z`, `z` or `+01:00` at the end. The offset may be left out (``offset`` is nil then),
  /// the time of day too, or only its seconds. A leap second (`:60`) counts as the second after it.
  ///
  /// - Returns: nil for anything else, such as 30 February.
  public init?(rfc3339 text: ArraySlice<UInt8>) {
    var rest = text
    guard let year = Self.digits(4, &rest), Self.take("-", &rest),
      let month = Self.digits(2, &rest), Self.take("-", &rest), let day = Self.digits(2, &rest),
      (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
    if rest.isEmpty { return }
    guard Self.take("T", &rest) || Self.take("t", &rest) || Self.take(" ", &rest),
      let hour = Self.digits(2, &rest), hour < 24, Self.take(":", &rest),
      let minute = Self.digits(2, &rest), minute < 60
    else { return nil }
    self.hour = hour
    self.minute = minute
    if Self.take(":", &rest) {
      guard let second = Self.digits(2, &rest), second <= 60 else { return nil }
      self.second = second
      if Self.take(".", &rest), !takeFraction(&rest) { return nil }
    }
    guard takeOffset(&rest), rest.isEmpty else { return nil }
  }

  private mutating func takeFraction(_ rest: inout ArraySlice<UInt8>) -> Bool {
    var unit = 100_000_000
    while let digit = rest.first, digit >= 48, digit <= 57 {
      nanosecond += Int(digit - 48) * unit
      unit /= 10
      fractionDigits += 1
      rest.removeFirst()
    }
    return fractionDigits > 0
  }

  private mutating func takeOffset(_ rest: inout ArraySlice<UInt8>) -> Bool {
    if rest.isEmpty { return true }
    if Self.take("Z", &rest) || Self.take("z", &rest) {
      offset = 0
      return true
    }
    let sign: Int
    if Self.take("+", &rest) {
      sign = 1
    } else if Self.take("-", &rest) {
      sign = -1
    } else {
      return false
    }
    guard let hours = Self.digits(2, &rest), hours < 24, Self.take(":", &rest),
      let minutes = Self.digits(2, &rest), minutes < 60
    else { return false }
    offset = sign * (hours * 3600 + minutes * 60)
    return true
  }

  /// Nanoseconds since 1970 of this time of day at `offset` seconds east of UTC.
  ///
  /// - Returns: nil before 1970 and after 2554, when 64 bits end.
  public func nanosecondsSince1970(offset: Int) -> UInt64? {
    let days = Self.daysSince1970(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
    guard let seconds = UInt64(exactly: seconds) else { return nil }
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(UInt64(nanosecond))
    return overflow || carry ? nil : sum
  }

  /// RFC 3339 in UTC with nine decimals: `2026-11-23T14:02:11.000000000Z`.
  public static func utc(_ nanoseconds: UInt64) -> String {
    let seconds = Int(nanoseconds / 1_000_000_000)
    let (year, month, day) = date(daysSince1970: seconds / 86_400)
    let time = seconds % 86_400
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(time / 3600, 2) + ":"
      + pad(time / 60 % 60, 2) + ":" + pad(time % 60, 2) + "."
      + pad(Int(nanoseconds % 1_000_000_000), 9) + "Z"
  }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// Counts years from March, so that a leap day is the last of its year. The method is Howard
  /// Hinnant's, "chrono-Compatible Low-Level Date Algorithms".
  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let days = days + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func digits(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
    guard rest.count >= count else { return nil }
    var value = 0
    for digit in rest.prefix(count) {
      guard digit >= 48, digit <= 57 else { return nil }
      value = value * 10 + Int(digit - 48)
    }
    rest.removeFirst(count)
    return value
  }

  private static func take(_ character: Character, _ rest: inout ArraySlice<UInt8>) -> Bool {
    guard let byte = character.asciiValue, rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }
}
