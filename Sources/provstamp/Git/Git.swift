// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// git(1), asked about the repository that a directory is in.
///
/// Git runs programs that a repository's configuration names (core.fsmonitor, filters). So root does not
/// run it in somebody else's tree: git runs as the directory's owner there.
struct Git {
  /// Where git looks for the repository, as `git -C` takes it; empty is the current directory.
  let directory: [UInt8]
  private let identity: Program.Identity?

  /// Whether git runs as who this process runs as.
  var runsAsThisUser: Bool { identity == nil }

  /// - Throws: the error of stat(2) for the directory.
  init(in directory: [UInt8]) throws(Errno) {
    self.directory = directory
    identity = geteuid() == 0 ? try Self.owner(of: directory.isEmpty ? [0x2e] : directory) : nil
    // What git says is read, and passed on, in one language.
    setenv("LC_ALL", "C", 1)
    if let identity { Self.moveHome(to: identity.user) }
  }

  /// Starts `git WORDS PATHS`.
  ///
  /// - Throws: the error of execve(2), as a failure that names git.
  func start(
    _ words: [String], paths: [[UInt8]] = [], input: [UInt8] = []
  ) throws(GitFailure) -> GitRun {
    var arguments: [[UInt8]] = [Array("git".utf8)]
    if !directory.isEmpty { arguments += [Array("-C".utf8), directory] }
    arguments += words.map { Array($0.utf8) } + paths
    do throws(Errno) {
      return GitRun(try Program(arguments, input: input, as: identity), words, in: directory)
    } catch {
      throw GitFailure(notStarted: error, in: directory)
    }
  }

  /// What `git WORDS PATHS` prints.
  ///
  /// - Throws: that it cannot be started, or fails.
  func output(
    _ words: [String], paths: [[UInt8]] = [], input: [UInt8] = []
  ) throws(GitFailure) -> [UInt8] {
    let run = try start(words, paths: paths, input: input)
    let output = try run.readToEnd()
    try run.finish()
    return output
  }

  /// The same without the newline at its end; nil where git exits with 1, which is how it says that
  /// there is no such thing.
  func value(_ words: [String]) throws(GitFailure) -> [UInt8]? {
    let run = try start(words)
    let output = try run.readToEnd()
    guard try run.finish(accepting: [0, 1]) == 0 else { return nil }
    return output.last == 0x0a ? output.dropLast() : output
  }

  /// - Returns: nil where that is root.
  private static func owner(of directory: [UInt8]) throws(Errno) -> Program.Identity? {
    var status = stat()
    let result = (directory + [0]).withUnsafeBytes { bytes -> CInt in
      guard let path = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return EINVAL }
      return stat(path, &status) == 0 ? 0 : errno
    }
    guard result == 0 else { throw Errno(rawValue: result) }
    guard status.st_uid != 0 else { return nil }
    guard let account = getpwuid(status.st_uid)?.pointee else {
      return Program.Identity(user: status.st_uid, group: status.st_gid, groups: [])
    }
    var groups = [gid_t](repeating: 0, count: 1024)
    var count = CInt(groups.count)
    guard getgrouplist(account.pw_name, account.pw_gid, &groups, &count) >= 0 else {
      return Program.Identity(user: status.st_uid, group: account.pw_gid, groups: [])
    }
    return Program.Identity(
      user: status.st_uid, group: account.pw_gid, groups: Array(groups.prefix(Int(count))))
  }

  /// Root's own settings are not for another user's eyes.
  private static func moveHome(to user: uid_t) {
    for name in ["HOME", "XDG_CONFIG_HOME", "SUDO_UID"] { unsetenv(name) }
    if let home = getpwuid(user)?.pointee.pw_dir { setenv("HOME", home, 1) }
  }
}

/// One run of git.
final class GitRun {
  private let program: Program
  private let words: [String]
  private let directory: [UInt8]

  init(_ program: Program, _ words: [String], in directory: [UInt8]) {
    self.program = program
    self.words = words
    self.directory = directory
  }

  /// The next bytes of its output; none at the end.
  func read() throws(GitFailure) -> [UInt8] {
    try reading { () throws(Errno) in try program.read() }
  }

  func readToEnd() throws(GitFailure) -> [UInt8] {
    try reading { () throws(Errno) in try program.readToEnd() }
  }

  /// Waits for its end.
  ///
  /// - Returns: its exit status.
  /// - Throws: where that is none of `accepted`.
  @discardableResult
  func finish(accepting accepted: Set<CInt> = [0]) throws(GitFailure) -> CInt {
    let (status, complaint) = program.finish()
    guard accepted.contains(status) else {
      throw GitFailure(words, status: status, complaint, in: directory)
    }
    return status
  }

  /// What it had to say although it succeeded, line by line.
  var warnings: [ArraySlice<UInt8>] {
    program.finish().complaint.split(separator: 0x0a)
  }

  private func reading(_ body: () throws(Errno) -> [UInt8]) throws(GitFailure) -> [UInt8] {
    do throws(Errno) {
      return try body()
    } catch {
      throw GitFailure(notStarted: error, in: directory)
    }
  }
}
