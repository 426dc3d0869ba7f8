// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What the running kernel can do.
enum KernelFindings {
  static func all() -> [Finding] {
    [release(), agentSessions(), lsm(), getxattrat()]
  }

  /// Major and minor version of the running kernel, and its name in full.
  static func version() -> (major: Int, minor: Int, release: String) {
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: &name.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return (numbers.first ?? 0, numbers.dropFirst().first ?? 0, release)
  }

  static func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
    let running = version()
    return (running.major, running.minor) >= (major, minor)
  }

  private static func release() -> Finding {
    let release = version().release
    return isAtLeast(5, 15)
      ? .ok("kernel", release)
      : .warn("kernel", "\(release) is older than provfs was made for", "use Linux 5.15 or later")
  }

  private static func agentSessions() -> Finding {
    do throws(Errno) {
      let text = try SmallFile.text("/proc/self/agent_session")
      guard let id = SessionID(text) else {
        return .fail(
          "agent-sessions", "/proc/self/agent_session is no session id",
          "the kernel's patches and this program differ in version: install those of one release")
      }
      let own = id.isNone ? "this process is outside any" : "this process is in \(id)"
      return making("the kernel has agent sessions; \(own)")
    } catch {
      return .warn(
        "agent-sessions", "this kernel has none: sessions are trees of processes",
        "`provstamp run -- CMD` makes them; docs/kernel.md tells how to patch a kernel")
    }
  }

  /// Whether `provstamp run` would make one as whoever asks, found out by trying.
  private static func making(_ detail: String) -> Finding {
    do throws(Errno) {
      try KernelSession.tryNew()
      return .ok("agent-sessions", detail)
    } catch {
      let cause = KernelRun.refusal(error, inUserNamespace: false)
      return .warn(
        "agent-sessions", "\(detail); you cannot make one: \(cause)",
        "`provstamp run --user-namespace -- CMD`, or run it as root")
    }
  }

  private static func lsm() -> Finding {
    let list: String
    do throws(Errno) {
      list = try SmallFile.text("/sys/kernel/security/lsm")
    } catch {
      return .warn(
        "lsm", "cannot tell which LSMs run: /sys/kernel/security/lsm: \(error)",
        "mount -t securityfs securityfs /sys/kernel/security")
    }
    guard list.split(separator: ",").contains("provfs") else {
      return .warn(
        "lsm",
        "the provfs LSM does not run (\(list)): only what is written through a view is stamped",
        "docs/kernel.md; lsm=\(list),provfs on the kernel's command line where it is built in")
    }
    let stats = (try? SmallFile.text("/sys/kernel/security/provfs/stats"))?
      .split(separator: "\n").joined(separator: ", ")
    return .ok("lsm", "the provfs LSM runs" + (stats.map { ": \($0)" } ?? ""))
  }

  private static func getxattrat() -> Finding {
    prov_has_getxattrat() == 1
      ? .ok("getxattrat", "stamps are read with one call a file")
      : .warn(
        "getxattrat", "the kernel lacks it: stamps are read by path, which is slower",
        "use Linux 6.13 or later for large trees")
  }
}
