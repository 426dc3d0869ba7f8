// SPDX-License-Identifier: Apache-2.0
import Glibc

// A record is text: a first line that names the format, then one line for each field, in a fixed
// order: the field's name, a space, the value, a newline. There is one way only to write a record,
// and nothing else is read.

/// Why a file is not the record of a session.
public enum SessionRecordFault: Error, Hashable, Sendable {
  /// Not a regular file.
  case kind
  /// It belongs to this uid, which is not the one whose sessions are kept there.
  case owner(uid_t)
  /// It has other names.
  case linked
  /// Longer than ``SessionRecord/maximumSize``, or not as a record is written.
  case malformed
  /// The id does not follow from the leader.
  case forged
  /// Its name is not that of its leader's record.
  case misnamed
  /// It speaks of another boot.
  case boot
}

extension SessionRecordFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .kind: "not a regular file"
    case .owner(let uid): "owned by uid \(uid), whose sessions are not kept here"
    case .linked: "a file with other names"
    case .malformed: "not written as a session's record is"
    case .forged: "an id that does not follow from its leader"
    case .misnamed: "under another name than its leader's record has"
    case .boot: "left from before the last boot"
    }
  }
}

extension SessionRecord {
  /// Most bytes that a record may have.
  public static let maximumSize = 8192
  /// Most bytes of the command as it is written.
  private static let maximumCommandSize = 4096

  private static let format = "provstamp session 2"

  var encoded: [UInt8] {
    let command = EscapedCommand(
      self.command, whole: commandIsWhole, limit: Self.maximumCommandSize)
    return Array(
      """
      \(Self.format)
      id \(id)
      namespace \(leader.namespace)
      leader \(leader.pid)
      start \(leader.start)
      boot \(boot.octets.hexadecimalDigits)
      uid \(uid)
      started \(started)
      intent \(intent?.description ?? "")
      \(command.isWhole ? "command" : "command-begins") \(command.text)

      """.utf8)
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(SessionRecordFault) {
    guard bytes.count <= Self.maximumSize else { throw .malformed }
    var fields = RecordFields(bytes)
    guard fields.skip(line: Self.format) else { throw .malformed }
    guard let id = fields.take("id").flatMap({ SessionID($0) }),
      let namespace = fields.take("namespace").flatMap({ UInt64($0) }),
      let pid = fields.take("leader").flatMap({ pid_t($0) }),
      let start = fields.take("start").flatMap({ UInt64($0) }),
      let boot = fields.take("boot").flatMap({ Octets16(hexadecimal: $0.utf8) }),
      let uid = fields.take("uid").flatMap({ uid_t($0) }),
      let started = fields.take("started").flatMap({ UInt64($0) }),
      let intent = fields.take("intent")
    else { throw .malformed }
    let whole = fields.take("command")
    guard let command = (whole ?? fields.take("command-begins")).flatMap(EscapedCommand.arguments)
    else { throw .malformed }
    let record = SessionRecord(
      leader: SessionLeader(namespace: namespace, pid: pid, start: start),
      boot: BootID(octets: boot), uid: uid, started: started, intent: try? SessionIntent(intent),
      command: command, commandIsWhole: whole != nil)
    guard record.id == id else { throw .forged }
    // Whatever was read with indulgence above is written differently again.
    guard record.encoded.elementsEqual(bytes) else { throw .malformed }
    self = record
  }

  /// What the record's file is called.
  static func fileName(of leader: SessionLeader) -> String {
    "\(leader.namespace)-\(leader.pid)-\(leader.start)"
  }
}

/// The lines of a record, taken one after the other.
struct RecordFields {
  private var lines: ArraySlice<Slice<UnsafeRawBufferPointer>>

  init(_ bytes: UnsafeRawBufferPointer) {
    lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
  }

  mutating func skip(line: String) -> Bool {
    lines.popFirst()?.elementsEqual(line.utf8) ?? false
  }

  /// - Returns: nil, and takes nothing, where the next line is not this field's, or no UTF-8.
  mutating func take(_ name: String) -> String? {
    let prefix = name + " "
    guard let line = lines.first, line.starts(with: prefix.utf8),
      let value = String(validating: line.dropFirst(prefix.utf8.count), as: UTF8.self)
    else { return nil }
    lines.removeFirst()
    return value
  }
}

/// A command's arguments as one line: separated by spaces, and every byte that is not a printable
/// ASCII character, or is a space or a backslash, as `\x` and two lowercase hexadecimal digits.
struct EscapedCommand {
  let text: String
  let isWhole: Bool

  /// - Parameters:
  ///   - whole: whether there is nothing after the arguments.
  ///   - limit: where to cut the text, in bytes.
  init(_ arguments: [[UInt8]], whole: Bool, limit: Int) {
    var text = ""
    for (index, argument) in arguments.enumerated() {
      var pieces = index == 0 ? [] : [" "]
      pieces += argument.map(Self.escape)
      for piece in pieces {
        guard text.utf8.count + piece.utf8.count <= limit else {
          self.text = text
          isWhole = false
          return
        }
        text += piece
      }
    }
    self.text = text
    isWhole = whole
  }

  /// - Returns: nil where the text has an escape that is none.
  static func arguments(_ text: String) -> [[UInt8]]? {
    var arguments: [[UInt8]] = []
    for word in text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
      var argument: [UInt8] = []
      var rest = word
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\") else {
          argument.append(byte)
          continue
        }
        guard rest.popFirst() == UInt8(ascii: "x"),
          let high = rest.popFirst().flatMap(hexadecimalDigit),
          let low = rest.popFirst().flatMap(hexadecimalDigit)
        else { return nil }
        argument.append(high << 4 | low)
      }
      arguments.append(argument)
    }
    return arguments
  }

  private static func escape(_ byte: UInt8) -> String {
    if byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "\\") {
      return String(UnicodeScalar(byte))
    }
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
  }
}
