// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import SystemPackage

/// Whether requests are to come over io_uring, and why not.
enum RingPolicy {
  /// Of the kernel's module, for the whole machine; as Linux ships it it is off.
  private static let parameter = "/sys/module/fuse/parameters/enable_uring"

  /// Sees to it that the kernel offers rings to a mount that is made after this, where it is to: that it
  /// is allowed is the administrator's decision, which `on` is and `auto` is not.
  ///
  /// - Returns: nil, or why there will be none.
  static func prepare(_ options: Options) throws(Trouble) -> String? {
    guard options.ring != .off else { return "as ring=off asks" }
    let refusal = obstacle(options)
    if let refusal, options.ring == .on { throw Trouble("ring=on: \(refusal)") }
    return refusal
  }

  private static func obstacle(_ options: Options) -> String? {
    guard options.maximumThreads > 1 else {
      return "each processor has threads of its own, and one request at a time is asked for"
    }
    guard let isAllowed else {
      return "the kernel has none; they came with Linux 6.14 (CONFIG_FUSE_IO_URING)"
    }
    if isAllowed || options.ring == .on && allow() { return nil }
    return
      "the kernel does not offer rings; root can have it: echo Y > \(parameter), or mount with ring=on"
  }

  /// Nil where the kernel knows nothing of it.
  private static var isAllowed: Bool? {
    (try? SmallFile.text(parameter)).map { $0 == "Y" }
  }

  private static func allow() -> Bool {
    let file = open(parameter, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var value = UInt8(ascii: "Y")
    return write(file, &value, 1) == 1
  }
}
