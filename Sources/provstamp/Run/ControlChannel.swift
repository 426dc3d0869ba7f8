// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

/// How the command ended.
enum CommandEnding {
  case exited(CInt)
  case killed(CInt)
}

/// What the supervisor tells the foreground process.
enum SupervisorMessage {
  /// The command's process, which is about to execute the command.
  case started(pid_t)
  /// The command has stopped, for the `count`th time.
  case stopped(count: Int32)
  /// The answer to ``SignalRequest/isStillStopped(_:)`` where it is so, with the signal that did it.
  case stillStopped(CInt, count: Int32)
  /// The command has ended, and the session goes on where it has other members.
  case ended(CommandEnding, sessionEnds: Bool)
  /// There is no session, and it has been said why.
  case failed
}

/// What the foreground process asks of the supervisor: to pass a signal to the command.
struct SignalRequest {
  let signal: CInt
  /// How many stops of the command the foreground process knew of. One who did not know of the last
  /// cannot have meant to continue the command after it.
  let stops: Int32

  /// Whether the stop that was told of is still in force.
  static func isStillStopped(_ count: Int32) -> SignalRequest {
    SignalRequest(signal: 0, stops: count)
  }
}

/// One end of the connection between the foreground process and the supervisor. Both are the same
/// program, so messages are plain integers.
struct ControlChannel {
  let socket: CInt

  private typealias Words = (kind: Int32, value: Int32, detail: Int32)

  func send(_ message: SupervisorMessage) {
    var words: Words =
      switch message {
      case .started(let process): (0, process, 0)
      case .stopped(let count): (1, count, 0)
      case .ended(.exited(let status), let last): (2, status, last ? 1 : 0)
      case .ended(.killed(let signal), let last): (3, signal, last ? 1 : 0)
      case .stillStopped(let signal, let count): (4, signal, count)
      case .failed: (5, 0, 0)
      }
    // A foreground process that has gone is noticed when its end is read.
    _ = withUnsafeBytes(of: &words) { prov_send_message(socket, $0.baseAddress, $0.count) }
  }

  /// What was received, so far as it is there.
  enum Received<Message> {
    case message(Message)
    case nothingYet
    case end
  }

  func receiveMessage() -> Received<SupervisorMessage> {
    var words: Words = (0, 0, 0)
    return receive(&words).map { words in
      switch words.kind {
      case 0: .started(words.value)
      case 1: .stopped(count: words.value)
      case 2: .ended(.exited(words.value), sessionEnds: words.detail != 0)
      case 3: .ended(.killed(words.value), sessionEnds: words.detail != 0)
      case 4: .stillStopped(words.value, count: words.detail)
      default: .failed
      }
    }
  }

  func send(_ request: SignalRequest) {
    _ = withUnsafeBytes(of: request) { prov_send_message(socket, $0.baseAddress, $0.count) }
  }

  func receiveRequest() -> Received<SignalRequest> {
    var request = SignalRequest(signal: 0, stops: 0)
    return receive(&request)
  }

  private func receive<Value>(_ value: inout Value) -> Received<Value> {
    let size = withUnsafeMutableBytes(of: &value) {
      prov_receive_message(socket, $0.baseAddress, $0.count)
    }
    switch size {
    case -Int(EAGAIN): return .nothingYet
    case MemoryLayout<Value>.size: return .message(value)
    default: return .end
    }
  }
}

extension ControlChannel.Received {
  func map<Other>(_ transform: (Message) -> Other) -> ControlChannel.Received<Other> {
    switch self {
    case .message(let message): .message(transform(message))
    case .nothingYet: .nothingYet
    case .end: .end
    }
  }
}
