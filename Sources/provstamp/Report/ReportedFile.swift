// SPDX-License-Identifier: Apache-2.0
import Provenance

/// What was done to a file by whoever is reported on, as far as the file itself remembers.
enum Deed: String, CaseIterable {
  /// Made, and nobody else is on record.
  case created
  /// Written over what somebody else, who is on record, had written.
  case overwrote
  /// Written to a file that was there before; whose that was is not on record.
  case changed
}

/// A file of which the stamp names whoever is reported on.
struct ReportedFile {
  var record: FileRecord
  /// How many names of its path are below what was named.
  var depth: Int
  var deed: Deed
  /// The latest earlier writer that is not reported on.
  var overwritten: Stamp?
  /// How many earlier writers are on record; nil where the record is malformed.
  var earlierWriters: Int?
  var concerns: [Concern]

  var path: [UInt8] { record.path }
  var size: UInt64 { record.judgement.status.size }
  var holding: StampReading.Holding { record.judgement.reading.holding }
  var session: SessionID { holding.session ?? .none }
  var time: UInt64? { holding.time }
  var isRegular: Bool { record.judgement.status.isRegular }
}

/// A file that whoever is reported on wrote once, and of which the stamp names him no more.
struct LostFile {
  var record: FileRecord
  /// His last stamp, from the log.
  var stamp: Stamp
}

/// What is neither stamped nor, as far as is known, written by whoever is reported on.
struct Bystanders {
  var files = 0
  var bytes: UInt64 = 0

  mutating func add(_ size: UInt64) {
    files += 1
    bytes = bytes.addingReportingOverflow(size).partialValue
  }

  static func + (left: Self, right: Self) -> Self {
    Bystanders(
      files: left.files + right.files,
      bytes: left.bytes.addingReportingOverflow(right.bytes).partialValue)
  }
}
