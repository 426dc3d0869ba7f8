// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import SystemPackage

/// What one thread that serves requests has for itself.
struct Worker: ~Copyable {
  let credentials: UnsafeMutablePointer<Credentials>
  var standIn = StandIn()
  /// Room for the data of one reply.
  private(set) var scratch: UnsafeMutableRawBufferPointer
  /// The request that is being served, as it was read from the kernel.
  private(set) var request = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Where its answer goes, until it is there; nil where that is /dev/fuse.
  var unanswered: RingEntry?
  private let ownScratch: UnsafeMutableRawBufferPointer

  /// Bytes of the largest read or write request.
  static let maximumTransfer = 1 << 20

  private init(isPrivileged: Bool) throws(Errno) {
    credentials = try Credentials.make(isPrivileged: isPrivileged)
    ownScratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.maximumTransfer, alignment: 4096)
    scratch = ownScratch
  }

  deinit {
    ownScratch.deallocate()
    Credentials.free(credentials)
  }

  /// Gives the calling thread what it needs to serve requests.
  ///
  /// - Throws: as ``Credentials/make(isPrivileged:)``.
  static func make(isPrivileged: Bool) throws(Errno) -> UnsafeMutablePointer<Worker> {
    let made = try Worker(isPrivileged: isPrivileged)
    let worker = UnsafeMutablePointer<Worker>.allocate(capacity: 1)
    worker.initialize(to: made)
    prov_thread_set_value(PROV_THREAD_WORKER, worker)
    return worker
  }

  /// The calling thread serves no more.
  static func free(_ worker: UnsafeMutablePointer<Worker>) {
    prov_thread_set_value(PROV_THREAD_WORKER, nil)
    worker.deinitialize(count: 1)
    worker.deallocate()
  }

  /// The calling thread's, where it serves requests.
  static var current: UnsafeMutablePointer<Worker>? {
    prov_thread_value(PROV_THREAD_WORKER)?.assumingMemoryBound(to: Worker.self)
  }

  /// Takes up a request.
  mutating func begin(_ message: UnsafeRawBufferPointer) {
    request = message
    credentials.pointee.forgetGroups()
  }

  /// Takes up a request that has come through a ring.
  mutating func begin(_ message: RingEntry.Message, _ entry: RingEntry) {
    begin(message.bytes)
    unanswered = entry
    // Data that are not there cannot be overwritten: the reply's can be put where the kernel reads them.
    scratch = message.hasData ? ownScratch : entry.payload
  }
}
