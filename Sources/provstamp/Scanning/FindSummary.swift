// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Makes an empty result, and one that must not be taken at face value, explain itself.
struct FindSummary {
  private let counts: ScanCounts
  private let states: [Verdict.State: Int]
  private let nested: Int
  private let copies: Int
  /// As many were found as were wanted, and the rest was not searched.
  private let isPartial: Bool

  init(_ visitors: [FindVisitor], _ counts: ScanCounts, isPartial: Bool) {
    self.counts = counts
    self.isPartial = isPartial
    states = visitors.reduce(into: [:]) { $0.merge($1.states, uniquingKeysWith: +) }
    nested = visitors.reduce(0) { $0 + $1.nested }
    copies = visitors.reduce(0) { $0 + $1.copies }
  }

  var found: Int { states.values.reduce(0, +) }

  var notes: [String] {
    let notes = found == 0 ? [emptiness] : [doubt, nesting].compactMap(\.self)
    return notes + [leftOut, counts.leftOut].compactMap(\.self)
  }

  private var emptiness: String {
    var parts = ["\(counts.unstamped) unstamped"]
    if counts.withoutAttributes > 0 {
      parts.append("\(counts.withoutAttributes) of them where no extended attributes are kept")
    }
    if counts.malformed > 0 { parts.append("\(counts.malformed) malformed") }
    parts.append("\(counts.unreadable) unreadable")
    if counts.skippedMounts > 0 {
      parts.append("\(counted(counts.skippedMounts, "mount")) not entered")
    }
    return
      "nothing found among \(counted(counts.examined, "file")): \(parts.joined(separator: ", "))"
  }

  private var doubt: String? {
    let doubtful = [Verdict.State.unproven, .changed, .copied].compactMap { state in
      states[state].map { "\($0) \(state.rawValue)" }
    }
    guard !doubtful.isEmpty else { return nil }
    return
      "of \(found) found, \(doubtful.joined(separator: ", ")): there the stamp does not hold, or may not; "
      + "`provstamp verify` says why, --state ok leaves them out"
  }

  private var nesting: String? {
    nested == 0
      ? nil : "of \(found) found, \(nested) by sessions nested in this one; --exact leaves them out"
  }

  private var leftOut: String? {
    guard copies > 0 else { return nil }
    return
      "\(counted(copies, "file")) with a copy of such a stamp left out, as the writer did not write "
      + "\(copies == 1 ? "it" : "them") there; --state copied finds \(copies == 1 ? "it" : "them")"
  }

  func appendFields(to json: inout JSONWriter) {
    json.field("found", found)
    json.field("nested", nested)
    json.object("states") { json in
      for state in Verdict.State.allCases { json.field(state.rawValue, states[state] ?? 0) }
    }
    json.field("copies_left_out", copies)
    json.field("whole", !isPartial)
    json.field("examined", counts.examined)
    json.field("unstamped", counts.unstamped)
    json.field("without_xattrs", counts.withoutAttributes)
    json.field("unreadable", counts.unreadable)
    json.field("skipped_mounts", counts.skippedMounts)
    json.field("git_directories_left_out", counts.gitDirectories)
  }
}

extension ScanCounts {
  /// What was not looked at because nobody asked for it.
  var leftOut: String? {
    guard gitDirectories > 0 else { return nil }
    let directories =
      gitDirectories == 1 ? "1 .git directory" : "\(gitDirectories) .git directories"
    return "\(directories) left out; --git-dir enters \(gitDirectories == 1 ? "it" : "them")"
  }
}
