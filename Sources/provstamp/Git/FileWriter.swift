// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// Who wrote what a file now holds, as far as that is known.
struct FileWriter {
  /// The stamp, where it holds: then the writer is known, if only as a process outside any session.
  private(set) var known: StampReading.Holding?
  /// Why the writer is not known: one word for machines and people.
  private(set) var cause: String?
  /// What was read of the file; nil where there is none.
  private(set) var judgement: Verifier.Judgement?

  /// Nobody can tell, for a reason that has nothing to do with a stamp.
  init(cause: String) {
    self.cause = cause
  }

  init(_ judgement: Verifier.Judgement) {
    self.judgement = judgement
    let holding = judgement.reading.holding
    guard judgement.verdict.state == .ok else {
      let reason = judgement.verdict.reason
      cause =
        judgement.verdict.state == .unstamped ? reason.unstampedWord : reason.state.rawValue
      return
    }
    if case .legacy(let legacy) = holding, case .opaque = legacy.identity {
      // A text that names no session: it may be one all the same.
      cause = "older-text"
    } else {
      known = holding
    }
  }

  var isKnown: Bool { known != nil }
  /// The session that wrote it; ``SessionID/none`` is outside any, nil is not known.
  var session: SessionID? { known?.session }

  /// The session that a stamp names which does not hold any more: it wrote the file once.
  var formerSession: SessionID? {
    guard known == nil, cause != "copied", let session = judgement?.reading.holding.session,
      !session.isNone
    else { return nil }
    return session
  }
}

extension Verdict.Reason {
  fileprivate var unstampedWord: String {
    self == .noAttributes ? rawValue : state.rawValue
  }
}

extension StampReading.Holding {
  /// The session that is named; nil where there is no stamp.
  var session: SessionID? {
    switch self {
    case .stamp(let stamp, _): stamp.writer.session
    case .legacy(let legacy): legacy.session
    case .malformed, .unstamped: nil
    }
  }

  /// The outermost session around it.
  var root: RootPrefix {
    if case .stamp(let stamp, _) = self { stamp.writer.root } else { .none }
  }

  var comm: [UInt8]? {
    switch self {
    case .stamp(let stamp, _): stamp.writer.comm.bytes
    case .legacy(let legacy): legacy.comm
    case .malformed, .unstamped: nil
    }
  }

  var uid: UInt32? {
    switch self {
    case .stamp(let stamp, _): stamp.writer.uid
    case .legacy(let legacy): legacy.uid
    case .malformed, .unstamped: nil
    }
  }

  /// When it was stamped, in nanoseconds since 1970.
  var time: UInt64? {
    switch self {
    case .stamp(let stamp, _): stamp.time
    case .legacy(let legacy): legacy.time?.nanoseconds
    case .malformed, .unstamped: nil
    }
  }
}

/// Reads the writers of many files of a work tree.
struct FileWriterReader: ~Copyable {
  private var reader = StampReader()
  private let verifier = Verifier()

  /// - Throws: the error of getxattr(2) or statx(2), but for a file that is not there.
  mutating func writer(of file: FileReference) throws(Errno) -> FileWriter {
    do {
      let found = try reader.find(file)
      return FileWriter(try verifier.judge(file, try found.holding(of: file)))
    } catch {
      guard error == .noSuchFileOrDirectory || error == .notDirectory else { throw error }
      return FileWriter(cause: "deleted")
    }
  }
}
