// SPDX-License-Identifier: Apache-2.0
import Provenance

/// HTML and SVG as it is written. What is text goes through ``escaped(_:)``; what is not is this program's
/// own.
struct Markup {
  private(set) var buffer = ByteBuffer()

  mutating func raw(_ text: StaticString) {
    buffer.append(text)
  }

  mutating func text(_ text: String) {
    buffer.append(Self.escaped(text))
  }

  /// An element with attributes, and what `body` puts into it.
  mutating func element(
    _ name: StaticString, _ attributes: [(StaticString, String)] = [],
    _ body: (inout Markup) -> Void = { _ in }
  ) {
    buffer.append("<")
    buffer.append(name)
    for (key, value) in attributes {
      buffer.append(" ")
      buffer.append(key)
      buffer.append("=\"")
      buffer.append(Self.escaped(value))
      buffer.append("\"")
    }
    buffer.append(">")
    body(&self)
    buffer.append("</")
    buffer.append(name)
    buffer.append(">")
  }

  mutating func element(
    _ name: StaticString, _ attributes: [(StaticString, String)] = [], text: String
  ) {
    element(name, attributes) { $0.text(text) }
  }

  /// As the content of an element, or of an attribute in double quotes. What a browser could act on as a
  /// control, or reorder text by, becomes as visible as on a terminal.
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where Escaping.isUnsafe(scalar):
        result += escaped(Escaping.text(String(scalar).utf8))
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A number as SVG takes it, to a tenth.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths.isMultiple(of: 10)
      ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}

/// A rectangle of a drawing.
struct Area {
  var x: Double
  var y: Double
  var width: Double
  var height: Double

  var size: Double { width * height }

  var attributes: [(StaticString, String)] {
    [
      ("x", Markup.number(x)), ("y", Markup.number(y)), ("width", Markup.number(width)),
      ("height", Markup.number(height)),
    ]
  }
}

/// The colours of a page: one for each of the sessions with the most files.
struct Palette {
  private let ranks: [SessionID: Int]

  /// Apart for eyes that tell red from green and for others (Okabe and Ito; the last two are added).
  private static let colors = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#6a51a3",
  ]
  private static let dark: Set = ["#0072b2", "#6a51a3"]
  static let others = "#8f8f8f"
  static let nobody = "#c9c9c9"

  init(_ sessions: [SessionID]) {
    ranks = Dictionary(
      sessions.prefix(Self.colors.count).enumerated().map { ($1, $0) }, uniquingKeysWith: min)
  }

  /// Of text on it.
  func textColor(_ session: SessionID?) -> String {
    Self.dark.contains(color(session)) ? "#fff" : "#000"
  }

  func color(_ session: SessionID?) -> String {
    guard let session else { return Self.nobody }
    return ranks[session].map { Self.colors[$0] } ?? Self.others
  }
}
