// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Logging
import Provenance
import SystemPackage

/// The program: from the command line to the end of the mount.
enum Daemon {
  /// - Returns: the exit status.
  static func main(
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: Int
  ) -> CInt {
    do {
      let options = try Options(
        (1..<max(count, 1)).map { index in
          arguments[index].map { Options.Path(bytes: $0) } ?? []
        })
      if options.showsHelp {
        print(Usage.text)
      } else if options.showsVersion {
        print("provfs \(Release.version), libfuse \(String(cString: fuse_pkgversion()))")
      } else {
        try run(options)
      }
      return 0
    } catch let error as UsageError {
      complain("\(error)\nTry: provfs --help")
      return 2
    } catch {
      complain("\(error)")
      return 2
    }
  }

  private static func run(_ options: Options) throws {
    let mount = try Mount(options)
    let launch: Launch
    do {
      launch = try begin(options)
    } catch {
      mount.unmount()
      throw error
    }
    do throws(Trouble) {
      try dropPrivileges()
      try mount.serve(started: launch.succeeded)
    } catch {
      mount.unmount()
      Logger(label: Log.name).critical("\(error)")
      launch.failed(error.description)
    }
  }

  private static func dropPrivileges() throws(Trouble) {
    guard Capabilities.allowActingForOthers else { return }
    do throws(Errno) {
      try Capabilities.dropOthers()
    } catch {
      throw Trouble("cannot give up privileges: \(error.description)")
    }
  }

  private static func begin(_ options: Options) throws(Trouble) -> Launch {
    if options.staysInForeground {
      Log.toStandardError(options.isDebugging ? .debug : .notice)
      return .inForeground
    }
    let launch = try Launch.inBackground()
    Log.toSyslog()
    return launch
  }

  private static func complain(_ message: String) {
    let line = "\(Log.name): \(message)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
