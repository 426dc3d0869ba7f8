// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// What follows `--budget`: limits and an action, as `max_syscalls=100000,max_elapsed=1h,action=kill`.
struct BudgetArgument {
  var budget = SessionBudget()

  /// Why a text is no budget.
  struct Fault: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
  }

  init(_ text: String) throws(Fault) {
    var seen: Set<Substring> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let (name, value) = try Self.pair(part)
      guard seen.insert(name).inserted else { throw Fault("\(name) is there twice") }
      switch name {
      case "max_syscalls": budget.maxSyscalls = try Self.count(value)
      case "max_write_bytes": budget.maxWriteBytes = try Self.bytes(value)
      case "max_elapsed": budget.maxElapsed = try Self.duration(value)
      case "action":
        guard let action = SessionBudget.Action(rawValue: String(value)) else {
          throw Fault("action is log, term or kill, not '\(value)'")
        }
        budget.action = action
      default:
        throw Fault("there are max_syscalls, max_write_bytes, max_elapsed and action, no '\(name)'")
      }
    }
    guard seen != ["action"] else { throw Fault("an action needs a limit: max_elapsed=1h") }
  }

  private static func pair(
    _ part: Substring
  ) throws(Fault) -> (name: Substring, value: Substring) {
    guard let sign = part.firstIndex(of: "=") else {
      throw Fault("'\(part)' is no NAME=VALUE")
    }
    return (part[..<sign], part[part.index(after: sign)...])
  }

  private static func count(_ text: Substring) throws(Fault) -> UInt64 {
    try number(text, units: ["": 1])
  }

  private static func bytes(_ text: Substring) throws(Fault) -> UInt64 {
    try number(text, units: ["": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40])
  }

  private static func duration(_ text: Substring) throws(Fault) -> UInt64 {
    let second: UInt64 = 1_000_000_000
    return try number(
      text,
      units: [
        "ms": second / 1000, "": second, "s": second, "m": 60 * second, "h": 3600 * second,
        "d": 86400 * second,
      ])
  }

  /// Decimal digits, then a unit.
  private static func number(
    _ text: Substring, units: [Substring: UInt64]
  ) throws(Fault) -> UInt64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let unit = units[text[digits.endIndex...]] else {
      let known = units.keys.filter { !$0.isEmpty }.sorted().joined(separator: ", ")
      throw Fault("'\(text)' is no number" + (known.isEmpty ? "" : " with a unit of \(known)"))
    }
    guard let value = UInt64(digits) else { throw Fault("'\(text)' is too large") }
    let (product, overflow) = value.multipliedReportingOverflow(by: unit)
    guard !overflow else { throw Fault("'\(text)' is too large") }
    guard product > 0 else { throw Fault("a limit of 0 would be none") }
    return product
  }
}
