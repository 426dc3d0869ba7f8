// SPDX-License-Identifier: Apache-2.0
import Provenance

/// The session of one line, as far as it is on record; or why none can be named.
enum LineWriter {
  /// A note of the line's commit names the writer of what was committed: anybody could have written it
  /// who could push notes.
  case recorded(NoteRecord)
  /// The line is not committed, and the file's stamp names the only writer on record since.
  case stamped(StampReading.Holding)
  case unknown(cause: String, others: [SessionID])

  var isKnown: Bool {
    if case .unknown = self { false } else { true }
  }

  /// ``SessionID/none`` is outside any; nil is not known.
  var session: SessionID? {
    switch self {
    case .recorded(let record): record.session
    case .stamped(let holding): holding.session
    case .unknown: nil
    }
  }

  var comm: [UInt8]? {
    switch self {
    case .recorded(let record): record.comm
    case .stamped(let holding): holding.comm
    case .unknown: nil
    }
  }

  var uid: UInt32? {
    switch self {
    case .recorded(let record): record.uid
    case .stamped(let holding): holding.uid
    case .unknown: nil
    }
  }

  /// When the file was stamped, in nanoseconds since 1970.
  var time: UInt64? {
    switch self {
    case .recorded(let record): record.time
    case .stamped(let holding): holding.time
    case .unknown: nil
    }
  }

  var cause: String? {
    if case .unknown(let cause, _) = self { cause } else { nil }
  }

  /// The sessions that a line of an unknown writer may be of, as far as they are on record.
  var candidates: [SessionID] {
    if case .unknown(_, let others) = self { others } else { [] }
  }

  /// Judges what the notes say of a content that was committed.
  ///
  /// - Parameters:
  ///   - records: those about the path, of whatever content.
  ///   - blob: the content that the commit has, by git's name for it.
  init(_ records: [NoteRecord], of blob: [UInt8]) {
    let own = records.filter { $0.blob == blob }
    guard !own.isEmpty else {
      self = .unknown(
        cause: records.isEmpty ? "not-recorded" : "rewritten", others: Self.sessions(of: records))
      return
    }
    // What git itself put into place was somebody's before.
    let authors = own.filter { !$0.isByGit }
    guard let first = authors.first else {
      self = .unknown(cause: "by-git", others: Self.sessions(of: own))
      return
    }
    guard authors.allSatisfy({ $0.hasSameWriter(as: first) }) else {
      self = .unknown(cause: "records-differ", others: Self.sessions(of: authors))
      return
    }
    // Of several records of one writer the one that knows of most others counts.
    guard authors.allSatisfy({ $0.others == [] }) else {
      self = .unknown(
        cause: "several-writers",
        others: Self.unique([first.session] + authors.flatMap { $0.others ?? [] }))
      return
    }
    self = .recorded(first)
  }

  private static func sessions(of records: [NoteRecord]) -> [SessionID] {
    unique(records.map(\.session))
  }

  static func unique(_ sessions: [SessionID]) -> [SessionID] {
    Set(sessions).sorted { $0.description < $1.description }
  }
}
