// SPDX-License-Identifier: Apache-2.0

/// Text of a given width, in characters.
enum Columns {
  /// With spaces after it.
  static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// With spaces before it.
  static func aligned(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// Of exactly this width: what is too long ends in an ellipsis.
  static func fitted(_ text: String, to width: Int) -> String {
    padded(cut(text, to: width), to: width)
  }

  /// Of at most this width.
  static func cut(_ text: String, to width: Int) -> String {
    text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
  }
}
