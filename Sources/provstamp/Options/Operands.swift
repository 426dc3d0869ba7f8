// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import SystemPackage

/// The files that a command is about.
struct Operands: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Files and directories. A symbolic link stands for itself, not for what it points to.",
      valueName: "path"),
    completion: .file())
  var paths: [ByteArgument] = []

  @Option(
    name: .customLong("files-from"),
    help: ArgumentHelp(
      "Take further paths from FILE, one a line, or each ended by NUL with -0; - is standard input.",
      valueName: "file"),
    completion: .file())
  var listFile: ByteArgument?

  func validate() throws {
    if paths.isEmpty && listFile == nil {
      throw ValidationError("No file named; way out: name some, or give --files-from FILE")
    }
  }

  /// The paths from the command line, then those from the file.
  ///
  /// - Parameter isNullTerminated: whether names in the file end with NUL instead of a newline.
  /// - Throws: `ExitCode.trouble` after saying why the file cannot be read.
  func resolve(isNullTerminated: Bool, diagnostics: Diagnostics) throws -> [[UInt8]] {
    var operands = paths.map(\.bytes)
    if let listFile {
      do throws(Errno) {
        let separator = isNullTerminated ? 0 : UInt8(ascii: "\n")
        operands += try Self.contents(of: listFile.bytes).split(separator: separator).map(
          Array.init)
      } catch {
        diagnostics.report(listFile.bytes, error, doing: "cannot read the list of files")
        throw ExitCode.trouble
      }
    }
    return operands
  }

  private static func contents(of path: [UInt8]) throws(Errno) -> [UInt8] {
    var descriptor = STDIN_FILENO
    if path != Array("-".utf8) {
      descriptor = (path + [0]).withUnsafeBytes { bytes in
        bytes.assumingMemoryBound(to: CChar.self).baseAddress.map { open($0, O_RDONLY | O_CLOEXEC) }
          ?? -1
      }
      guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var contents: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { return contents }
      guard count > 0 else {
        let error = Errno(rawValue: errno)
        if error == .interrupted { continue }
        throw error
      }
      contents += buffer[..<count]
    }
  }
}
