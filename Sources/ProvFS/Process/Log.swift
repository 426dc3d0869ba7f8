// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc
import Logging

/// Where the daemon's messages go.
enum Log {
  static let name = "provfs"

  /// Messages go to standard error, as of a program that a person watches.
  static func toStandardError(_ level: Logger.Level) {
    LoggingSystem.bootstrap { _ in LineHandler(logLevel: level, sink: .standardError) }
  }

  /// Messages go to syslog(3), libfuse's own too.
  static func toSyslog() {
    openlog(ident, LOG_PID, LOG_DAEMON)
    fuse_set_log_func { level, format, arguments in
      guard let format, let arguments else { return }
      vsyslog(CInt(level.rawValue), format, arguments)
    }
    LoggingSystem.bootstrap { _ in LineHandler(logLevel: .notice, sink: .syslog) }
  }

  /// openlog(3) keeps the pointer.
  nonisolated(unsafe) private static let ident = UnsafePointer(strdup(name)!)
}

private struct LineHandler: LogHandler {
  enum Sink {
    case standardError
    case syslog
  }

  var logLevel: Logger.Level
  let sink: Sink
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    switch sink {
    case .standardError:
      // One write, so that lines of several threads do not mix.
      let line = "\(Log.name): \(event.level): \(event.message)\n"
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    case .syslog:
      event.message.description.withCString { text in
        withVaList([text]) { vsyslog(priority(event.level), "%s", $0) }
      }
    }
  }

  private func priority(_ level: Logger.Level) -> CInt {
    switch level {
    case .trace, .debug: LOG_DEBUG
    case .info: LOG_INFO
    case .notice: LOG_NOTICE
    case .warning: LOG_WARNING
    case .error: LOG_ERR
    case .critical: LOG_CRIT
    }
  }
}
