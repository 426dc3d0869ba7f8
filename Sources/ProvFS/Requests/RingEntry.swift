// SPDX-License-Identifier: Apache-2.0
import CFuse
import CRing
import Glibc
import SystemPackage

/// Memory for one request that comes over io_uring, and for its reply.
struct RingEntry {
  let raw: OpaquePointer

  /// A request, as it would have been read from /dev/fuse.
  struct Message {
    let bytes: UnsafeRawBufferPointer
    /// Whether it has more than headers.
    let hasData: Bool

    var unique: UInt64 { bytes.loadUnaligned(as: fuse_in_header.self).unique }
  }

  /// The request that was received, or nil where it makes no sense.
  var message: Message? {
    var size = 0
    var data = 0
    guard let start = prov_ring_request(raw, &size, &data) else { return nil }
    return Message(bytes: UnsafeRawBufferPointer(start: start, count: size), hasData: data > 0)
  }

  /// Where the reply's data go, and where the request's are.
  var payload: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: prov_ring_payload(raw), count: Worker.maximumTransfer)
  }

  /// Completes the reply to `unique`; its data are spread over `parts`, and may be in the payload already.
  func answer(_ unique: UInt64, _ error: CInt, _ parts: some Collection<iovec>) {
    let payload = payload
    var size = 0
    for part in parts where part.iov_len > 0 {
      guard let start = part.iov_base, part.iov_len <= payload.count - size else {
        return prov_ring_answer(raw, unique, -EIO, 0)
      }
      if start != payload.baseAddress! + size {
        memmove(payload.baseAddress! + size, start, part.iov_len)
      }
      size += part.iov_len
    }
    prov_ring_answer(raw, unique, error, size)
  }
}

/// An io_uring of one thread.
struct ThreadRing: @unchecked Sendable {
  private let raw: OpaquePointer

  /// - Parameter entries: how many can be offered at once.
  init(entries: Int) throws(Errno) {
    var raw: OpaquePointer?
    let result = prov_ring_create(&raw, UInt32(entries))
    guard result == 0, let raw else { throw Errno(rawValue: -result) }
    self.raw = raw
  }

  /// The calling thread, and no other, uses it from now on.
  func enable() throws(Errno) {
    let result = prov_ring_enable(raw)
    guard result == 0 else { throw Errno(rawValue: -result) }
  }

  /// Sends what was committed, and takes no more requests.
  func destroy() {
    prov_ring_destroy(raw)
  }

  /// Offers an entry for the first time. After an error the kernel uses no ring for this connection.
  func register(_ entry: RingEntry) throws(Errno) {
    let result = prov_ring_register(raw, entry.raw)
    guard result == 0 else { throw Errno(rawValue: -result) }
  }

  /// Causes that error, while no ring is in use.
  func refuse(_ device: CInt) {
    prov_ring_refuse(raw, device)
  }

  /// Sends the reply, and offers the entry again, as soon as ``wait()`` is called.
  func commit(_ entry: RingEntry) {
    prov_ring_commit(raw, entry.raw)
  }

  /// Waits for a request.
  func wait() throws(Errno) -> RingEntry {
    var entry: OpaquePointer?
    let result = prov_ring_wait(raw, &entry)
    guard result == 0, let entry else { throw Errno(rawValue: result == 0 ? EPROTO : -result) }
    return RingEntry(raw: entry)
  }
}
