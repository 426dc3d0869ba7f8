// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Whether the programs have been attached ever since they first were. Without them nobody notes whom a
/// member of a session forks: who is in which session is then not known until the machine starts anew.
enum Attachment {
  private static let marker = "\(RuntimeDirectory.path)/attached"

  /// - Throws: where the programs were attached, and somebody has removed them.
  static func check() throws(Trouble) {
    guard access(marker, F_OK) == 0, access(Programs.pins, F_OK) != 0 else { return }
    throw Trouble(
      """
      \(Programs.pins) is gone: somebody has removed the programs while the machine ran. Who is in which \
      session is no longer known. Start the machine anew.
      """)
  }

  static func note() throws(Trouble) {
    let file = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw Trouble("\(marker): \(Errno(rawValue: errno))") }
    close(file)
  }
}
