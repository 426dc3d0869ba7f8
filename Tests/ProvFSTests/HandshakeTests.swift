// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc
import Testing

@testable import ProvFS

/// The kernel's offer goes in, libfuse's reply goes through: what comes out?
private func completed(
  offered: UInt64, replied: UInt32, unique: UInt64 = 2, replyTo: UInt64 = 2, error: CInt = 0
) -> UInt64 {
  var offer = (fuse_in_header(), fuse_init_in())
  offer.0.opcode = FUSE_INIT.rawValue
  offer.0.unique = unique
  offer.1.major = 7
  offer.1.minor = 40
  offer.1.flags = UInt32(truncatingIfNeeded: offered)
  offer.1.flags2 = UInt32(offered >> 32)
  withUnsafeBytes(of: &offer) { Handshake.received($0) }
  var header = fuse_out_header(len: 0, error: error, unique: replyTo)
  var body = fuse_init_out()
  body.flags = replied
  withUnsafeMutableBytes(of: &header) { header in
    withUnsafeMutableBytes(of: &body) { body in
      var parts = [
        iovec(iov_base: header.baseAddress, iov_len: header.count),
        iovec(iov_base: body.baseAddress, iov_len: body.count),
      ]
      _ = parts.withUnsafeMutableBufferPointer { Handshake.complete($0) }
    }
  }
  return UInt64(body.flags) | UInt64(body.flags2) << 32
}

private let extended: UInt64 = 1 << 30
private let parallelLookups: UInt64 = 1 << 18
private let killPrivileges2: UInt64 = 1 << 28
private let killPrivileges: UInt32 = 1 << 19
private let writebackCache: UInt32 = 1 << 16
private let noExport: UInt64 = 1 << 38

/// In order: the handshake's state is the process's.
@Suite(.serialized) struct HandshakeTests {
  @Test func whatIsOfferedIsAskedFor() {
    let flags = completed(
      offered: extended | parallelLookups | killPrivileges2 | noExport, replied: 1)
    #expect(flags == extended | parallelLookups | killPrivileges2 | noExport | 1)
  }

  @Test func whatIsNotOfferedIsNotAskedFor() {
    #expect(completed(offered: parallelLookups, replied: 1) == parallelLookups | 1)
    #expect(completed(offered: 0, replied: 1) == 1)
  }

  @Test func withoutTheExtensionTheUpperFlagsMeanNothing() {
    #expect(completed(offered: noExport, replied: 1) == 1)
  }

  @Test func whatHidesTheWriterIsTakenOut() {
    let flags = completed(offered: 0, replied: killPrivileges | writebackCache | 1)
    #expect(flags == 1)
  }

  @Test func otherRepliesPassUntouched() {
    #expect(completed(offered: parallelLookups, replied: 1, unique: 2, replyTo: 4) == 1)
    #expect(completed(offered: parallelLookups, replied: 1, error: -EPERM) == 1)
  }

  @Test func passthroughIsGrantedWhereItIsWantedAndOffered() {
    let passthrough: UInt64 = 1 << 37
    #expect(completed(offered: extended | passthrough, replied: 1) == extended | 1)
    Handshake.requestPassthrough(stackDepth: 1)
    defer { Handshake.requestPassthrough(stackDepth: 0) }
    #expect(completed(offered: extended, replied: 1) == extended | 1)
    #expect(!Handshake.grantsPassthrough)
    #expect(
      completed(offered: extended | passthrough, replied: 1) == extended | passthrough | 1)
    #expect(Handshake.grantsPassthrough)
  }

  /// The last one to ask: a ring is never given back.
  @Test func aRingIsGrantedWhereItIsWantedAndOffered() {
    let ring: UInt64 = 1 << 41
    #expect(completed(offered: extended | ring, replied: 1) == extended | 1)
    #expect(!Handshake.grantsRing)
    Handshake.requestRing()
    #expect(completed(offered: extended, replied: 1) == extended | 1)
    #expect(completed(offered: ring, replied: 1) == 1, "the upper flags mean nothing")
    #expect(!Handshake.grantsRing)
    #expect(completed(offered: extended | ring, replied: 1) == extended | ring | 1)
    #expect(Handshake.grantsRing)
  }

  @Test func messagesThatAreTooShortAreNoOffer() {
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: 200, alignment: 8)
    defer { message.deallocate() }
    message.initializeMemory(as: UInt8.self, repeating: 0xff)
    for count in 0..<40 {
      Handshake.received(UnsafeRawBufferPointer(rebasing: message[..<count]))
    }
    #expect(completed(offered: 0, replied: 7) == 7)
  }
}
