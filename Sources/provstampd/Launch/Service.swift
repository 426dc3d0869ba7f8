// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance

/// What the daemon does between start and end: one thing at a time, in one thread.
final class Service {
  private let programs: Programs
  private let server: Server
  private let signals: CInt
  private var stamper = Stamper()
  private var coverage = Coverage()
  private var nextRound: UInt64 = 0

  /// How often files that stay open are stamped, and what is counted is written down.
  private static let roundTime: UInt64 = 10_000_000_000

  init(programs: Programs, server: Server, signals: CInt) {
    self.programs = programs
    self.server = server
    self.signals = signals
  }

  /// Until a signal ends it. What has been noted by then is stamped.
  func run() {
    while true {
      let watched = [programs.descriptor, signals, server.listener] + server.clients
      let ready = Self.wait(watched, milliseconds: stamper.hasRetries ? 1000 : 10_000)
      if ready.contains(signals) { break }
      stamper.apply(programs.ended())
      if ready.contains(server.listener) { server.accept() }
      for client in server.clients where ready.contains(client) {
        server.serve(client) { stamper.apply(programs.ended()) }
      }
      doRound()
    }
    stamper.apply(programs.ended())
    coverage.write(programs.counts, stamper.outcomes)
  }

  private func doRound() {
    guard Clock.monotonic >= nextRound else { return }
    nextRound = Clock.monotonic &+ Self.roundTime
    stamper.applyOngoing(programs.ongoing())
    coverage.write(programs.counts, stamper.outcomes)
    _ = prov_notify("WATCHDOG=1")
  }

  /// - Returns: those of the descriptors that have something to read.
  private static func wait(_ watched: [CInt], milliseconds: CInt) -> Set<CInt> {
    var polled = watched.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard poll(&polled, nfds_t(polled.count), milliseconds) > 0 else { return [] }
    return Set(polled.lazy.filter { $0.revents != 0 }.map(\.fd))
  }
}
