// SPDX-License-Identifier: Apache-2.0

/// What the doctor found out about one thing.
struct Finding {
  enum Status: String {
    case ok
    /// It works, but less well or less trustworthily than it could.
    case warn
    /// Stamping or asking cannot work.
    case fail
  }

  /// Stable, for machines.
  var name: String
  var status: Status
  var detail: String
  /// What to do about it, where something is to be done.
  var remedy: String?

  static func ok(_ name: String, _ detail: String) -> Finding {
    Finding(name: name, status: .ok, detail: detail)
  }

  static func warn(_ name: String, _ detail: String, _ remedy: String) -> Finding {
    Finding(name: name, status: .warn, detail: detail, remedy: remedy)
  }

  static func fail(_ name: String, _ detail: String, _ remedy: String) -> Finding {
    Finding(name: name, status: .fail, detail: detail, remedy: remedy)
  }
}
