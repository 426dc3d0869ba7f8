// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The process that leads the session. It does so before the command's process does anything, adopts
/// whatever the session's processes leave behind, and stays until none of them is left.
///
/// It is in a terminal session of its own, so that no terminal stops or ends it, and it holds
/// nothing of the caller's open.
struct Supervisor {
  private let signals: CInt
  private let before: prov_signal_settings
  private let foreground: CInt
  private let channel: ControlChannel
  private let registration: SessionRegistration
  private let identity: SessionIdentity
  private var keeper: LedgerKeeper

  private var command: pid_t = 0
  /// The signal that has stopped the command, until it is continued.
  private var stopSignal: CInt?
  /// How often the command has stopped.
  private var stops: Int32 = 0
  private var ending: CommandEnding?
  /// The same, kept when it has been reported.
  private var commandEnding: CommandEnding?
  private var isForegroundGone = false

  /// What the freshly forked process does.
  ///
  /// - Parameters:
  ///   - signals: from which blocked signals are read.
  ///   - before: what held for signals before they were blocked.
  ///   - foreground: a pidfd of the foreground process.
  static func supervise(
    _ session: RequestedSession, signals: CInt, before: prov_signal_settings, foreground: CInt,
    channel: ControlChannel
  ) -> Never {
    do {
      let registration = try SessionRegistration()
      var supervisor = Supervisor(
        signals: signals, before: before, foreground: foreground, channel: channel,
        registration: registration, identity: session.identity,
        keeper: LedgerKeeper(session, id: registration.id, kind: .registry))
      supervisor.lead(session)
    } catch {
      fail("cannot make a session: \(error)")
      channel.send(.failed)
    }
    _exit(0)
  }

  private mutating func lead(_ session: RequestedSession) {
    do {
      guard try start(session) else { return channel.send(.failed) }
      try attend()
    } catch {
      fail("cannot supervise the session: \(error); way out: the limits that `ulimit -a` shows")
      pass(SIGKILL)
      registration.end()
      channel.send(.failed)
    }
  }

  private init(
    signals: CInt, before: prov_signal_settings, foreground: CInt, channel: ControlChannel,
    registration: SessionRegistration, identity: SessionIdentity, keeper: LedgerKeeper
  ) {
    self.signals = signals
    self.before = before
    self.foreground = foreground
    self.channel = channel
    self.registration = registration
    self.identity = identity
    self.keeper = keeper
  }

  /// - Returns: whether the command is about to be executed; else why not has been said.
  private mutating func start(_ session: RequestedSession) throws(Errno) -> Bool {
    _ = try valueOrErrno(prov_become_subreaper())
    var gate: [CInt] = [-1, -1]
    _ = try valueOrErrno(prov_message_pair(&gate))
    // First, so that the command's process never has the name of a leader.
    command = try valueOrErrno(prov_fork())
    if command == 0 {
      close(gate[1])
      become(session.command, after: gate[0])
    }
    close(gate[0])
    // Next, before anything is written or closed that a view could ask about.
    try registration.lead()
    describe(session)
    guard keeper.begin() else {
      registration.end()
      return false
    }
    setsid()
    // Until now this process was in the caller's group. What reached the group meanwhile is meant for
    // the command; what reached that as well is pending there, and does not count twice.
    for signal in try pendingSignals() where signal != SIGCHLD { kill(command, signal) }
    channel.send(.started(command))
    chdir("/")
    try discard([STDIN_FILENO, STDOUT_FILENO])
    // First: a view that files pass through learns from this closing that the command, which is
    // another writer than the caller, has them too.
    try keepOnlyOwnDescriptors(and: gate[1])
    try openGate(gate[1])
    keeper.tidy()
    return true
  }

  private func describe(_ session: RequestedSession) {
    do {
      try registration.describe(intent: session.intent, command: session.command)
    } catch {
      guard !identity.isQuiet else { return }
      tell("what the session is for cannot be written down for others to see: \(error)")
    }
  }

  private func openGate(_ gate: CInt) throws(Errno) {
    var go: UInt8 = 1
    _ = try valueOrErrno(prov_send_message(gate, &go, 1))
    close(gate)
  }

  private func keepOnlyOwnDescriptors(and gate: CInt) throws(Errno) {
    try discard([STDERR_FILENO])
    try registration.withDescriptors { registered throws(Errno) in
      let own = [signals, foreground, channel.socket, gate] + registered
      let kept = ([STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] + own).sorted()
      _ = try valueOrErrno(prov_close_all_but(kept, kept.count))
    }
  }

  /// What the command's process does: waits until all is ready, and executes the command.
  private func become(_ arguments: [[UInt8]], after gate: CInt) -> Never {
    var go: UInt8 = 0
    guard read(gate, &go, 1) == 1, prov_set_task_name("provstamp") == 0 else {
      _exit(ExitCode.ownFailure.rawValue)
    }
    guard identity.announce(registration.id, " of the registry") else {
      _exit(ExitCode.ownFailure.rawValue)
    }
    withUnsafePointer(to: before) { before in
      Execution.become(arguments, in: registration.id, restoring: before)
    }
  }

  /// Returns when no process of the session is left.
  private mutating func attend() throws(Errno) {
    while try reap() {
      if let ending, !isForegroundGone { report(ending, sessionEnds: false) }
      _ = try valueOrErrno(prov_wait_readable(signals, isForegroundGone ? -1 : channel.socket))
      _ = try pendingSignals()
      let requests = receiveRequests()
      // What happened before a request was made must be known when it is granted.
      guard try reap() else { break }
      for request in requests { grant(request) }
    }
    registration.end()
    if let commandEnding { keeper.end(commandEnding) }
    if let ending { report(ending, sessionEnds: true) }
  }

  private mutating func report(_ ending: CommandEnding, sessionEnds: Bool) {
    channel.send(.ended(ending, sessionEnds: sessionEnds))
    self.ending = nil
  }

  /// Takes note of what happened to children.
  ///
  /// - Returns: whether there are any left.
  private mutating func reap() throws(Errno) -> Bool {
    var child = prov_child()
    while true {
      let result = prov_next_child_event(&child)
      if result == -ECHILD { return false }
      _ = try valueOrErrno(result)
      if child.event == PROV_CHILD_NONE { return true }
      if child.process == command { note(child) }
    }
  }

  private mutating func note(_ child: prov_child) {
    switch child.event {
    case PROV_CHILD_STOPPED:
      stopSignal = child.status
      stops += 1
      channel.send(.stopped(count: stops))
    case PROV_CHILD_CONTINUED:
      stopSignal = nil
      // Whoever continued the command may have left the foreground process stopped.
      _ = prov_pidfd_send_signal(foreground, SIGCONT)
    case PROV_CHILD_EXITED:
      command = 0
      ending = .exited(child.status)
      commandEnding = ending
    case PROV_CHILD_KILLED:
      command = 0
      ending = .killed(child.status)
      commandEnding = ending
    default: break
    }
  }

  private mutating func receiveRequests() -> [SignalRequest] {
    var requests: [SignalRequest] = []
    while !isForegroundGone {
      switch channel.receiveRequest() {
      case .message(let request): requests.append(request)
      case .nothingYet: return requests
      case .end:
        isForegroundGone = true
        // It was killed, which is meant for the command.
        requests.append(SignalRequest(signal: SIGKILL, stops: stops))
      }
    }
    return requests
  }

  private func grant(_ request: SignalRequest) {
    let stop = request.stops == stops ? stopSignal : nil
    switch request.signal {
    case 0:
      if let stop { channel.send(.stillStopped(stop, count: stops)) }
    case SIGCONT:
      // The shell continues the whole group; then there is nothing left to do.
      if stop != nil { pass(SIGCONT) }
    default:
      pass(request.signal)
    }
  }

  private func pass(_ signal: CInt) {
    // A command that has ended is reaped, and its number may be another's.
    guard command != 0 else { return }
    kill(command, signal)
  }

  private func pendingSignals() throws(Errno) -> [CInt] {
    var numbers: [CInt] = []
    var signal = prov_signal()
    while try valueOrErrno(prov_next_signal(signals, &signal)) == 1 {
      numbers.append(signal.number)
    }
    return numbers
  }
}
