// SPDX-License-Identifier: Apache-2.0
import Provenance

/// The sessions that run now, as the registry of `provstamp run` knows them, read once. Sessions that
/// only the kernel knows are not among them.
enum LiveSessions {
  private static let records: [SessionID: SessionRecord] = {
    // Where the registry cannot be read nothing is claimed of any session; `doctor` says why.
    guard let registry = try? SessionRegistry() else { return [:] }
    return registry.entries().reduce(into: [:]) { records, entry in
      if case .active(let record) = entry.state { records[record.id] = record }
    }
  }()

  /// The record of a session that runs; nil where none is known.
  static func record(of id: SessionID) -> SessionRecord? {
    id.isNone ? nil : records[id]
  }
}
