// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A report as one object a line.
enum ReportJSON {
  static func append(_ report: Report, to json: inout JSONWriter) {
    for session in report.sessions { append(session, to: &json) }
    for coverage in report.coverage { append(coverage, report, to: &json) }
    for file in report.files { append(file, to: &json) }
    for lost in report.lost { append(lost, to: &json) }
    for directory in ReportedDirectory.all(report.files) {
      json.line("directory") { json in
        json.field("path", bytes: directory.path, exactly: "path_bytes")
        append(directory.totals, to: &json)
      }
    }
    for moment in ReportedMoment.all(report.files) {
      json.line("moment") { json in
        json.field("from", Timestamp.utc(moment.start))
        json.field("until", Timestamp.utc(moment.end))
        append(moment.totals, to: &json)
      }
    }
    json.line("summary") { appendSummary(report, to: &$0) }
  }

  private static func append(_ session: ReportedSession, to json: inout JSONWriter) {
    json.line("account") { json in
      session.account.appendFields(to: &json)
      append(session.totals, to: &json)
    }
  }

  private static func append(_ totals: ReportTotals, to json: inout JSONWriter) {
    json.field("files", totals.files)
    json.field("others", totals.others)
    json.field("bytes", totals.bytes)
    for deed in Deed.allCases { json.field(deed.rawValue, totals.deeds[deed] ?? 0) }
    json.object("states") { json in
      for state in Verdict.State.allCases { json.field(state.rawValue, totals.states[state] ?? 0) }
    }
    json.field("first", totals.first.map(Timestamp.utc))
    json.field("first_ns", totals.first)
    json.field("last", totals.last.map(Timestamp.utc))
    json.field("last_ns", totals.last)
  }

  private static func append(
    _ coverage: Coverage, _ report: Report, to json: inout JSONWriter
  ) {
    json.line("coverage") { json in
      json.field("path", bytes: coverage.mountpoint, exactly: "path_bytes")
      json.field("filesystem", coverage.type)
      json.field("watched_by", coverage.name)
      json.field("since", coverage.since.map(Timestamp.utc))
      json.field("since_ns", coverage.since)
      json.field("detail", coverage.detail)
      let causes = report.gaps.filter { $0.coverage.mountpoint == coverage.mountpoint }
      json.field("gaps", array: causes.map(\.cause)) { $0.element($1) }
    }
  }

  private static func append(_ file: ReportedFile, to json: inout JSONWriter) {
    file.record.appendJSON(to: &json) { json in
      json.field("deed", file.deed.rawValue)
      json.field("concerns", array: file.concerns.map(\.rawValue)) { $0.element($1) }
      json.field("earlier_writers", file.earlierWriters)
      if let before = file.overwritten {
        json.object("overwrote") { before.appendFields(to: &$0) }
      }
    }
  }

  private static func append(_ lost: LostFile, to json: inout JSONWriter) {
    json.line("lost") { json in
      json.field("path", bytes: lost.record.path, exactly: "path_bytes")
      json.object("stamp") { lost.stamp.appendFields(to: &$0) }
      json.object("now") { json in
        json.field("state", lost.record.state.rawValue)
        lost.record.judgement.reading.holding.appendFields(
          on: lost.record.judgement.status, to: &json)
      }
    }
  }

  private static func appendSummary(_ report: Report, to json: inout JSONWriter) {
    append(report.totals, to: &json)
    json.field("lost", report.lost.count)
    json.field("copies_left_out", report.copies)
    json.field("concerns", report.calledOut.count)
    json.field("findings", report.findings)
    json.field("whole", report.isWhole)
    json.field("conclusion", report.conclusion)
    json.field("examined", report.counts.examined)
    json.field("unstamped", report.counts.unstamped)
    json.field("malformed", report.counts.malformed)
    json.field("malformed_logs", report.malformedLogs)
    json.field("without_xattrs", report.counts.withoutAttributes)
    json.field("unreadable", report.counts.unreadable)
    json.field("skipped_mounts", report.counts.skippedMounts)
  }
}
