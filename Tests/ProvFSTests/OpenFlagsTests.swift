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

  @Test func aCloseIsAskedForWhereThereCanBeSomethingToStamp() {
    let noFlush: UInt32 = 1 << 5
    #expect(OpenFlags(O_RDONLY).reply(.cached, isPseudo: false) & noFlush != 0)
    for flags in [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC] {
      #expect(OpenFlags(flags).reply(.passthrough(1), isPseudo: false) & noFlush == 0)
    }
  }

  @Test func whatPassesAndWhatComesAsRequests() {
    let passthrough: UInt32 = 1 << 7
    let direct: UInt32 = 1 << 0
    let flags = OpenFlags(O_WRONLY)
    #expect(flags.reply(.cached, isPseudo: false) == 0)
    #expect(flags.reply(.cached, isPseudo: true) == direct)
    #expect(flags.reply(.passthrough(7), isPseudo: false) == passthrough)
    // The kernel refuses a file that does not name the inode's backing file.
    #expect(flags.reply(.requests(7), isPseudo: false) == passthrough | direct)
  }
}
