// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A child process that runs Python, for tests that need real processes of certain kinds. It prints
/// words, which the test reads, and ends when the test closes it.
final class SessionPeer {
  struct Failed: Error {
    let what: String
  }

  let pid: pid_t
  private let input: CInt
  private let output: CInt
  private var isClosed = false
  private var isReaped = false

  init(_ source: String, _ arguments: [String] = []) throws {
    var toChild: [CInt] = [-1, -1]
    var fromChild: [CInt] = [-1, -1]
    guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Failed(what: "pipe") }
    for end in [toChild[1], fromChild[0]] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    posix_spawn_file_actions_addclose(&actions, toChild[0])
    posix_spawn_file_actions_addclose(&actions, fromChild[1])
    let words = ["/usr/bin/env", "python3", "-S", "-E", "-c", source] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var child: pid_t = 0
    let error = posix_spawn(&child, words[0], &actions, nil, &argv, environ)
    for word in argv { free(word) }
    posix_spawn_file_actions_destroy(&actions)
    close(toChild[0])
    close(fromChild[1])
    guard error == 0 else { throw Failed(what: "posix_spawn: \(error)") }
    pid = child
    input = toChild[1]
    output = fromChild[0]
  }

  deinit {
    end()
    close(output)
  }

  /// The next line that the child prints.
  func line() throws -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1 {
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    throw Failed(what: "the child ended after \(String(decoding: bytes, as: UTF8.self))")
  }

  func words() throws -> [String] {
    try line().split(separator: " ").map(String.init)
  }

  func numbers() throws -> [pid_t] {
    try words().compactMap { pid_t($0) }
  }

  /// Lets the child go on to its next step.
  func proceed() {
    _ = write(input, "\n", 1)
  }

  /// Ends the child by closing its input, which its own children share, and reaps it.
  func end() {
    if !isClosed { close(input) }
    isClosed = true
    reap()
  }

  /// Ends the child alone, and reaps it; its own children live on.
  func killOnly(_ signal: CInt) {
    kill(pid, signal)
    reap()
  }

  private func reap() {
    guard !isReaped else { return }
    isReaped = true
    var status: CInt = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }
}
