// SPDX-License-Identifier: Apache-2.0
import Glibc

extension Options.Path {
  init(bytes text: UnsafePointer<CChar>) {
    self.init(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }

  /// For messages: what is not UTF-8 is replaced.
  var shown: String { String(decoding: self, as: UTF8.self) }

  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (self + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
  }
}
