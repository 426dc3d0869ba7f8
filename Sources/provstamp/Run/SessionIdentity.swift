// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What a session is to be called, and who is told its id.
struct SessionIdentity {
  let name: SessionName?
  /// The id that the caller gave it; ``SessionID/none`` where he gave none.
  let alias: SessionID
  private let idFile: [UInt8]?
  private let printsID: Bool
  let isQuiet: Bool
  private let isVerbose: Bool

  /// - Throws: `ExitCode.ownFailure` after saying what is wrong.
  init(_ options: RunCommand) throws {
    do throws(SessionName.Fault) {
      name = try options.name.map { text throws(SessionName.Fault) in try SessionName(text) }
    } catch {
      fail("--name: the text \(error); way out: --name parser-fix")
      throw ExitCode.ownFailure
    }
    alias = try options.id.map(Self.alias) ?? .none
    idFile = options.idFile?.bytes
    printsID = options.printID
    isQuiet = options.quiet
    isVerbose = options.verbose
  }

  private static func alias(_ text: String) throws -> SessionID {
    guard let id = SessionID(text), !id.isNone else {
      fail(
        "--id \(Escaping.text(RawArguments.bytes(text))): no id; way out: 32 hexadecimal digits, of which the "
          + "first eight are not all zero, or the same as a UUID; for another label, --name")
      throw ExitCode.ownFailure
    }
    return id
  }

  /// Tells the session's id to whoever is to know it.
  ///
  /// - Parameter kind: what to add where it is to be told which kind of session it is.
  /// - Returns: whether that succeeded; else why not has been said.
  func announce(_ id: SessionID, _ kind: String) -> Bool {
    let line = Array("\(id)\n".utf8)
    if let idFile {
      do throws(Errno) {
        try Self.write(line, to: idFile)
      } catch {
        fail(
          "\(Escaping.text(idFile)): the session's id cannot be written there: \(error); way out: "
            + "--id-file in a directory that you may write to")
        return false
      }
    }
    if printsID {
      let error = writeAll(line, to: STDOUT_FILENO)
      guard error == 0 else {
        fail("standard output: \(Errno(rawValue: error)); way out: --id-file FILE")
        return false
      }
    }
    if !isQuiet || isVerbose {
      let name = name.map { " \"\($0)\"" } ?? ""
      tell("session \(id)\(name)\(isVerbose ? kind : "")")
    }
    return true
  }

  private static func write(_ line: [UInt8], to path: [UInt8]) throws(Errno) {
    let descriptor = withCPath(path) {
      prov_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    }
    let file = try valueOrErrno(descriptor)
    let error = writeAll(line, to: file)
    // What a network filesystem could not keep shows here.
    guard close(file) == 0 else { throw Errno(rawValue: errno) }
    guard error == 0 else { throw Errno(rawValue: error) }
  }
}
