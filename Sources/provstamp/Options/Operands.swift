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
      "Take further paths from FILE, one a line; - is standard input.", valueName: "file"),
    completion: .file())
  var listFile: ByteArgument?

  @Flag(
    name: [.customShort("0"), .customLong("null")],
    help: "Names end with NUL: in --files-from, and raw in what is printed.")
  var null = false

  /// Refuses a command line that names nothing, of a command that has no path to fall back on.
  func requireSome() throws {
    if paths.isEmpty && listFile == nil {
      throw ValidationError("No file named; way out: name some, or give --files-from FILE")
    }
  }

  /// The paths from the command line, then those from the file; the current directory where neither
  /// was given.
  ///
  /// - Throws: `ExitCode.trouble` after saying why the file cannot be read.
  func resolve(_ diagnostics: Diagnostics) throws -> [[UInt8]] {
    guard let listFile else {
      return paths.isEmpty ? [Array(".".utf8)] : paths.map(\.bytes)
    }
    do throws(Errno) {
      let separator = null ? 0 : UInt8(ascii: "\n")
      let listed = try Self.contents(of: listFile.bytes).split(separator: separator)
      return paths.map(\.bytes) + listed.map(Array.init)
    } catch {
      diagnostics.report(listFile.bytes, error, doing: "cannot read the list of files")
      throw ExitCode.trouble
    }
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
