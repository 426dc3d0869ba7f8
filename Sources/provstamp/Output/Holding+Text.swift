// SPDX-License-Identifier: Apache-2.0
import Provenance

extension Verifier.Judgement {
  /// Who could have forged what readers go by.
  var trust: Trust? { reading.holding.trust(on: status) }
}

extension StampReading.Holding {
  /// Who could have forged it on the file that it was read from; nil where there is nothing to forge.
  func trust(on file: FileStatus) -> Trust? {
    let keeper = AttributeKeeper(ofMount: file.mount)
    return switch self {
    case .stamp(let stamp, let attribute):
      Trust(stamp, in: attribute, keptBy: keeper, lsmIsActive: LSM.isActive)
    case .malformed(_, let attribute):
      Trust(in: attribute, keptBy: keeper)
    case .legacy: .advisory
    case .unstamped: nil
    }
  }

  /// What it says of the writer of the file, as one phrase.
  func claim(_ style: Style, on file: FileStatus) -> String {
    switch self {
    case .stamp(let stamp, _):
      stamp.claim(style) + (trust(on: file).map { "  \($0.rawValue)" } ?? "")
    case .malformed(let error, let attribute): "\(attribute.name) is \(error)"
    case .legacy(let legacy): legacy.claim(style)
    case .unstamped: "nothing"
    }
  }
}

/// Whether the LSM runs, looked up once.
enum LSM {
  static let isActive = Trust.lsmIsActive()
}

extension Stamp {
  /// Session, process, user, time and flags.
  func claim(_ style: Style) -> String {
    var parts: [String] = []
    if writer.session.isNone {
      parts.append("no session")
    } else {
      let root = writer.root.isNone ? "" : " (nested in \(writer.root)…)"
      let session = style.colored(style.session(writer.session), as: writer.session)
      parts.append("session \(session)\(root)")
    }
    parts.append("\(Escaping.text(writer.comm.bytes))[\(writer.pid)]")
    parts.append(UserNames.display(writer.uid))
    parts.append(style.time(time))
    if !flags.names.isEmpty { parts.append(flags.names.joined(separator: ",")) }
    if let remark = SessionLabel.remark(writer.session) { parts.append(remark) }
    return parts.joined(separator: "  ")
  }
}

extension Stamp.Flags {
  /// Stable names of the flags that are set.
  var names: [String] {
    [(Self.created, "created"), (.mapped, "mapped"), (.open, "open")]
      .filter { contains($0.0) }.map(\.1)
  }
}

extension LegacyStamp {
  func claim(_ style: Style) -> String {
    var parts: [String] = []
    switch identity {
    case .session(let id):
      parts.append(
        id.isNone ? "no session" : "session \(style.colored(style.session(id), as: id))")
    case .task, .chain:
      parts.append("no session")
    case .opaque:
      parts.append("\"\(Escaping.text(text))\"")
    }
    if let comm {
      parts.append(Escaping.text(comm) + (pid.map { "[\($0)]" } ?? ""))
    } else if let pid {
      parts.append("pid \(pid)")
    }
    if let uid { parts.append(UserNames.display(uid)) }
    if let time { parts.append(style.time(time.nanoseconds)) }
    if let tool { parts.append("tool \(Escaping.text(tool))") }
    if let intent { parts.append("intent \(Escaping.text(intent))") }
    if isAmbiguous { parts.append("ambiguous") }
    parts.append("advisory, older text form")
    return parts.joined(separator: "  ")
  }
}
