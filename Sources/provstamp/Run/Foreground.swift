// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The process that the shell started. It stands for the command: it passes on the signals that are
/// sent to it, stops when the command stops, and ends when and as the command ends.
///
/// The command itself is a child of the supervisor, in the foreground process's group: the terminal's
/// signals reach it without help. docs/sessions.md explains the arrangement.
struct Foreground {
  private let signals: CInt
  private let supervisor: pid_t
  private let channel: ControlChannel
  private var command: pid_t?
  /// The stop of the command that this process last followed, counted from 1.
  private var stops: Int32 = 0

  /// Starts the session, and returns when the command has ended. A failure has been told.
  static func run(_ session: RequestedSession) -> CommandEnding {
    do {
      try reserveStandardDescriptors()
    } catch {
      fail(
        "/dev/null: \(error); way out: give this root directory DIR a /dev (mount --bind /dev DIR/dev)"
      )
      return .exited(125)
    }
    do {
      var foreground = try start(session)
      return try foreground.attend()
    } catch {
      fail("cannot start a session: \(error); way out: the limits that `ulimit -a` shows")
      return .exited(125)
    }
  }

  private static func start(_ session: RequestedSession) throws(Errno) -> Foreground {
    // If the supervisor is killed, the session's processes come here. The name tells whoever asks about
    // one of them, and only this process is to change it.
    _ = try valueOrErrno(prov_become_subreaper())
    _ = try valueOrErrno(prov_set_task_name(SessionLeader.foregroundName))
    _ = try valueOrErrno(prov_forbid_tracing())
    var before = prov_signal_settings()
    let signals = try valueOrErrno(prov_take_signals(&before))
    let this = try valueOrErrno(prov_pidfd_open(getpid()))
    var sockets: [CInt] = [-1, -1]
    _ = try valueOrErrno(prov_message_pair(&sockets))
    let supervisor = try valueOrErrno(prov_fork())
    if supervisor == 0 {
      close(sockets[0])
      Supervisor.supervise(
        session, signals: signals, before: before, foreground: this,
        channel: ControlChannel(socket: sockets[1]))
    }
    close(this)
    close(sockets[1])
    // Pipes are the command's alone: who reads its output sees the end when the command closes it.
    // So are files: a view that they pass through can tell that the command has written last.
    try discard([STDIN_FILENO, STDOUT_FILENO])
    let kept = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] + [signals, sockets[0]].sorted()
    _ = try valueOrErrno(prov_close_all_but(kept, kept.count))
    return Foreground(
      signals: signals, supervisor: supervisor, channel: ControlChannel(socket: sockets[0]))
  }

  private init(signals: CInt, supervisor: pid_t, channel: ControlChannel) {
    self.signals = signals
    self.supervisor = supervisor
    self.channel = channel
  }

  private mutating func attend() throws(Errno) -> CommandEnding {
    while true {
      _ = try valueOrErrno(prov_wait_readable(signals, channel.socket))
      switch channel.receiveMessage() {
      case .message(.started(let process)):
        command = process
      case .message(.stopped(let count)):
        // While this process is stopped, the terminal's signal stops it directly too. Then the shell
        // may have resumed the whole job before this message is read, and nothing is to be followed.
        prov_await_group_signals()
        channel.send(.isStillStopped(count))
      case .message(.stillStopped(let signal, let count)):
        stops = count
        _ = try valueOrErrno(prov_raise_default(signal))
        handOnTerminal()
      case .message(.ended(let ending, let sessionEnds)):
        if sessionEnds { _ = prov_wait_for_end(supervisor) }
        return ending
      case .message(.failed):
        return .exited(125)
      case .end:
        abandon()
        return .exited(125)
      case .nothingYet:
        try passOnSignals()
      }
    }
  }

  private func passOnSignals() throws(Errno) {
    var signal = prov_signal()
    while try valueOrErrno(prov_next_signal(signals, &signal)) == 1 {
      switch signal.number {
      case SIGCHLD:
        reap()
      case SIGCONT:
        pass(SIGCONT)
      case SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH:
        // From the terminal it has reached the whole group, the command included.
        if signal.code != CInt(PROV_SIGNAL_FROM_KERNEL) { pass(signal.number) }
      case SIGHUP:
        // When the terminal hangs up, the session's leader alone is told.
        if signal.code != CInt(PROV_SIGNAL_FROM_KERNEL) || getsid(0) == getpid() {
          pass(SIGHUP)
        }
      default:
        pass(signal.number)
      }
    }
  }

  /// A command that has made a process group for itself, as interactive shells do, is not in the one
  /// to which the caller's shell gives the terminal when it resumes the job.
  private func handOnTerminal() {
    guard let command else { return }
    let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { return }
    defer { close(terminal) }
    let group = getpgid(command)
    if group > 0, group != getpgrp(), tcgetpgrp(terminal) == getpgrp() {
      tcsetpgrp(terminal, group)
    }
  }

  private func pass(_ signal: CInt) {
    channel.send(SignalRequest(signal: signal, stops: stops))
  }

  /// Orphans come here where this process is a container's first one; and the supervisor, when it
  /// has been killed.
  private func reap() {
    var child = prov_child()
    while prov_next_child_event(&child) == 0, child.event != PROV_CHILD_NONE {}
  }

  /// More than processes can be made of one that is being ended.
  private static let attempts = 1 << 16

  /// The supervisor was killed: nothing could tell any more what the session's processes write.
  private func abandon() {
    // When it has ended, its children have come here. When one of them is ended, so do its own.
    _ = prov_wait_for_end(supervisor)
    for _ in 0..<Self.attempts {
      let children = NamedProcess.children()
      guard !children.isEmpty else { break }
      // Only a child's number is certain to be its own.
      for child in children where prov_is_child(child) == 1 {
        kill(child, SIGKILL)
        _ = prov_wait_for_end(child)
      }
    }
    fail(
      "the session's supervisor (pid \(supervisor)) was killed, so its processes were ended: their writes "
        + "could not be told from others'; way out: run it again, and see who kills processes of "
        + "the name \(SessionLeader.taskName)")
  }
}

/// Makes sure that descriptors 0 to 2 are open here, and leaves those that were closed so for the
/// command: nothing else must get their numbers.
private func reserveStandardDescriptors() throws(Errno) {
  for _ in 0...STDERR_FILENO {
    let descriptor = try openNull()
    guard descriptor <= STDERR_FILENO else {
      close(descriptor)
      return
    }
  }
}

/// Puts /dev/null in the place of these descriptors.
func discard(_ descriptors: [CInt]) throws(Errno) {
  let null = try openNull()
  for descriptor in descriptors {
    guard dup2(null, descriptor) >= 0 else { throw Errno(rawValue: errno) }
  }
  close(null)
}

private func openNull() throws(Errno) -> CInt {
  try valueOrErrno(prov_openat(AT_FDCWD, "/dev/null", O_RDWR, 0))
}

/// Ends this process as the signal ended the command, without a core file of its own.
///
/// - Returns: the status that shells give for it, where the signal has no effect, as on the first
///   process of a container.
func endLike(_ signal: CInt) -> CInt {
  _ = prov_disable_core_dump()
  _ = prov_raise_default(signal)
  return 128 + signal
}
