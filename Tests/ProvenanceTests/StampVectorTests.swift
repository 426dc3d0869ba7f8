// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import Testing

/// Reads `Tests/vectors/stamps.txt`, whose head describes it.
@Suite struct StampVectorTests {
  struct Vector: CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var fields: [String: String]

    var testDescription: String { name }
  }

  static let vectors: [Vector] = readVectors()

  @Test func allAreThere() {
    #expect(Self.vectors.count == 36)
    #expect(Set(Self.vectors.map(\.name)).count == 36)
  }

  @Test(arguments: vectors) func decodesAsDescribed(_ vector: Vector) throws {
    let decoded = vector.bytes.withUnsafeBytes { bytes in
      Result { () throws(StampError) in try Stamp(bytes) }
    }
    switch decoded {
    case .failure(let error):
      #expect(name(of: error) == vector.fields["error"])
    case .success(let stamp):
      #expect(fields(of: stamp) == vector.fields)
      #expect(stamp.encoded == vector.bytes)
    }
  }

  private func name(of error: StampError) -> String {
    switch error {
    case .size: "size"
    case .version: "version"
    case .stamper: "stamper"
    case .flags: "flags"
    case .session: "session"
    case .root: "root"
    case .comm: "comm"
    }
  }

  private func fields(of stamp: Stamp) -> [String: String] {
    let comm = stamp.writer.comm.bytes.map { String(0x100 | Int($0), radix: 16).suffix(2) }.joined()
    return [
      "stamper": String(stamp.stamper.rawValue), "flags": String(stamp.flags.rawValue),
      "pid": String(stamp.writer.pid), "uid": String(stamp.writer.uid),
      "root": stamp.writer.root.description, "session": stamp.writer.session.description,
      "time": String(stamp.time), "inode": String(stamp.inode),
      "comm": comm.isEmpty ? "-" : comm,
    ]
  }

  private static func readVectors() -> [Vector] {
    let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = fopen("/\(package)/Tests/vectors/stamps.txt", "r") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    while case let byte = getc(file), byte >= 0 { text.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map(vector)
  }

  private static func vector(_ line: Substring) -> Vector {
    let parts = line.split(separator: " ")
    let digits = Array(parts[1] == "-" ? "" : parts[1])
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
    let fields = parts.dropFirst(2).map { field in
      let pair = field.split(separator: "=")
      return (String(pair[0]), String(pair[1]))
    }
    return Vector(
      name: String(parts[0]), bytes: bytes, fields: Dictionary(uniqueKeysWithValues: fields))
  }
}
