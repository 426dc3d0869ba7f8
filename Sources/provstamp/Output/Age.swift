// SPDX-License-Identifier: Apache-2.0

/// How long ago something was, as people say it.
enum Age {
  private static let units: [(seconds: UInt64, name: String)] = [
    (31_557_600, "y"), (604_800, "w"), (86_400, "d"), (3600, "h"), (60, "min"), (1, "s"),
  ]

  /// - Parameters:
  ///   - time: in nanoseconds since 1970.
  ///   - now: the same.
  static func text(_ time: UInt64, now: UInt64) -> String {
    guard time <= now else { return "in the future" }
    let seconds = (now - time) / 1_000_000_000
    guard let unit = units.first(where: { seconds >= $0.seconds }) else { return "now" }
    return "\(seconds / unit.seconds) \(unit.name) ago"
  }
}
