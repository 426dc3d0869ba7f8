// SPDX-License-Identifier: Apache-2.0

/// A task's name (`comm`): up to sixteen bytes, any values but NUL, chosen by the task itself.
///
/// It is shown to people and never trusted. It may be no valid UTF-8 and may hold control
/// characters: who prints it escapes it.
public struct TaskName: Hashable, Sendable {
  let octets: Octets16

  /// A task without a name.
  public static let empty = TaskName(octets: .zero)

  init(octets: Octets16) {
    self.octets = octets
  }

  /// Takes the bytes before the first NUL, and no more than sixteen of them.
  public init(_ bytes: UnsafeRawBufferPointer) {
    var padded: (UInt64, UInt64) = (0, 0)
    octets = withUnsafeMutableBytes(of: &padded) { destination in
      for (index, byte) in bytes.prefix(16).enumerated() {
        guard byte != 0 else { break }
        destination[index] = byte
      }
      return Octets16(UnsafeRawBufferPointer(destination))
    }
  }

  public init(_ text: some StringProtocol) {
    self = Array(text.utf8).withUnsafeBytes { TaskName($0) }
  }

  /// - Returns: nil where a byte that is not NUL follows one that is.
  init?(validating octets: Octets16) {
    var ended = false
    for index in 0..<16 {
      let byte = octets[index]
      if ended && byte != 0 { return nil }
      ended = ended || byte == 0
    }
    self.octets = octets
  }

  /// The name without its padding.
  public var bytes: [UInt8] {
    (0..<16).map { octets[$0] }.prefix { $0 != 0 }.map { $0 }
  }
}
