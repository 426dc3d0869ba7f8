// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Synchronization

/// Standard output, shared by the threads of a scan. Each hands over whole records.
final class Sink: Sendable {
  private let lock = Mutex(())
  let isTerminal = isatty(STDOUT_FILENO) != 0

  init() {
    // A reader that has seen enough ends the program quietly, even if SIGPIPE was inherited as ignored.
    signal(SIGPIPE, SIG_DFL)
  }

  /// Prints what is in `buffer` and empties it. Where standard output fails there is nobody to tell
  /// the rest to: the process ends with status 2.
  func flush(_ buffer: inout ByteBuffer) {
    guard !buffer.isEmpty else { return }
    let bytes = buffer.bytes
    let error = lock.withLock { _ in writeAll(bytes, to: STDOUT_FILENO) }
    buffer.removeAll()
    guard error != 0 else { return }
    let cause = String(cString: strerror(error))
    writeAll(
      Array("provstamp: standard output: \(cause); make room there, or print elsewhere\n".utf8),
      to: STDERR_FILENO)
    exit(ExitCode.trouble.rawValue)
  }
}
