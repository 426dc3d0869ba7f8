// SPDX-License-Identifier: Apache-2.0

/// What people call a session: printable as an intent is, and nothing that an option could mean
/// otherwise, such as the beginning of an id.
public struct SessionName: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  /// Why a text is not a name.
  public enum Fault: Error, Hashable, Sendable {
    case text(SessionIntent.Fault)
    /// A word that stands for something else where sessions are named.
    case reserved
    /// It could be the beginning of an id.
    case idLike
    /// A comma parts names, and a dash at the front marks an option.
    case separator
  }

  /// Words that stand for the asker's session, and for being outside any.
  static let reserved: Set<String> = ["self", "none"]

  public init(_ text: String) throws(Fault) {
    do {
      description = try SessionIntent(text).description
    } catch {
      throw .text(error)
    }
    guard !Self.reserved.contains(text) else { throw .reserved }
    guard SessionPrefix(text) == nil else { throw .idLike }
    guard !text.contains(","), !text.hasPrefix("-"), !text.hasPrefix(" "), !text.hasSuffix(" ")
    else { throw .separator }
  }
}

extension SessionName.Fault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .text(let fault): fault.description
    case .reserved: "is a word that stands for something else where sessions are named"
    case .idLike: "could be the beginning of an id, as it has hexadecimal digits alone"
    case .separator: "has a comma, begins with a dash, or begins or ends with a space"
    }
  }
}
