// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// What keeps the daemon from starting, before it touches anything.
enum Obstacle {
  private static let offSwitch = "/etc/provstampd.off"
  private static let offParameter: Substring = "provstampd=off"

  /// - Returns: why, and what to do; nil where nothing does.
  static func found() -> String? {
    if geteuid() != 0 { return "only root can load BPF programs. Run it as root." }
    if access(offSwitch, F_OK) == 0 { return "\(offSwitch) exists. Remove it to start." }
    if kernelParameters().contains(offParameter) {
      return "the kernel was booted with \(offParameter). Boot without it to start."
    }
    if Trust.lsmIsActive() {
      return "the provfs security module runs on this kernel and stamps already."
    }
    return nil
  }

  private static func kernelParameters() -> [Substring] {
    guard let text = try? SmallFile.text("/proc/cmdline") else { return [] }
    return text.split(whereSeparator: \.isWhitespace)
  }
}
