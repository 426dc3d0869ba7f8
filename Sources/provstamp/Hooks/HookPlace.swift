// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// Where a repository's hooks are, as git itself says: core.hooksPath counts, and the work trees of one
/// repository share them.
struct HookPlace {
  let git: Git
  /// The directory of the hooks.
  let directory: [UInt8]
  /// Where core.hooksPath is set, if it is: `local`, `worktree`, `global`, `system`, `command`.
  let scope: String?

  /// - Parameter repository: a directory in it; empty is the current one.
  init(of repository: [UInt8]) throws(GitFailure) {
    git = try Git(askedIn: repository)
    let named = try git.value(["rev-parse", "--git-path", "hooks"]) ?? []
    let isAbsolute = named.first == UInt8(ascii: "/") || repository.isEmpty
    directory = isAbsolute ? named : repository + [UInt8(ascii: "/")] + named
    let setting = try git.value(["config", "--show-scope", "-z", "--get", "core.hooksPath"])
    scope = setting.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Whether other repositories have the same hooks.
  var isShared: Bool { scope.map { $0 != "local" && $0 != "worktree" } ?? false }

  func path(of hook: Hook) -> [UInt8] {
    directory + [UInt8(ascii: "/")] + Array(hook.rawValue.utf8)
  }
}

/// One hook of a repository, as it is on disk.
struct InstalledHook {
  enum State {
    case absent
    case provstamp(HookScript)
    /// provstamp wrote it, and somebody changed it.
    case edited
    case other
  }

  let hook: Hook
  let path: [UInt8]
  let state: State
  /// Whether there is one that was there before, which provstamp's runs first.
  let hasBefore: Bool

  /// - Throws: the error of lstat(2), open(2) or read(2).
  init(_ hook: Hook, in place: HookPlace) throws(Errno) {
    self.hook = hook
    path = place.path(of: hook)
    hasBefore = try Self.exists(path + Array(HookScript.beforeSuffix.utf8))
    guard try Self.exists(path) else {
      state = .absent
      return
    }
    // A link that leads nowhere is somebody's too.
    let bytes = (try? WholeFile.read(path, atMost: 1 << 16)) ?? []
    if let script = HookScript(hook, reading: bytes) {
      state = .provstamp(script)
    } else {
      state = HookScript.isMarked(bytes) ? .edited : .other
    }
  }

  var pathBefore: [UInt8] { path + Array(HookScript.beforeSuffix.utf8) }

  private static func exists(_ path: [UInt8]) throws(Errno) -> Bool {
    var status = stat()
    let error = withCPath(path) { lstat($0, &status) == 0 ? 0 : errno }
    if error == ENOENT || error == ENOTDIR { return false }
    if error != 0 { throw Errno(rawValue: error) }
    return true
  }
}

/// A small file, read and written whole.
enum WholeFile {
  /// - Throws: the error of open(2) or read(2).
  static func read(_ path: [UInt8], atMost most: Int) throws(Errno) -> [UInt8] {
    let opened = withCPath(path) { prov_openat(AT_FDCWD, $0, O_RDONLY | O_NONBLOCK, 0) }
    guard opened >= 0 else { throw Errno(rawValue: -opened) }
    defer { close(opened) }
    var error = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      let got = prov_read_at_start(opened, buffer.baseAddress, buffer.count)
      error = min(0, got)
      count = max(0, got)
    }
    if error < 0 { throw Errno(rawValue: CInt(-error)) }
    return bytes
  }

  /// Puts an executable file in place, whole or not at all.
  ///
  /// - Throws: the error of open(2), write(2) or rename(2).
  static func replace(_ path: [UInt8], with bytes: [UInt8]) throws(Errno) {
    let draft = path + Array(".provstamp-\(getpid())".utf8)
    let opened = withCPath(draft) {
      prov_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o777)
    }
    guard opened >= 0 else { throw Errno(rawValue: -opened) }
    var error = writeAll(bytes, to: opened)
    if close(opened) != 0 && error == 0 { error = errno }
    if error == 0 { error = rename(draft, to: path) }
    if error != 0 {
      _ = withCPath(draft) { unlink($0) }
      throw Errno(rawValue: error)
    }
  }

  /// - Returns: 0 or the errno.
  static func rename(_ from: [UInt8], to path: [UInt8]) -> CInt {
    withCPath(from) { from in withCPath(path) { Glibc.rename(from, $0) == 0 ? 0 : errno } }
  }
}

/// Calls `body` with a path as system calls take it.
func withCPath<Value>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Value) -> Value {
  (path.prefix { $0 != 0 } + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
    // Never empty: it ends with a NUL.
    body(buffer.baseAddress.unsafelyUnwrapped)
  }
}
