// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SystemPackage

/// DSSE: a payload and its signature, which says of what type the payload is.
enum Envelope {
  private static let type = "application/vnd.in-toto+json"
  private static let signatureSize = 64

  static func signed(
    _ payload: ByteBuffer, with key: [UInt8], _ diagnostics: Diagnostics
  ) throws -> ByteBuffer {
    let head = "DSSEv1 \(type.utf8.count) \(type) \(payload.count) "
    let signature = try sign(Array(head.utf8) + payload.bytes, key, diagnostics)
    var json = JSONWriter()
    json.object { json in
      json.field("payloadType", type)
      json.field("payload", JSONWriter.base64(payload.bytes))
      json.field("signatures", array: [signature]) { json, signature in
        json.object { json in
          json.field("keyid", "")
          json.field("sig", JSONWriter.base64(signature))
        }
      }
    }
    json.buffer.append("\n")
    return json.buffer
  }

  /// Of a key of another kind openssl makes signatures of another size, or none.
  private static func sign(
    _ message: [UInt8], _ key: [UInt8], _ diagnostics: Diagnostics
  ) throws -> [UInt8] {
    let words = ["openssl", "pkeyutl", "-sign", "-rawin", "-in", "/dev/stdin", "-inkey"]
    var cause = "this is no Ed25519 key"
    var wayOut = "openssl genpkey -algorithm ed25519 -out FILE"
    do {
      let program = try Program(words.map { Array($0.utf8) } + [key], input: message)
      let signature = try program.readToEnd()
      let (status, complaint) = program.finish()
      if status == 0, signature.count == signatureSize { return signature }
      if let line = complaint.split(separator: UInt8(ascii: "\n")).first, status != 0 {
        cause = "openssl cannot sign with it: \(Escaping.text(line))"
      }
    } catch {
      cause = "cannot run openssl: \(error)"
      wayOut = "apt install openssl"
    }
    diagnostics.trouble("\(Escaping.text(key)): \(cause); way out: \(wayOut)")
    throw ExitCode.trouble
  }
}
