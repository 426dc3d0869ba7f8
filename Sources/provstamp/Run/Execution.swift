// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Becomes the command of a session.
enum Execution {
  /// Replaces this process by the command, or ends it with the status that says why not.
  ///
  /// - Parameter before: what held for signals when they were taken from this process, if they were.
  static func become(
    _ command: [[UInt8]], in session: SessionID,
    restoring before: UnsafePointer<prov_signal_settings>?
  ) -> Never {
    setenv("AGENT_SESSION_ID", session.description, 1)
    let error = execute(command, before)
    let name = Escaping.text(command[0])
    guard error == .noSuchFileOrDirectory else {
      fail("\(name): cannot be executed: \(error); way out: `ls -l` shows whether it is a program")
      _exit(ExitCode.cannotExecute.rawValue)
    }
    fail(
      "\(name): no such command, or no interpreter of that name in its first line; way out: check "
        + "the spelling, or give its path")
    _exit(ExitCode.notFound.rawValue)
  }

  private static func execute(
    _ arguments: [[UInt8]], _ before: UnsafePointer<prov_signal_settings>?
  ) -> Errno {
    // Not freed: the process is about to be replaced, or to end.
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { argument in
      (argument + [0]).withUnsafeBytes { bytes in
        bytes.assumingMemoryBound(to: CChar.self).baseAddress.flatMap { strdup($0) }
      }
    }
    pointers.append(nil)
    return Errno(rawValue: -prov_execute(pointers, before))
  }
}
