// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What is in a file of which the stamp holds, from before it was read until after.
struct FileContent {
  /// In hexadecimal digits.
  let sha256: String
  let lines: UInt64

  /// - Returns: nil where it is not any more what was reported on: another file, another stamp, or changed.
  /// - Throws: the error of open(2) or read(2).
  static func read(_ file: ReportedFile) throws(Errno) -> FileContent? {
    let opened = withCPath(file.path) {
      prov_openat(AT_FDCWD, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0)
    }
    let descriptor = try valueOrErrno(opened)
    defer { close(descriptor) }
    var content = prov_content()
    _ = try valueOrErrno(prov_read_content(descriptor, &content))
    let judgement = try Verifier().judge(FileReference(descriptor: descriptor))
    guard judgement.verdict.state == .ok, judgement.status.isRegular,
      judgement.reading.holding == file.holding,
      judgement.status.ctime == file.record.judgement.status.ctime
    else { return nil }
    let digest = withUnsafeBytes(of: content.sha256) { bytes in
      bytes.map(TwoDigits.hexadecimal).joined()
    }
    return FileContent(sha256: digest, lines: content.lines)
  }
}
