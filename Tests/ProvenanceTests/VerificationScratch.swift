// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// A directory of a test's own on a filesystem with extended attributes, removed with its contents.
final class Scratch {
  let path: String

  init() throws {
    var template = Array("/var/tmp/provenance-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Errno(rawValue: errno) }
    path = String(cString: made)
  }

  deinit {
    _ = try? runProgram("rm", "-rf", path)
  }

  /// Makes a file and calls `body` with it.
  func file<Result>(
    _ name: String, content: String = "x", _ body: (FileReference, String) throws -> Result
  ) throws -> Result {
    let path = "\(path)/\(name)"
    try write(content, to: path, O_CREAT | O_TRUNC)
    return try path.withCString { try body(FileReference(directory: AT_FDCWD, name: $0), path) }
  }

  func write(_ content: String, to path: String, _ flags: CInt) throws {
    let descriptor = open(path, O_WRONLY | flags, 0o644)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, content, content.utf8.count) == content.utf8.count else {
      throw Errno(rawValue: errno)
    }
  }
}

extension Stamp {
  /// A stamp of `file` as provfs would set it now.
  static func test(
    of file: FileReference, session: SessionID = SessionID("3f2a99c10102030405060708090a0b0c")!,
    flags: Flags = [], pid: UInt32 = 4242
  ) throws -> Stamp {
    Stamp(
      stamper: .provfs, flags: flags,
      writer: Writer(session: session, pid: pid, uid: 0, comm: TaskName("sed")),
      time: Clock.realTime, inode: try FileStatus(file).inode)
  }

  @discardableResult
  func set(on file: FileReference, _ attribute: StampAttribute = .user) -> Bool {
    let earlier = (try? StampStore.read(file, attribute))?.stamp
    return StampStore.replace(earlier, of: file, attribute, with: self) == .stamped
  }
}

/// Throws errno where `result`, of a call into the C library, tells of an error.
func must(_ result: CInt) throws {
  guard result >= 0 else { throw Errno(rawValue: errno) }
}

/// Starts a program.
///
/// - Returns: its process id, which is to be waited for.
func startProgram(_ arguments: [String]) throws -> pid_t {
  var pointers = arguments.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  var child = pid_t()
  let error = posix_spawnp(&child, arguments[0], nil, nil, &pointers, environ)
  guard error == 0 else { throw Errno(rawValue: error) }
  return child
}

/// Runs a program to its end.
///
/// - Returns: the process id that it had. Throws where it fails.
@discardableResult
func runProgram(_ arguments: String...) throws -> pid_t {
  let child = try startProgram(arguments)
  var status: CInt = 0
  guard waitpid(child, &status, 0) == child, status == 0 else { throw Errno.canceled }
  return child
}

/// Sets an attribute's raw bytes.
func setAttribute(_ file: FileReference, _ name: String, _ bytes: [UInt8]) -> CInt {
  bytes.withUnsafeBytes {
    prov_setxattrat(file.directory, file.name, name, $0.baseAddress, $0.count, 0)
  }
}
