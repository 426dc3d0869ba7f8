// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Provenance
import Testing

@testable import ProvFS

private func process(_ pid: UInt32, session: Character? = nil, comm: String = "sh")
  -> Author
{
  .known(
    Writer(
      session: session.map { SessionID(String(repeating: $0, count: 32))! } ?? .none, pid: pid,
      uid: 0, comm: TaskName(comm)))
}

private func version(_ number: UInt64) -> ContentVersion {
  var attributes = statx()
  attributes.stx_size = number
  return ContentVersion(attributes)
}

private func written(by author: Author, mayMap: Bool = false) -> Attribution {
  var attribution = Attribution()
  attribution.silent = SilentWriters(at: version(0))
  attribution.silent?.open(by: author, passthrough: true, mayMap: mayMap)
  return attribution
}

extension Attribution {
  /// What a close(2) by `holder` does, with the content at this version.
  fileprivate mutating func close(by holder: Author, at version: ContentVersion) {
    silentFileIsHeld(by: holder, passthrough: true)
    if hasUnseenChange(version) { recordUnseenChange(version) }
    silent?.closed(by: holder)
  }

  /// What the last close of the file does.
  fileprivate mutating func end() -> Author? {
    silent?.close(passthrough: true)
    return silent?.certainAuthor
  }
}

@Suite struct SilentWritersTests {
  @Test func whatHasNotChangedIsNotRecorded() {
    var attribution = written(by: process(1))
    attribution.close(by: process(1), at: version(0))
    #expect(attribution.pending == nil)
    #expect(attribution.end() == nil)
  }

  @Test func anUnseenChangeIsTheOpeners() {
    var attribution = written(by: process(1, session: "a"))
    attribution.close(by: process(1, session: "a"), at: version(1))
    #expect(attribution.pending?.author == process(1, session: "a"))
    #expect(attribution.pending?.flags == [])
  }

  @Test func aProcessKeepsItsFileWhenItsNameChanges() {
    var attribution = written(by: process(1, comm: "sh"))
    attribution.close(by: process(1, comm: "gcc"), at: version(1))
    #expect(attribution.pending?.author == process(1, comm: "gcc"))
  }

  @Test func aNumberInAnotherSessionIsAnotherProcess() {
    var attribution = written(by: process(1))
    attribution.close(by: process(1, session: "a"), at: version(1))
    #expect(attribution.pending?.author == .unknown)
  }

  @Test func processesOfOneSessionShareAFile() {
    var attribution = written(by: process(1, session: "a"))
    attribution.close(by: process(2, session: "a"), at: version(1))
    #expect(attribution.pending?.author == process(2, session: "a"))
  }

  @Test func whatTwoMayHaveChangedIsNobodys() {
    var attribution = written(by: process(1))
    attribution.close(by: process(2, session: "a"), at: version(1))
    #expect(attribution.pending?.author == .unknown)
    // The opener may have written since.
    attribution.close(by: process(1), at: version(2))
    #expect(attribution.pending?.author == .unknown)
  }

  @Test func theLastHolderIsCertainInTheEnd() {
    var attribution = written(by: process(1))
    attribution.close(by: process(1), at: version(1))
    attribution.close(by: process(2, session: "a"), at: version(2))
    attribution.close(by: process(3, session: "a"), at: version(2))
    #expect(attribution.pending?.author == .unknown)
    #expect(attribution.end() == process(3, session: "a"))
  }

  @Test func whatChangedWhileTwoWereLeftStaysUnknown() {
    var attribution = written(by: process(1))
    attribution.close(by: process(2, session: "a"), at: version(1))
    attribution.close(by: process(1), at: version(1))
    #expect(attribution.end() == nil)
  }

  @Test func aMappingMayBeAnyHolders() {
    var attribution = written(by: process(1), mayMap: true)
    attribution.close(by: process(2, session: "a"), at: version(1))
    #expect(attribution.end() == nil)
  }

  @Test func whatSeemedTheOpenersBeforeASecondHolderWasSeen() {
    var attribution = written(by: process(1))
    attribution.recordUnseenChange(version(1))
    #expect(attribution.pending?.author == process(1))
    attribution.close(by: process(2, session: "a"), at: version(1))
    #expect(attribution.pending?.author == .unknown)
  }

  @Test func whatWasStampedBeforeASecondHolderWasSeen() {
    var attribution = written(by: process(1))
    attribution.recordUnseenChange(version(1))
    attribution.settled()
    attribution.close(by: process(2, session: "a"), at: version(1))
    #expect(attribution.pending?.author == .unknown)
  }

  @Test func aSecondHolderCastsNoDoubtOnARequest() {
    var attribution = written(by: process(1))
    attribution.recordUnseenChange(version(1))
    attribution.settled()
    attribution.record(process(3, session: "c"), [])
    attribution.silent?.accounted(version(2))
    attribution.close(by: process(2, session: "a"), at: version(2))
    #expect(attribution.pending?.author == process(3, session: "c"))
  }

  @Test func whatChangesWithoutADescriptorIsNobodys() {
    var attribution = written(by: process(1))
    attribution.close(by: process(1), at: version(1))
    attribution.recordUnseenChange(version(2))
    attribution.silent?.close(passthrough: true)
    #expect(attribution.silent?.wasChangedByNobody(isMapped: false, at: 1) == true)
    #expect(attribution.silent?.wasChangedByNobody(isMapped: true, at: 1) == false)
  }

  @Test func aMappingMayEndBeforeItsFileIsKnownToBeClosed() {
    var attribution = written(by: process(1), mayMap: true)
    attribution.close(by: process(1), at: version(1))
    attribution.recordUnseenChange(version(2))
    attribution.silent?.close(passthrough: true)
    #expect(attribution.silent?.wasChangedByNobody(isMapped: false, at: 1) == false)
    #expect(attribution.silent?.wasChangedByNobody(isMapped: false, at: 1_000_000_000) == true)
  }

  @Test func besideAStrangerNothingIsCertain() {
    var writers = SilentWriters(at: version(0), isBesideStranger: true)
    #expect(!writers.mayPass(process(1)))
    writers.open(by: process(1), passthrough: false, mayMap: false)
    #expect(writers.author == .unknown)
    #expect(writers.mayStore)
  }

  @Test func storesOfTheOneWhoIsLeftAreItsOwn() {
    var attribution = written(by: process(1, session: "a"))
    attribution.silent?.open(by: process(2, session: "b"), passthrough: false, mayMap: true)
    attribution.recordUnseenChange(version(1))
    // It was written, or stored.
    #expect(attribution.pending?.author == .unknown)
    attribution.silent?.close(passthrough: true)
    attribution.recordUnseenChange(version(2))
    #expect(
      attribution.pending
        == Attribution.Change(author: process(2, session: "b"), flags: .mapped))
  }

  @Test func whoeverMayHaveLeftAMappingMayStore() {
    var attribution = written(by: process(1, session: "a"), mayMap: true)
    attribution.silent?.open(by: process(2, session: "b"), passthrough: false, mayMap: true)
    attribution.silent?.close(passthrough: true)
    attribution.recordUnseenChange(version(1))
    #expect(attribution.pending?.author == .unknown)
  }

  @Test func aMappingThatIsLeftAndOneThatIsNewMayBothBeStoredTo() {
    var attribution = written(by: process(1, session: "a"), mayMap: true)
    attribution.silent?.close(passthrough: true)
    #expect(attribution.silent?.author == process(1, session: "a"))
    attribution.silent?.open(by: process(2, session: "b"), passthrough: false, mayMap: true)
    attribution.recordUnseenChange(version(1))
    #expect(attribution.pending?.author == .unknown)
  }

  @Test func aFileThatNobodySharedIsNotStampedAgainAtItsEnd() {
    var attribution = written(by: process(1, session: "a"))
    attribution.close(by: process(1, session: "a"), at: version(1))
    #expect(attribution.end() == nil)
  }

  /// A request came after the last change that no request told of.
  @Test func whoClosesLastIsNotNamedForWhatAnotherHasWrittenSince() {
    var attribution = written(by: process(1, session: "a"))
    attribution.close(by: process(1, session: "a"), at: version(0))
    attribution.recordUnseenChange(version(1))
    attribution.record(process(3, session: "c"), [])
    attribution.silent?.accounted(version(2))
    attribution.close(by: process(2, session: "b"), at: version(2))
    #expect(attribution.end() == nil)
    #expect(attribution.pending?.author == process(3, session: "c"))
  }

  /// Who may store through a file is told from who may only have closed one of his own.
  @Test(arguments: [true, false])
  func whatWasLaidToAMapperIsInDoubtOnceAnotherClosesTheFile(isPassedOn: Bool) {
    let (one, other) = (process(1, session: "a"), process(2, session: "b"))
    var attribution = Attribution()
    attribution.silent = SilentWriters(at: version(0))
    attribution.silent?.open(by: one, passthrough: false, mayMap: true)
    attribution.recordUnseenChange(version(1))
    attribution.settled()
    attribution.silentFileIsHeld(
      by: other, passthrough: false, opener: isPassedOn ? one : other)
    #expect(attribution.pending?.author == (isPassedOn ? .unknown : nil))
  }

  @Test func writesPassForOneProcess() {
    var writers = SilentWriters(at: version(0))
    #expect(!writers.mayPass(.unknown))
    #expect(writers.mayPass(process(1)))
    writers.open(by: process(1), passthrough: true, mayMap: false)
    #expect(writers.mayPass(process(1)))
    #expect(!writers.mayPass(process(2)))
    // Another's own file says nothing about who has this one.
    writers.isHeld(by: process(2), passthrough: false)
    #expect(writers.mayPass(process(1)))
    writers.isHeld(by: process(2), passthrough: true)
    #expect(!writers.mayPass(process(1)))
  }

  @Test func writesDoNotPassBesideTheMappingOfAnother() {
    var writers = SilentWriters(at: version(0))
    writers.open(by: process(1), passthrough: false, mayMap: true)
    #expect(writers.mayPass(process(1)))
    #expect(!writers.mayPass(process(2)))
  }

  @Test func whereNoWritePassesItWasAStore() {
    var attribution = Attribution()
    attribution.silent = SilentWriters(at: version(0))
    attribution.silent?.open(by: process(1), passthrough: false, mayMap: true)
    attribution.recordUnseenChange(version(1))
    #expect(attribution.pending == Attribution.Change(author: process(1), flags: .mapped))
  }

  @Test func storesAfterTheLastCloseAreMapped() {
    var attribution = written(by: process(1), mayMap: true)
    attribution.close(by: process(1), at: version(0))
    attribution.silent?.close(passthrough: true)
    attribution.recordUnseenChange(version(1))
    #expect(attribution.pending == Attribution.Change(author: process(1), flags: .mapped))
  }
}

@Suite struct BackingTests {
  private func file(_ id: CInt) -> BackingFile { BackingFile(id: id, uid: 0, gid: 0) }

  @Test func allFilesOfAnInodeShareOneBackingFile() throws {
    var backing = Backing()
    #expect(try backing.open { file(7) }?.id == 7)
    #expect(
      try backing.open {
        Issue.record("registered twice")
        return file(8)
      }?.id == 7)
    #expect(backing.close()?.id == nil)
    #expect(backing.close()?.id == 7)
    #expect(try backing.open { file(9) }?.id == 9)
  }

  @Test func whatCannotBeRegisteredStaysCachedUntilTheLastClose() throws {
    var backing = Backing()
    #expect(try backing.open { nil }?.id == nil)
    #expect(try backing.open { file(9) }?.id == nil)
    #expect(backing.close()?.id == nil)
    #expect(backing.close()?.id == nil)
    #expect(try backing.open { file(9) }?.id == 9)
  }
}
