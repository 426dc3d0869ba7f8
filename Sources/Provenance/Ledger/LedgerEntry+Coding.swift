// SPDX-License-Identifier: Apache-2.0
import Glibc

// Text as a registry's record: one line for each field in a fixed order, one way only to write it, and
// nothing else is read.

extension LedgerEntry {
  /// Most bytes that an entry may have.
  public static let maximumSize = 16_384
  /// Most bytes of the command, of the directory and of the host's name, each as it is written.
  private static let maximumFieldSize = 4096

  private static let format = "provstamp ledger 1"

  public var encoded: [UInt8] {
    let command = EscapedCommand(
      self.command, whole: commandIsWhole, limit: Self.maximumFieldSize)
    return Array(
      """
      \(Self.format)
      id \(id)
      kind \(kind.rawValue)
      parent \(Self.optional(parent))
      alias \(Self.optional(alias))
      name \(name?.description ?? "")
      intent \(intent?.description ?? "")
      uid \(uid)
      host \(Self.escaped(host))
      directory \(Self.escaped(directory))
      started \(started)
      ended \(ending.map { "\($0.time)" } ?? "")
      status \(ending?.status.encoded ?? "")
      \(command.isWhole ? "command" : "command-begins") \(command.text)

      """.utf8)
  }

  /// - Returns: nil for bytes that are not an entry as it is written.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= Self.maximumSize else { return nil }
    var fields = RecordFields(bytes)
    guard fields.skip(line: Self.format),
      let id = fields.take("id").flatMap({ SessionID($0) }), !id.isNone,
      let kind = fields.take("kind").flatMap(Kind.init(rawValue:)),
      let parent = fields.take("parent").flatMap(Self.id),
      let alias = fields.take("alias").flatMap(Self.id),
      let name = fields.take("name"),
      let intent = fields.take("intent"),
      let uid = fields.take("uid").flatMap({ uid_t($0) }),
      let host = fields.take("host").flatMap(Self.bytes),
      let directory = fields.take("directory").flatMap(Self.bytes),
      let started = fields.take("started").flatMap({ UInt64($0) }),
      let ended = fields.take("ended"),
      let status = fields.take("status")
    else { return nil }
    let whole = fields.take("command")
    guard let command = (whole ?? fields.take("command-begins")).flatMap(EscapedCommand.arguments)
    else { return nil }
    self.init(id: id, kind: kind, uid: uid, started: started)
    self.parent = parent
    self.alias = alias
    self.name = try? SessionName(name)
    self.intent = try? SessionIntent(intent)
    self.host = host
    self.directory = directory
    self.command = command
    commandIsWhole = whole != nil
    if let time = UInt64(ended), let status = Status(encoded: status) {
      ending = Ending(time: time, status: status)
    }
    // Whatever was read with indulgence above is written differently again.
    guard encoded.elementsEqual(bytes) else { return nil }
  }

  private static func optional(_ id: SessionID) -> String {
    id.isNone ? "" : id.description
  }

  private static func id(_ text: String) -> SessionID? {
    text.isEmpty ? SessionID.none : SessionID(text)
  }

  /// Nothing where it would be cut.
  private static func escaped(_ bytes: [UInt8]) -> String {
    let escaped = EscapedCommand([bytes], whole: true, limit: maximumFieldSize)
    return escaped.isWhole ? escaped.text : ""
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    guard let words = EscapedCommand.arguments(text), words.count <= 1 else { return nil }
    return words.first ?? []
  }
}

extension LedgerEntry.Status {
  fileprivate var encoded: String {
    switch self {
    case .exited(let status): "exited \(status)"
    case .killed(let signal): "killed \(signal)"
    }
  }

  fileprivate init?(encoded: String) {
    let words = encoded.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2, let number = Int32(words[1]) else { return nil }
    switch words[0] {
    case "exited": self = .exited(number)
    case "killed": self = .killed(number)
    default: return nil
    }
  }
}
