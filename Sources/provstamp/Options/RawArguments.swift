// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Carries arguments through ArgumentParser, which works on text, without losing a byte.
///
/// An argument that is not UTF-8 has each byte of it that is 0x80 or more replaced by a scalar of
/// plane 16, which is for private use: U+10FE00 plus the byte. An argument that holds such scalars
/// itself is treated the same, so that nothing is ambiguous.
enum RawArguments {
  private static let base: UInt32 = 0x10_FE00

  /// The arguments of this process, without its name.
  static func ofProcess() -> [String] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
      unsafe CommandLine.unsafeArgv[index].map { argument in
        text(UnsafeRawBufferPointer(start: argument, count: length(argument)))
      }
    }
  }

  static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: isCarrier)
    {
      return text
    }
    var text = String.UnicodeScalarView()
    for byte in bytes {
      let value = byte < 0x80 ? UInt32(byte) : base + UInt32(byte)
      if let scalar = Unicode.Scalar(value) { text.append(scalar) }
    }
    return String(text)
  }

  /// The bytes that ``text(_:)`` was given.
  static func bytes(_ text: String) -> [UInt8] {
    guard text.unicodeScalars.contains(where: isCarrier) else { return Array(text.utf8) }
    return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  }

  private static func isCarrier(_ scalar: Unicode.Scalar) -> Bool {
    (base + 0x80...base + 0xFF).contains(scalar.value)
  }

  private static func length(_ text: UnsafePointer<CChar>) -> Int {
    var count = 0
    while text[count] != 0 { count += 1 }
    return count
  }
}

/// An argument that is bytes: a path, or a task's name.
struct ByteArgument: ExpressibleByArgument, Hashable {
  var bytes: [UInt8]

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  init?(argument: String) {
    bytes = RawArguments.bytes(argument)
  }

  var defaultValueDescription: String { String(decoding: bytes, as: UTF8.self) }
}
