// SPDX-License-Identifier: Apache-2.0

/// What a session is for, in its starter's words: 1 to 63 bytes of printable UTF-8, so that it can be
/// shown as it is.
public struct SessionIntent: Hashable, Sendable, CustomStringConvertible {
  /// Most bytes, as the kernel's intent tag has.
  public static let maximumSize = 63

  public let description: String

  /// Why a text is not an intent.
  public enum Fault: Error, Hashable, Sendable {
    case empty
    /// How many bytes there are.
    case tooLong(Int)
    /// Something that does not print, or that changes how text beside it does.
    case unprintable(Unicode.Scalar)
  }

  public init(_ text: String) throws(Fault) {
    guard !text.isEmpty else { throw .empty }
    guard text.utf8.count <= Self.maximumSize else { throw .tooLong(text.utf8.count) }
    for scalar in text.unicodeScalars where !Self.isPrintable(scalar) {
      throw .unprintable(scalar)
    }
    description = text
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned:
      false
    default: true
    }
  }
}

extension SessionIntent.Fault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .empty: "is empty"
    case .tooLong(let size): "has \(size) bytes, and may have \(SessionIntent.maximumSize)"
    case .unprintable(let scalar):
      "holds U+\(String(scalar.value, radix: 16, uppercase: true)), which does not print"
    }
  }
}
