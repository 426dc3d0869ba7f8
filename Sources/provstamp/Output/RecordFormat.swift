// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// The text that is printed for each file, with `%(field)` for what is known of it.
struct RecordFormat: Sendable {
  enum Field: String, CaseIterable, Sendable {
    case path, state, reason, trust, stamper, session, root, name, intent, comm, pid, uid, user
    case time, age, flags, inode, size, mtime, nested
  }

  private enum Piece: Sendable {
    case bytes([UInt8])
    case field(Field)
  }

  private var pieces: [Piece] = []

  /// - Throws: `ValidationError` that says what is understood.
  init(orExplain text: String) throws {
    var rest = RawArguments.bytes(text)[...]
    var literal: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%") where rest.first == UInt8(ascii: "%"):
        literal.append(rest.removeFirst())
      case UInt8(ascii: "%"):
        let field = try Self.field(&rest)
        pieces += [.bytes(literal), .field(field)]
        literal = []
      case UInt8(ascii: "\\"):
        literal.append(try Self.escape(&rest))
      default:
        literal.append(byte)
      }
    }
    pieces.append(.bytes(literal))
  }

  private static func field(_ rest: inout ArraySlice<UInt8>) throws -> Field {
    if rest.popFirst() == UInt8(ascii: "("), let end = rest.firstIndex(of: UInt8(ascii: ")")) {
      let name = String(decoding: rest[..<end], as: UTF8.self)
      rest = rest[(end + 1)...]
      if let field = Field(rawValue: name) { return field }
      let names = Field.allCases.map(\.rawValue)
      let nearest =
        Suggestion.nearest(to: name, among: names).map { "did you mean %(\($0))? " } ?? ""
      throw ValidationError(
        "%(\(Escaping.text(name.utf8))): no field; \(nearest)way out: one of "
          + names.joined(separator: ", "))
    }
    throw ValidationError(
      "% alone; way out: %(path), %(session) and so on, or %% for the sign itself")
  }

  private static func escape(_ rest: inout ArraySlice<UInt8>) throws -> UInt8 {
    switch rest.popFirst() {
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "0"): 0
    case UInt8(ascii: "\\"): UInt8(ascii: "\\")
    default:
      throw ValidationError(
        "a backslash before nothing that is known; way out: \\n, \\t, \\0, or \\\\ for itself")
    }
  }

  func append(_ record: FileRecord, _ style: Style, to buffer: inout ByteBuffer) {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): buffer.append(bytes)
      case .field(.path) where style.isTerminal && !style.isNullTerminated:
        Escaping.append(record.path, to: &buffer)
      case .field(.path): buffer.append(record.path)
      case .field(let field): buffer.append(Self.value(field, record, style) ?? "-")
      }
    }
    buffer.append(byte: style.isNullTerminated ? 0 : 0x0a)
  }

  private static func value(_ field: Field, _ record: FileRecord, _ style: Style) -> String? {
    let judgement = record.judgement
    let holding = judgement.reading.holding
    let session = holding.session
    switch field {
    case .path: return Escaping.text(record.path)
    case .state: return record.state.rawValue
    case .reason: return judgement.verdict.reason.rawValue
    case .trust: return judgement.trust?.rawValue
    case .stamper: return holding.stamperName
    case .session: return session.map { $0.isNone ? "none" : $0.description }
    case .root: return holding.root.isNone ? nil : holding.root.description
    case .name: return session.flatMap(SessionLabel.name).map { Escaping.text($0.utf8) }
    case .intent: return session.flatMap(SessionLabel.intent).map { Escaping.text($0.utf8) }
    case .comm: return holding.comm.map { Escaping.text($0) }
    case .pid: return holding.pid.map { "\($0)" }
    case .uid: return holding.uid.map { "\($0)" }
    case .user: return holding.uid.map(UserNames.display)
    case .time: return holding.time.map(Timestamp.utc)
    case .age: return holding.time.map { Age.text($0, now: Clock.realTime) }
    case .flags: return holding.flagNames
    case .inode: return "\(judgement.status.inode)"
    case .size: return "\(judgement.status.size)"
    case .mtime: return Timestamp.utc(judgement.status.mtime)
    case .nested: return record.isNested ? "nested" : nil
    }
  }
}
