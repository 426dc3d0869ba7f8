// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import Testing

@testable import ProvFS

@Suite struct OpenFlagsTests {
  @Test func theBackingFileIsOpenedWithoutWhatTheViewDoesItself() {
    let asked =
      O_RDWR | O_APPEND | O_TRUNC | O_NOFOLLOW | O_SYNC | CInt(PROV_O_DIRECT)
      | CInt(PROV_FMODE_EXEC)
    #expect(OpenFlags(asked).backing == O_RDWR | O_APPEND | O_SYNC | O_NOCTTY)
  }

  @Test func onlyAFileForReadingAndWritingCanBeMappedSharedAndWritable() {
    let writer = Writer(session: .none, pid: 1, uid: 0, comm: TaskName("sh"))
    #expect(OpenFlags(O_RDWR).mapper(.known(writer)) == .known(writer))
    #expect(OpenFlags(O_RDWR).mapper(.unknown) == .unknown)
    #expect(OpenFlags(O_WRONLY).mapper(.known(writer)) == .none)
    #expect(OpenFlags(O_RDONLY).mapper(.known(writer)) == .none)
  }
}
