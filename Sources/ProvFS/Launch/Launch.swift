// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// How the daemon begins: it tells whoever has started it whether it serves.
struct Launch {
  /// Where the process that was started waits to be told; -1 where it is this one.
  private let report: CInt

  static let inForeground = Launch(report: -1)

  /// Goes on in another process, which no terminal ends. Returns there only: the process that was started
  /// waits for what becomes of it, exits if it serves, and throws if it does not.
  ///
  /// Before any thread is started: threads do not survive a fork.
  static func inBackground() throws(Trouble) -> Launch {
    let (here, there): (CInt, CInt)
    let child: pid_t
    do throws(Errno) {
      (here, there) = try connection()
      child = try valueOrErrno(prov_fork())
    } catch {
      throw Trouble("cannot go to the background: \(error.description)")
    }
    guard child == 0 else {
      close(there)
      throw Trouble(reasonToFail(here))
    }
    close(here)
    setsid()
    chdir("/")
    leaveStandardStreams()
    return Launch(report: there)
  }

  /// The view serves.
  func succeeded() {
    guard report >= 0 else { return }
    var outcome = Self.success
    write(report, &outcome, 1)
    close(report)
  }

  /// It does not: whoever waits is told why. In the foreground the log has told it already.
  func failed(_ reason: String) -> Never {
    if report >= 0 { _ = reason.withCString { write(report, $0, strlen($0)) } }
    exit(2)
  }

  private static let success = UInt8(0)

  /// Exits where it has not failed.
  private static func reasonToFail(_ report: CInt) -> String {
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(report, &part, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      if part[0] == success { exit(0) }
      text += part[..<count]
    }
    guard text.isEmpty else { return String(decoding: text, as: UTF8.self) }
    return "the daemon has ended before it served; the system log may tell why"
  }

  private static func connection() throws(Errno) -> (CInt, CInt) {
    let ends = UnsafeMutablePointer<CInt>.allocate(capacity: 2)
    defer { ends.deallocate() }
    _ = try valueOrErrno(prov_message_pair(ends))
    return (ends[0], ends[1])
  }

  private static func leaveStandardStreams() {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard null >= 0 else { return }
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(null, stream) }
    if null > STDERR_FILENO { close(null) }
  }
}
