// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage
import Testing

@testable import ProvFS

@Suite struct StamperTests {
  /// O_APPEND of a shared descriptor is one change's at a time, also where somebody else stamps.
  @Test(arguments: [true, false])
  func changesOfOneInodeComeOneAfterTheOther(isActive: Bool) async throws {
    let source = try valueOrErrno(prov_openat(AT_FDCWD, "/var/tmp", CInt(PROV_O_PATH), 0))
    let table = try NodeTable(
      source: source, usesHandles: false, limits: DescriptorLimits(limit: 100))
    let stamper = Stamper(table: table, isActive: isActive, warnings: Warnings())
    let overlaps = Count()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<50 {
            try? stamper.change(table.root, by: .unknown) { () throws(Errno) in
              overlaps.enter()
              usleep(100)
              overlaps.leave()
              // Nothing was changed, and nothing is to be stamped.
              throw Errno.ioError
            }
          }
        }
      }
    }
    #expect(overlaps.most == 1)
  }

  private final class Count: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() {
      state.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
    }

    func leave() {
      state.withLock { $0.now -= 1 }
    }
  }
}
