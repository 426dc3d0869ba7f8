// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// A program that runs for this one and whose output is read. This process must have one thread when
/// it starts one.
final class Program {
  /// Who a program runs as.
  struct Identity: Equatable {
    var user: uid_t
    var group: gid_t
    var groups: [gid_t]
  }

  private let process: pid_t
  private let output: CInt
  private let errors: CInt
  private var status: CInt?

  /// Starts a program that reads `input` on its standard input. The input is a file in memory: however
  /// much it is, nobody waits for anybody to read it.
  ///
  /// - Parameters:
  ///   - arguments: the program's name, which is looked up in PATH, and its arguments.
  ///   - identity: who it runs as; nil is who this process runs as.
  /// - Throws: the error of execve(2), or of what had to be done before.
  init(
    _ arguments: [[UInt8]], input: [UInt8] = [], as identity: Identity? = nil
  ) throws(Errno) {
    let source = try Self.file(holding: input)
    defer { close(source) }
    let errors = try Self.file(holding: [])
    var ends: (CInt, CInt) = (-1, -1)
    let piped = withUnsafeMutableBytes(of: &ends) {
      prov_pipe($0.bindMemory(to: CInt.self).baseAddress)
    }
    guard piped == 0 else {
      close(errors)
      throw Errno(rawValue: -piped)
    }
    defer { close(ends.1) }
    let started = Self.start(
      arguments, source, ends.1, errors, identity ?? Identity(user: 0, group: 0, groups: []),
      changesUser: identity != nil)
    guard started > 0 else {
      close(ends.0)
      close(errors)
      throw Errno(rawValue: -started)
    }
    process = started
    output = ends.0
    self.errors = errors
  }

  /// One that was not read to its end is ended by what it writes next, and waited for.
  deinit {
    close(output)
    close(errors)
    if status == nil { prov_program_status(process) }
  }

  /// The next bytes of its output, at most `most`; none at the end.
  ///
  /// - Throws: the error of read(2).
  func read(atMost most: Int = 1 << 16) throws(Errno) -> [UInt8] {
    var error: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      repeat {
        let got = Glibc.read(output, buffer.baseAddress, buffer.count)
        error = got < 0 ? errno : 0
        count = max(0, got)
      } while error == EINTR
    }
    if error != 0 { throw Errno(rawValue: error) }
    return bytes
  }

  /// All the output that is left.
  ///
  /// - Throws: the error of read(2).
  func readToEnd() throws(Errno) -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try read(atMost: 1 << 18)
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// Waits for its end.
  ///
  /// - Returns: the exit status, or 128 and the signal that killed it; and what it said on standard
  ///   error, up to 64 KiB.
  func finish() -> (status: CInt, complaint: [UInt8]) {
    let ended = status ?? prov_program_status(process)
    status = ended
    let complaint = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(0, prov_read_at_start(errors, buffer.baseAddress, buffer.count))
    }
    return (ended, complaint)
  }

  private static func file(holding bytes: [UInt8]) throws(Errno) -> CInt {
    let file = prov_memory_file()
    guard file >= 0 else { throw Errno(rawValue: -file) }
    let error = writeAll(bytes, to: file)
    guard error == 0, lseek(file, 0, SEEK_SET) == 0 else {
      close(file)
      throw Errno(rawValue: error == 0 ? EIO : error)
    }
    return file
  }

  /// - Returns: the process, or -errno.
  private static func start(
    _ arguments: [[UInt8]], _ input: CInt, _ output: CInt, _ errors: CInt, _ identity: Identity,
    changesUser: Bool
  ) -> pid_t {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { argument in
      (argument + [0]).withUnsafeBytes { bytes in
        bytes.assumingMemoryBound(to: CChar.self).baseAddress.flatMap { strdup($0) }
      }
    }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { words in
      identity.groups.withUnsafeBufferPointer { groups in
        guard let first = words.baseAddress else { return -EINVAL }
        var program = prov_program(
          arguments: first, input: input, output: output, errors: errors,
          changes_user: changesUser ? 1 : 0, user: identity.user, group: identity.group,
          groups: groups.baseAddress, group_count: groups.count)
        return prov_start_program(&program)
      }
    }
  }
}
