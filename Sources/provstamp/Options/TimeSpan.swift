// SPDX-License-Identifier: Apache-2.0

/// A span of time as people write it: numbers with units, the larger unit first, each once.
///
/// `90s`, `1h30m`, `2 hours`, `1 day 6 hours`. Read strictly: what is not understood is none.
enum TimeSpan {
  private static let units: [(names: Set<String>, seconds: UInt64)] = [
    (["w", "week", "weeks"], 604_800),
    (["d", "day", "days"], 86_400),
    (["h", "hour", "hours"], 3600),
    (["m", "min", "minute", "minutes"], 60),
    (["s", "sec", "second", "seconds"], 1),
  ]

  /// - Returns: nanoseconds; nil where the text is no span, or one of more than 584 years.
  static func nanoseconds(_ text: Substring) -> UInt64? {
    var rest = text.utf8
    var total: UInt64 = 0
    var remaining = units[...]
    repeat {
      let digits = take(&rest) { (0x30...0x39).contains($0) }
      _ = take(&rest) { $0 == 0x20 }
      let name = take(&rest) { (0x61...0x7a).contains($0) }
      guard let number = UInt64(digits),
        let index = remaining.firstIndex(where: { $0.names.contains(name) })
      else { return nil }
      let (value, overflow) = number.multipliedReportingOverflow(
        by: units[index].seconds * 1_000_000_000)
      let (sum, carry) = total.addingReportingOverflow(value)
      guard !overflow, !carry else { return nil }
      total = sum
      remaining = units[(index + 1)...]
      let gap = take(&rest) { $0 == 0x20 }
      if !gap.isEmpty && rest.isEmpty { return nil }
    } while !rest.isEmpty
    return total
  }

  private static func take(
    _ rest: inout Substring.UTF8View, while isWanted: (UInt8) -> Bool
  ) -> String {
    let taken = rest.prefix(while: isWanted)
    rest = rest[taken.endIndex...]
    return String(decoding: taken, as: UTF8.self)
  }
}
