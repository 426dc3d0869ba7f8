// SPDX-License-Identifier: Apache-2.0

extension LegacyStamp.Identity {
  /// Longest value of `user.prov.session` that older stampers wrote, in bytes. One that is as long
  /// was probably cut off.
  static let longestText = 255

  /// Reads the value of `user.prov.session`. Never fails: what is no known form is ``opaque``.
  ///
  /// - Returns: the reading, and whether there are others.
  static func parse(_ text: [UInt8]) -> (identity: Self, isAmbiguous: Bool) {
    if text.count == 32, let id = sessionID(text) { return (.session(id), false) }
    if text.starts(with: "comm-chain:".utf8) || isChainWithoutNames(text) { return chain(text) }
    if text.starts(with: "comm:".utf8) { return task(text.dropFirst(5)) }
    return (.opaque, false)
  }

  private static func sessionID(_ text: [UInt8]) -> SessionID? {
    guard text.allSatisfy({ hexadecimalDigit($0) != nil }) else { return nil }
    return SessionID(String(decoding: text, as: UTF8.self))
  }

  /// `NAME:pid:N` or `NAME:pid:N:uid:N`, read from the right because the name is free text.
  private static func task(_ text: ArraySlice<UInt8>) -> (identity: Self, isAmbiguous: Bool) {
    let fields = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    let last = fields.count
    var uid: UInt32?
    var end = last
    if last >= 5, fields[last - 2].elementsEqual("uid".utf8), let value = number(fields[last - 1]),
      fields[last - 4].elementsEqual("pid".utf8)
    {
      uid = value
      end -= 2
    }
    guard end >= 3, fields[end - 2].elementsEqual("pid".utf8), let pid = number(fields[end - 1])
    else { return (.opaque, false) }
    let name = fields[..<(end - 2)]
    let looksLikeFields = name.contains {
      $0.elementsEqual("pid".utf8) || $0.elementsEqual("uid".utf8)
    }
    let comm = Array(name.joined(separator: [UInt8(ascii: ":")]))
    return (.task(comm: comm, pid: pid, uid: uid), looksLikeFields)
  }

  /// The form in which the chain itself was left out, because the stamper ran out of room.
  private static func isChainWithoutNames(_ text: [UInt8]) -> Bool {
    text.starts(with: "env:".utf8) || text.starts(with: "cwd:".utf8)
      || text.starts(with: "pid:".utf8) || text.starts(with: "uid:".utf8)
  }

  /// Fields parted by semicolons, which task names, values and paths may hold too: a field that comes
  /// twice, or text that belongs to none, means that the text has other readings.
  private static func chain(_ text: [UInt8]) -> (identity: Self, isAmbiguous: Bool) {
    var chain = LegacyStamp.Chain()
    var isAmbiguous = text.count >= longestText
    var seen = 0
    for field in text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else {
        isAmbiguous = true
        continue
      }
      let value = field[(colon + 1)...]
      let key: Int
      switch String(decoding: field[..<colon], as: UTF8.self) {
      case "comm-chain":
        key = 1
        chain.names = value.split(separator: UInt8(ascii: ">"), omittingEmptySubsequences: false)
          .map(Array.init)
      case "env":
        key = 2
        chain.environment = Array(value)
      case "cwd":
        key = 4
        chain.workingDirectory = Array(value)
      case "pid":
        key = 8
        chain.pid = number(value)
        isAmbiguous = isAmbiguous || chain.pid == nil
      case "uid":
        key = 16
        chain.uid = number(value)
        isAmbiguous = isAmbiguous || chain.uid == nil
      default:
        isAmbiguous = true
        continue
      }
      // The stamper wrote each field once and in this order.
      isAmbiguous = isAmbiguous || seen >= key
      seen |= key
    }
    return (.chain(chain), isAmbiguous)
  }

  /// A decimal number as printf writes an unsigned int: digits alone, no more than fit.
  private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
    guard !digits.isEmpty, digits.count <= 10 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard digit >= 48, digit <= 57 else { return nil }
      value = value * 10 + UInt64(digit - 48)
    }
    return UInt32(exactly: value)
  }
}

extension LegacyStamp {
  /// Parses the values of the text attributes as they are stored.
  public init(
    session: [UInt8], time: [UInt8]? = nil, tool: [UInt8]? = nil, turn: [UInt8]? = nil,
    intent: [UInt8]? = nil, history: [UInt8]? = nil
  ) {
    let (identity, isAmbiguous) = Identity.parse(session)
    self.init(
      text: session, identity: identity, isAmbiguous: isAmbiguous,
      time: time.flatMap(Time.init(parsing:)), hasTime: time != nil, tool: tool, turn: turn,
      intent: intent,
      history: (history ?? []).split(separator: UInt8(ascii: ",")).map(Array.init))
  }
}

extension LegacyStamp.Time {
  /// Whole seconds since 1970 in decimal, or RFC 3339.
  ///
  /// - Returns: nil for anything else, and for times before 1970.
  public init?(parsing text: [UInt8]) {
    if !text.isEmpty, text.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
      guard let seconds = UInt64(String(decoding: text, as: UTF8.self)) else { return nil }
      let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      guard !overflow else { return nil }
      self.init(nanoseconds: nanoseconds, precision: 1_000_000_000)
      return
    }
    guard let time = Timestamp(rfc3339: text[...]), let offset = time.offset,
      let nanoseconds = time.nanosecondsSince1970(offset: offset)
    else { return nil }
    var precision: UInt64 = 1_000_000_000
    for _ in 0..<min(time.fractionDigits, 9) { precision /= 10 }
    self.init(nanoseconds: nanoseconds, precision: precision)
  }
}
