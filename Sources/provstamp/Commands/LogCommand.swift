// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import SystemPackage

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Tell who wrote each file before, newest first.",
    discussion: """
      The first line of each file is its stamp, as who shows it. The others are the earlier \
      writers that the file itself remembers: up to 15, each with the time of its last change. \
      A writer that wrote several times in a row is one line.

      Earlier writers are what the log says: it is as trustworthy as the stamp beside it, and \
      nothing can be verified by it any more.

      EXAMPLES
        provstamp log report.md
        provstamp log --json report.md

      EXIT STATUS
        0 if every file has a stamp or a log, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try operands.requireSome()
  }

  func run() throws {
    let session = FileSession(operands, output)
    var isKnown = true
    for path in try operands.resolve(session.diagnostics) {
      session.withFile(path) { file throws(Errno) in
        let judgement = try Verifier().judge(file)
        let earlier = try EarlierWriters(file, judgement)
        session.print(FileRecord(path: path, judgement: judgement))
        earlier.print(path, in: session)
        if case .unstamped = judgement.reading.holding, earlier.isEmpty { isKnown = false }
        if let error = earlier.error {
          session.diagnostics.note(
            "\(Escaping.text(path)): the log of earlier writers is \(error); nothing in it is shown"
          )
          isKnown = false
        }
      }
    }
    try session.finish(isPositive: isKnown)
  }
}

/// The earlier writers that a file remembers.
private struct EarlierWriters {
  private let status: FileStatus
  private var stamps: [(Stamp, StampAttribute)] = []
  private var texts: [LegacyStamp] = []
  /// Why the log cannot be read.
  private(set) var error: StampError?

  var isEmpty: Bool { stamps.isEmpty && texts.isEmpty }

  /// Takes the logs of both places, that of the trusted one first. A log may begin with the stamp
  /// itself, where its stamper died between writing the one and the other: that is no earlier writer.
  init(_ file: FileReference, _ judgement: Verifier.Judgement) throws(Errno) {
    let reading = judgement.reading
    status = judgement.status
    if case .legacy(let legacy) = reading.holding {
      texts = legacy.history.map { LegacyStamp(session: $0) }
    }
    for attribute in StampAttribute.allCases {
      do throws(Errno) {
        switch try StampStore.readLog(file, attribute) {
        case .success(let log):
          var entries = log.entries[...]
          if let first = entries.first, reading.holds(first, in: attribute) {
            entries.removeFirst()
          }
          stamps += entries.map { ($0, attribute) }
        case .failure(let error): self.error = error
        }
      } catch {
        // Who may not read user.* may still read what root's stamper left.
        let isOptional =
          error == .permissionDenied && attribute == .user && reading.isFromTrustedPlace
        if error != .notSupported && !isOptional { throw error }
      }
    }
  }

  func print(_ path: [UInt8], in session: FileSession) {
    for (index, (stamp, attribute)) in stamps.enumerated() {
      let holding = StampReading.Holding.stamp(stamp, attribute)
      if session.isJSON {
        session.json.line("earlier") { json in
          json.field("path", bytes: path, exactly: "path_bytes")
          json.field("position", index + 1)
          holding.appendFields(on: status, to: &json)
        }
      } else {
        append("earlier: " + holding.claim(session.style, on: status), path, session)
      }
    }
    for (index, text) in texts.enumerated() {
      if session.isJSON {
        session.json.line("earlier") { json in
          json.field("path", bytes: path, exactly: "path_bytes")
          json.field("position", index + 1)
          StampReading.Holding.legacy(text).appendFields(on: status, to: &json)
        }
      } else {
        append("earlier: " + text.claim(session.style), path, session)
      }
    }
  }

  private func append(_ text: String, _ path: [UInt8], _ session: FileSession) {
    session.style.append(name: path, to: &session.buffer)
    session.buffer.append(text + "\n")
  }
}

extension StampReading {
  /// Whether what readers go by is in `security.prov`.
  fileprivate var isFromTrustedPlace: Bool {
    switch holding {
    case .stamp(_, let attribute), .malformed(_, let attribute): attribute == .security
    case .legacy, .unstamped: false
    }
  }

  fileprivate func holds(_ stamp: Stamp, in attribute: StampAttribute) -> Bool {
    [holding, secondary].contains(.stamp(stamp, attribute))
  }
}
