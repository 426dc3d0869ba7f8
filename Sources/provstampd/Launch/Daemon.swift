// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The program: from the command line to SIGTERM.
enum Daemon {
  static let name = "provstampd"

  /// - Returns: the exit status.
  static func main(_ arguments: [String]) -> CInt {
    do throws(Trouble) {
      switch try Request(arguments) {
      case .help: print(Usage.text)
      case .version: print("\(name) \(Release.version)")
      case .run: try run()
      }
      return 0
    } catch {
      complain("\(error)")
      return 2
    }
  }

  private static func run() throws(Trouble) {
    if let reason = Obstacle.found() { throw Trouble(reason) }
    let lock = try RuntimeDirectory.claim()
    let signals = try takeSignals()
    let programs = try Programs()
    try dropPrivileges()
    let server = try Server(programs)
    let service = Service(programs: programs, server: server, signals: signals)
    _ = prov_notify("READY=1")
    complain("watching ext4, XFS and Btrfs")
    service.run()
    _ = prov_notify("STOPPING=1")
    close(lock)
  }

  private static func takeSignals() throws(Trouble) -> CInt {
    var before = prov_signal_settings()
    let signals = prov_take_signals(&before)
    guard signals >= 0 else {
      throw Trouble("cannot take signals: \(Errno(rawValue: -signals))")
    }
    return signals
  }

  private static func dropPrivileges() throws(Trouble) {
    do throws(Errno) {
      try Capabilities.dropOthers()
    } catch {
      throw Trouble("cannot give up privileges: \(error)")
    }
  }

  static func complain(_ message: String) {
    let line = "\(name): \(message)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
