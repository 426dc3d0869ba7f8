// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Whom a report is about.
struct ReportSubject: Sendable {
  /// Nil for all sessions.
  let query: SessionQuery?
  let isExact: Bool

  func match(_ writer: Writer) -> Filter.Match? {
    guard let query else { return writer.session.isNone ? nil : .own }
    return query.match(writer, isExact: isExact)
  }

  func match(_ holding: StampReading.Holding) -> Filter.Match? {
    switch holding {
    case .stamp(let stamp, _): match(stamp.writer)
    case .legacy(let legacy):
      query.map { $0.match(legacy) } ?? (legacy.session.isNone ? nil : .own)
    case .malformed, .unstamped: nil
    }
  }
}

/// One thread's part of a report.
final class ReportVisitor: ScanVisitor {
  private let subject: ReportSubject
  private let listsGitDirectories: Bool
  private let verifier = Verifier()
  private(set) var candidates = SessionCandidates()
  private(set) var files: [ReportedFile] = []
  private(set) var lost: [LostFile] = []
  private(set) var copies = 0
  /// By directory, where that is to be known: what nobody who is reported on is on record for.
  private(set) var bystanders: [[UInt8]: Bystanders] = [:]
  private let mapsBystanders: Bool
  /// Of these files the log cannot be read, so it is not known whether the subject wrote them before.
  private(set) var malformedLogs = 0
  private var lastPlace: (place: WalkPlace, isGit: Bool)?

  init(
    _ context: ScanContext, _ subject: ReportSubject, listsGitDirectories: Bool,
    mapsBystanders: Bool
  ) {
    self.subject = subject
    self.mapsBystanders = mapsBystanders
    self.listsGitDirectories = listsGitDirectories
    super.init(context)
  }

  /// Of git's own directories hooks and configuration matter, and are looked at.
  override func enters(_ directory: WalkEntry) -> Bool {
    switch context.scope.entry(of: directory) {
    case .leftOut: return false
    case .gitDirectory: return true
    case .entered:
      return !isDirectlyInGit(directory) || strcmp(directory.file.name, "hooks") == 0
    }
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    if isDirectlyInGit(entry), strcmp(entry.file.name, "config") != 0 { return }
    let judgement = try verifier.judge(entry.file, try found.holding(of: entry.file))
    let holding = judgement.reading.holding
    if case .malformed = holding { countMalformed() }
    let log = try earlierWriters(entry.file, holding)
    if log == nil { malformedLogs += 1 }
    note(holding, log)
    let match = subject.match(holding)
    let record = FileRecord(path: entry.path, judgement: judgement, isNested: match == .nested)
    if match != nil, judgement.verdict.state == .copied {
      copies += 1
    } else if match != nil {
      files.append(ReportedFile(record, entry.depth, log, subject))
    } else if let stamp = log?.first(where: { subject.match($0.writer) != nil }) {
      lost.append(LostFile(record: record, stamp: stamp))
    } else if mapsBystanders, judgement.status.isRegular, let place = entry.place {
      bystanders[place.path, default: Bystanders()].add(judgement.status.size)
    }
  }

  /// What is in a .git directory that was named has been asked for. Most entries are in the same directory
  /// as the one before.
  private func isDirectlyInGit(_ entry: WalkEntry) -> Bool {
    guard !listsGitDirectories, entry.depth > 1, let place = entry.place else { return false }
    if let last = lastPlace, last.place.isSame(as: place) { return last.isGit }
    let isGit = place.path.suffix(5).elementsEqual("/.git".utf8)
    lastPlace = (place, isGit)
    return isGit
  }

  private func note(_ holding: StampReading.Holding, _ log: [Stamp]?) {
    guard subject.query?.isPrefix ?? false else { return }
    let logged = (log ?? []).map { StampReading.Holding.stamp($0, .security) }
    for holding in [holding] + logged {
      if let match = subject.match(holding) { candidates.insert(holding, match) }
    }
  }

  /// Newest first; nil where the log is malformed. A file may have a log and no stamp: of several writers
  /// it was not to be told which came last.
  private func earlierWriters(
    _ file: FileReference, _ holding: StampReading.Holding
  ) throws(Errno) -> [Stamp]? {
    switch holding {
    case .stamp(let stamp, let attribute):
      return try EarlierStamps.read(file, beside: stamp, in: attribute)
    case .legacy, .unstamped(.noAttributes): return []
    case .malformed, .unstamped(.noStamp):
      for attribute in StampAttribute.allCases {
        guard let log = try Self.log(file, attribute) else { continue }
        guard let entries = try? log.get().entries else { return nil }
        if !entries.isEmpty { return entries }
      }
      return []
    }
  }

  /// Nil where the filesystem has no such attribute.
  private static func log(
    _ file: FileReference, _ attribute: StampAttribute
  ) throws(Errno) -> Result<StampLog, StampError>? {
    do throws(Errno) {
      return try StampStore.readLog(file, attribute)
    } catch {
      guard error == .notSupported else { throw error }
      return nil
    }
  }
}

extension ReportedFile {
  fileprivate init(
    _ record: FileRecord, _ depth: Int, _ log: [Stamp]?, _ subject: ReportSubject
  ) {
    self.record = record
    self.depth = depth
    let session = record.judgement.reading.holding.session
    // In a report on all sessions each is another to the others.
    overwritten = log?.first { entry in
      subject.query == nil ? entry.writer.session != session : subject.match(entry.writer) == nil
    }
    var oldest: Stamp?
    if case .stamp(let stamp, _) = record.judgement.reading.holding { oldest = log?.last ?? stamp }
    deed =
      if overwritten != nil {
        .overwrote
      } else {
        oldest?.flags.contains(.created) ?? false && log != nil ? .created : .changed
      }
    earlierWriters = log?.count
    concerns = Concern.all(record.path, depth: depth, record.judgement.status)
  }
}
