// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

struct McpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp",
    abstract: "Answer an agent's questions, as a server of the Model Context Protocol.",
    discussion: """
      Reads messages on standard input and answers on standard output, one a line, until the input \
      ends. Its tools are who, find, verify, status and report, with the same answers as the \
      commands: JSON, one object a line. It changes nothing, and an agent that may start it may as \
      well ask by itself. self is the session that the server was started in.

      EXAMPLES
        provstamp mcp < /dev/null

      EXIT STATUS
        0 when the input has ended, 2 on trouble.
      """)

  /// Longest message in bytes.
  private static let longest = 1 << 20

  func run() throws {
    let sink = Sink()
    let server = ContextServer()
    var lines = LineReader(atMost: Self.longest)
    while let line = try lines.next() {
      var buffer = ByteBuffer()
      // What is too long is no message.
      buffer.append(server.answer(line ?? [UInt8(ascii: "?")]))
      sink.flush(&buffer)
    }
  }
}

/// Standard input line by line.
private struct LineReader {
  private let most: Int
  private var pending: [UInt8] = []
  private var isTooLong = false
  private var hasEnded = false

  init(atMost most: Int) {
    self.most = most
  }

  /// - Returns: nil at the end; a line that is nil where it was too long. Empty lines are passed over.
  mutating func next() throws -> [UInt8]?? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        let isWhole = !isTooLong
        isTooLong = false
        if !isWhole || line.count > most { return .some(nil) }
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x0d || $0 == 0x09 }) { continue }
        return line
      }
      if pending.count > most {
        isTooLong = true
        pending.removeAll()
      }
      if hasEnded { return .none }
      try fill()
    }
  }

  private mutating func fill() throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(STDIN_FILENO, &buffer, buffer.count)
    guard count >= 0 else {
      if errno == EINTR { return }
      throw ExitCode.trouble
    }
    if count == 0 { hasEnded = true }
    pending += buffer[..<count]
  }
}
