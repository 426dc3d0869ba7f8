// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance
import SystemPackage

/// Runs a command in a session of the kernel's. Nothing has to supervise it: this process enters the
/// session and becomes the command.
enum KernelRun {
  /// Returns where there is no such session and one of the registry will do: then that has been said,
  /// except on a kernel without agent sessions, where none was to be expected.
  ///
  /// - Throws: `ExitCode.ownFailure` after saying what is wrong.
  static func becomeIfPossible(_ session: RequestedSession) throws {
    guard KernelSession.areSupported else {
      if let option = session.kernelOption {
        fail(
          "\(option): only a kernel with agent sessions can do that, and this session would be made "
            + "without it; way out: boot the patched kernel (docs/kernel.md)"
            + (session.budget == nil ? "" : ", or limit the command with timeout(1) or prlimit(1)"))
        throw ExitCode.ownFailure
      }
      return
    }
    let outer = try? KernelSession.current()
    let id: SessionID
    do throws(Errno) {
      id = try KernelSession.enterNew(inUserNamespace: session.isInUserNamespace)
    } catch {
      return try fallBack(session, error, outer ?? .none)
    }
    try configure(session)
    let keeper = LedgerKeeper(session, id: id, kind: .kernel)
    let nested = outer.map { $0.isNone ? "" : ", nested in \($0)" } ?? ""
    guard keeper.begin(), session.identity.announce(id, " of the kernel\(nested)") else {
      throw ExitCode.ownFailure
    }
    keeper.tidy()
    Execution.become(session.command, in: id, restoring: nil)
  }

  private static func configure(_ session: RequestedSession) throws {
    do throws(Errno) {
      if let intent = session.intent { try KernelSession.set(intent) }
    } catch {
      fail(
        error == .invalidArgument
          ? "--intent: the kernel takes printable ASCII alone; way out: --intent \"fix the parser\""
          : "--intent: the kernel refuses it: \(error)")
      throw ExitCode.ownFailure
    }
    do throws(Errno) {
      if let budget = session.budget { try KernelSession.set(budget) }
    } catch {
      fail("--budget: the kernel refuses it: \(error)")
      throw ExitCode.ownFailure
    }
  }

  private static func fallBack(
    _ session: RequestedSession, _ error: Errno, _ outer: SessionID
  ) throws {
    let cause = refusal(error, inUserNamespace: session.isInUserNamespace)
    // Within a session of the kernel's, stamps name that one: a record would claim what no stamp says.
    guard error == .notPermitted, session.kernelOption == nil, outer.isNone else {
      let place = outer.isNone ? "" : " in session \(outer)"
      fail("cannot make a session\(place): \(cause); way out: \(remedy(error, session))")
      throw ExitCode.ownFailure
    }
    let scope = "which views of provfs name" + (LSM.isActive ? " and the LSM does not" : "")
    tell(
      "the kernel made no session: \(cause). This one is the registry's, \(scope); "
        + "way out: \(remedy(error, session))")
  }

  /// Why the kernel made no session.
  static func refusal(_ error: Errno, inUserNamespace: Bool) -> String {
    switch error {
    case .notPermitted where (try? SmallFile.text("/proc/sys/kernel/agent_ns/enabled")) == "0":
      "kernel.agent_ns.enabled is 0"
    case .notPermitted where inUserNamespace: "user namespaces are not for this user: \(error)"
    case .notPermitted: "that takes CAP_SYS_ADMIN"
    case .noSpace:
      "there are as many as user.max_agent_namespaces allows"
        + (inUserNamespace ? ", or user.max_user_namespaces," : "") + " or 32 nested in each other"
    default: error.description
    }
  }

  private static func remedy(_ error: Errno, _ session: RequestedSession) -> String {
    switch error {
    case .notPermitted where (try? SmallFile.text("/proc/sys/kernel/agent_ns/enabled")) == "0":
      "sysctl kernel.agent_ns.enabled=1"
    case .notPermitted where session.isInUserNamespace: "run it as root"
    case .notPermitted: "--user-namespace, or run it as root"
    case .noSpace: "end sessions, or raise the limit with sysctl(8)"
    default: "provstamp doctor"
    }
  }
}

/// Says something on standard error that is no failure.
func tell(_ message: String) {
  writeAll(Array("provstamp: note: \(message)\n".utf8), to: STDERR_FILENO)
}
