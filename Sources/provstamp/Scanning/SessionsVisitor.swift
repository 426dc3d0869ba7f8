// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// What one session wrote, as far as stamps still name it.
struct SessionTotals {
  var files = 0
  /// Size of the files in bytes.
  var bytes: UInt64 = 0
  /// Files that carry a copy of a stamp of this session, and were not written by it here.
  var copied = 0
  /// Of ``files``: changed after the stamp.
  var changed = 0
  /// Of ``files``: perhaps changed after the stamp.
  var unproven = 0
  var first = UInt64.max
  var last: UInt64 = 0
  /// Names of the processes that wrote, as bytes; a session that renames itself without end fills no
  /// memory with them.
  var comms: Set<[UInt8]> = []
  var uids: Set<UInt32> = []
  var roots: Set<RootPrefix> = []

  /// Most names, users and outermost sessions that are kept of each session.
  static let mostNames = 16

  static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.files += right.files
    sum.bytes = left.bytes.addingReportingOverflow(right.bytes).partialValue
    sum.copied += right.copied
    sum.changed += right.changed
    sum.unproven += right.unproven
    sum.first = min(left.first, right.first)
    sum.last = max(left.last, right.last)
    for comm in right.comms { Self.insert(comm, into: &sum.comms) }
    for uid in right.uids { Self.insert(uid, into: &sum.uids) }
    for root in right.roots { Self.insert(root, into: &sum.roots) }
    return sum
  }

  static func insert<Name: Hashable>(_ name: Name, into names: inout Set<Name>) {
    if names.count < mostNames { names.insert(name) }
  }
}

/// One thread's part of `sessions`.
final class SessionsVisitor: ScanVisitor {
  private let verifier = Verifier()
  private(set) var sessions: [SessionID: SessionTotals] = [:]

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    var holding = try found.holding(of: entry.file)
    if case .unstamped = holding { return }
    let judgement = try verifier.judge(entry.file, holding)
    // A stamp that was replaced meanwhile has been read again.
    holding = judgement.reading.holding
    switch holding {
    case .stamp(let stamp, _):
      count(
        stamp.writer.session, judgement, time: stamp.time, comm: stamp.writer.comm.bytes,
        uid: stamp.writer.uid, root: stamp.writer.root)
    case .legacy(let legacy):
      count(
        legacy.session, judgement, time: legacy.time?.nanoseconds, comm: legacy.comm,
        uid: legacy.uid, root: .none)
    case .malformed: countMalformed()
    case .unstamped: break
    }
  }

  private func count(
    _ session: SessionID, _ judgement: Verifier.Judgement, time: UInt64?, comm: [UInt8]?,
    uid: UInt32?, root: RootPrefix
  ) {
    var totals = sessions.removeValue(forKey: session) ?? SessionTotals()
    defer { sessions[session] = totals }
    if judgement.verdict.state == .copied {
      totals.copied += 1
      return
    }
    totals.files += 1
    totals.bytes = totals.bytes.addingReportingOverflow(judgement.status.size).partialValue
    if judgement.verdict.state == .changed { totals.changed += 1 }
    if judgement.verdict.state == .unproven { totals.unproven += 1 }
    if let time {
      totals.first = min(totals.first, time)
      totals.last = max(totals.last, time)
    }
    if let comm { SessionTotals.insert(comm, into: &totals.comms) }
    if let uid { SessionTotals.insert(uid, into: &totals.uids) }
    if !root.isNone { SessionTotals.insert(root, into: &totals.roots) }
  }
}

extension SessionTotals {
  func appendText(_ id: SessionID, _ style: Style, to buffer: inout ByteBuffer) {
    buffer.append(
      id.isNone
        ? "outside any session" : "session \(style.colored(style.session(id), as: id))")
    if !roots.isEmpty {
      buffer.append(" (nested in \(roots.map { "\($0)…" }.sorted().joined(separator: ", ")))")
    }
    buffer.append(": \(files) \(files == 1 ? "file" : "files")  \(bytes) bytes")
    if last > 0 { buffer.append("  \(style.time(first)) to \(style.time(last))") }
    if !comms.isEmpty {
      buffer.append("  by \(comms.map { Escaping.text($0) }.sorted().joined(separator: ", "))")
    }
    if !uids.isEmpty {
      buffer.append("  as \(uids.map(UserNames.display).sorted().joined(separator: ", "))")
    }
    if LiveSessions.find(id) != nil { buffer.append("  running") }
    if let remark = SessionLabel.remark(id) { buffer.append("  \(remark)") }
    if changed > 0 {
      buffer.append("  \(style.colored("\(changed) changed since", as: .changed))")
    }
    if unproven > 0 {
      buffer.append("  \(style.colored("\(unproven) unproven", as: .unproven))")
    }
    if copied > 0 { buffer.append("  \(style.colored("\(copied) copied", as: .copied))") }
    buffer.append("\n")
  }

  func appendFields(_ id: SessionID, to json: inout JSONWriter) {
    json.field("session", id.isNone ? nil : id.description)
    json.field("roots", array: roots.map(\.description).sorted()) { $0.element($1) }
    json.field("running", SessionAccount.isRunning(id))
    json.field("name", SessionLabel.name(id))
    json.field("intent", SessionLabel.intent(id))
    json.field("files", files)
    json.field("bytes", bytes)
    json.field("changed", changed)
    json.field("unproven", unproven)
    json.field("copied", copied)
    json.field("first", last > 0 ? Timestamp.utc(first) : nil)
    json.field("first_ns", last > 0 ? first : nil)
    json.field("last", last > 0 ? Timestamp.utc(last) : nil)
    json.field("last_ns", last > 0 ? last : nil)
    json.field("comms", array: comms.map { Escaping.text($0) }.sorted()) { $0.element($1) }
    json.field("uids", array: uids.sorted()) { $0.element(number: $1) }
    json.field("users", array: uids.sorted().map(UserNames.display)) { $0.element($1) }
  }
}
