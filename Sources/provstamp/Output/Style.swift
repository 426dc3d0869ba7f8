// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// How text is laid out: as a terminal needs it, or as a file does.
struct Style: Sendable {
  /// Short ids and local times, as a person wants them.
  var isTerminal: Bool
  var usesColor: Bool
  /// Names raw and ended by NUL.
  var isNullTerminated: Bool

  init(_ operands: Operands, _ output: OutputOptions, sink: Sink) {
    isTerminal = sink.isTerminal
    usesColor = output.usesColor
    isNullTerminated = operands.null
  }

  init(_ output: OutputOptions, sink: Sink) {
    isTerminal = sink.isTerminal
    usesColor = output.usesColor
    isNullTerminated = false
  }

  func time(_ nanoseconds: UInt64) -> String {
    LocalTime.text(nanoseconds, isLocal: isTerminal)
  }

  func session(_ id: SessionID) -> String {
    isTerminal ? String(id.description.prefix(8)) : id.description
  }

  /// Text about a session in the session's colour: always the same one, which others may have too.
  func colored(_ text: String, as session: SessionID) -> String {
    guard usesColor, !session.isNone else { return text }
    let colors = Self.sessionColors
    let color = colors[Int(session.prefix.value) % colors.count]
    return "\u{1b}[38;5;\(color)m\(text)\u{1b}[0m"
  }

  /// Of the 256 that terminals have: readable on black and on white, and none that states have.
  private static let sessionColors = [
    25, 30, 32, 38, 62, 65, 67, 72, 91, 96, 97, 98, 99, 103, 108, 127, 130, 132, 133, 134, 136, 137,
    138, 139, 172, 173, 174, 175,
  ]

  /// Appends a name with what parts it from the text that follows, as grep -Z does.
  func append(name: [UInt8], to buffer: inout ByteBuffer) {
    if isNullTerminated {
      buffer.append(name)
      buffer.append(byte: 0)
    } else {
      Escaping.append(name, to: &buffer)
      buffer.append(": ")
    }
  }

  func colored(_ text: String, as state: Verdict.State) -> String {
    guard usesColor else { return text }
    let code =
      switch state {
      case .ok: "32"
      case .changed, .copied, .malformed: "31"
      case .unproven, .unstamped: "33"
      }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }
}
