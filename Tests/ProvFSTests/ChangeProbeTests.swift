// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import Testing

@testable import ProvFS

@Suite struct ChangeProbeTests {
  private static let ext4 = 0xef53
  private static let tmpfs = 0x0102_1994

  /// Multigrain timestamps.
  private static var kernelDatesEachChange: Bool {
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: &name.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let parts = release.split(separator: ".").prefix(2).compactMap { Int($0) }
    return parts.count == 2 && (parts[0], parts[1]) >= (6, 13)
  }

  private func probe(_ path: String) throws -> (type: Int, shows: Bool) {
    let directory = try valueOrErrno(
      prov_openat(AT_FDCWD, path, CInt(PROV_O_PATH) | O_DIRECTORY, 0))
    defer { close(directory) }
    return (Int(prov_filesystem_type(directory)), ChangeProbe.showsChanges(in: directory))
  }

  @Test func ext4TellsOfEachChangeSinceItsTimesAreMultigrain() throws {
    let (type, shows) = try probe("/var/tmp")
    guard type == Self.ext4 else { return }
    #expect(shows == Self.kernelDatesEachChange)
  }

  @Test func tmpfsDoesNotTellOfStores() throws {
    let (type, shows) = try probe("/dev/shm")
    #expect(type == Self.tmpfs)
    #expect(!shows)
  }

  @Test func whereNoFileCanBeMadeNothingIsKnown() throws {
    #expect(try !probe("/proc/self").shows)
  }
}
