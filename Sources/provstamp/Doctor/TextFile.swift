// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A small file of the kernel's or the system's.
enum TextFile {
  /// The first 1 MiB of a file as text, without white space at the end.
  ///
  /// - Throws: the error of open(2) or read(2).
  static func read(_ path: String) throws(Errno) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var count = 0
    while count < buffer.count {
      let got = buffer.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      if got == 0 { break }
      guard got > 0 else {
        let error = Errno(rawValue: errno)
        if error == .interrupted { continue }
        throw error
      }
      count += got
    }
    let text = buffer[..<count]
    let end = text.lastIndex { $0 != 10 && $0 != 32 }.map { $0 + 1 } ?? 0
    return String(decoding: text[..<end], as: UTF8.self)
  }
}
