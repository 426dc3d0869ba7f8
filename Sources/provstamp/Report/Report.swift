// SPDX-License-Identifier: Apache-2.0
import Provenance

/// All that was found out about what sessions wrote in a tree.
struct Report {
  let operands: [[UInt8]]
  /// In the order of their paths.
  let files: [ReportedFile]
  let lost: [LostFile]
  let copies: Int
  let bystanders: [[UInt8]: Bystanders]
  let malformedLogs: Int
  let counts: ScanCounts
  let coverage: [Coverage]
  /// Those that wrote here, the one with the most files first; and those that were asked about.
  let sessions: [ReportedSession]
  let made = Clock.realTime

  init(
    _ visitors: [ReportVisitor], _ counts: ScanCounts, _ coverage: [Coverage],
    of named: [SessionID],
    _ operands: [[UInt8]]
  ) {
    self.operands = operands
    self.counts = counts
    self.coverage = coverage
    files = visitors.flatMap(\.files).sorted {
      $0.path.lexicographicallyPrecedes($1.path)
    }
    lost = visitors.flatMap(\.lost).sorted {
      $0.record.path.lexicographicallyPrecedes($1.record.path)
    }
    copies = visitors.reduce(0) { $0 + $1.copies }
    malformedLogs = visitors.reduce(0) { $0 + $1.malformedLogs }
    bystanders = visitors.reduce(into: [:]) { $0.merge($1.bystanders, uniquingKeysWith: +) }
    let written = Dictionary(grouping: files, by: \.session)
    let others = Set(named).union(lost.map(\.stamp.writer.session)).subtracting(written.keys)
    sessions =
      (written.map { ReportedSession($0, files: $1) }
      + others.map { ReportedSession($0, files: []) })
      .sorted { ($1.totals.files, $0.id.description) < ($0.totals.files, $1.id.description) }
  }

  var totals: ReportTotals { ReportTotals(files) }

  /// Files whose stamp does not hold, or may not.
  var doubtful: [ReportedFile] { files.filter { $0.record.state != .ok } }
  var calledOut: [ReportedFile] { files.filter { !$0.concerns.isEmpty } }
  var overwriting: [ReportedFile] { files.filter { $0.overwritten != nil } }

  /// Where something may have been written that nothing stamped, and why.
  var gaps: [(coverage: Coverage, cause: String)] {
    coverage.flatMap { coverage in
      let accounts: [SessionAccount?] = sessions.map(\.account)
      let causes = (accounts.isEmpty ? [nil] : accounts).compactMap {
        coverage.gap($0?.kind, began: $0?.started)
      }
      return Set(causes).sorted().map { (coverage, $0) }
    }
  }

  /// Whether what is listed is all that was written and is still here.
  var isWhole: Bool {
    !coverage.isEmpty && gaps.isEmpty && counts.unreadable == 0 && counts.malformed == 0
      && malformedLogs == 0
  }

  /// How many things somebody should look at.
  var findings: Int {
    calledOut.count + doubtful.count + overwriting.count + lost.count + (isWhole ? 0 : 1)
  }

  /// What an answer of nothing means, and what one of something leaves open.
  var conclusion: String {
    let wrote =
      files.isEmpty ? "Nothing that was written is found here" : "What was written is found here"
    return isWhole
      ? "\(wrote), and nothing is missing but what is gone: everything here was watched, and could be "
        + "read"
      : "\(wrote); that need not be all: "
        + (Set(gaps.map(\.cause)).sorted() + unread).joined(separator: "; ")
  }

  private var unread: [String] {
    let parts = [
      (counts.unreadable, "unreadable"), (counts.malformed, "with a malformed stamp"),
      (malformedLogs, "with a malformed log of earlier writers"),
    ]
    let texts = parts.filter { $0.0 > 0 }.map { "\(counted($0.0, "file")) \($0.1)" }
    return coverage.isEmpty ? texts + ["the mounts cannot be listed"] : texts
  }
}

/// A session, and what it wrote.
struct ReportedSession {
  let id: SessionID
  let account: SessionAccount
  let totals: ReportTotals

  init(_ id: SessionID, files: [ReportedFile]) {
    self.id = id
    account = SessionAccount(id, KnownSessions.entry(id))
    totals = ReportTotals(files)
  }
}

/// Files, put together.
struct ReportTotals {
  /// Regular files, and everything else.
  private(set) var files = 0
  private(set) var others = 0
  /// Of regular files.
  private(set) var bytes: UInt64 = 0
  private(set) var deeds: [Deed: Int] = [:]
  private(set) var states: [Verdict.State: Int] = [:]
  private(set) var first: UInt64?
  private(set) var last: UInt64?

  init(_ files: [ReportedFile] = []) {
    for file in files { add(file) }
  }

  mutating func add(_ other: ReportTotals) {
    files += other.files
    others += other.others
    bytes = bytes.addingReportingOverflow(other.bytes).partialValue
    deeds.merge(other.deeds, uniquingKeysWith: +)
    states.merge(other.states, uniquingKeysWith: +)
    first = [first, other.first].compactMap(\.self).min()
    last = [last, other.last].compactMap(\.self).max()
  }

  mutating func add(_ file: ReportedFile) {
    if file.isRegular {
      files += 1
      bytes = bytes.addingReportingOverflow(file.size).partialValue
    } else {
      others += 1
    }
    deeds[file.deed, default: 0] += 1
    states[file.record.state, default: 0] += 1
    guard let time = file.time else { return }
    first = min(first ?? time, time)
    last = max(last ?? time, time)
  }
}
