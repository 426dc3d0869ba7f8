// SPDX-License-Identifier: Apache-2.0
import Provenance
import Testing

@testable import ProvFS

private func author(
  session: String? = nil, pid: UInt32 = 1, uid: UInt32 = 0, comm: String = "sh"
) -> Author {
  .known(
    Writer(
      session: session.map { SessionID(String(repeating: $0, count: 32))! } ?? .none, pid: pid,
      uid: uid, comm: TaskName(comm)))
}

@Suite struct AttributionTests {
  @Test func nothingIsPendingAtFirst() {
    let attribution = Attribution()
    #expect(attribution.pending == nil)
    #expect(!attribution.mustSettle(before: author()))
  }

  @Test func aWriterAddsToItsOwnChanges() {
    var attribution = Attribution()
    attribution.record(author(session: "a", pid: 1), .created)
    #expect(!attribution.mustSettle(before: author(session: "a", pid: 2, comm: "cc")))
    attribution.record(author(session: "a", pid: 2, comm: "cc"), .mapped)
    let expected = Attribution.Change(
      author: author(session: "a", pid: 2, comm: "cc"), flags: [.created, .mapped])
    #expect(attribution.pending == expected)
  }

  @Test(arguments: [
    author(session: "b"), author(), author(uid: 1), author(comm: "vi"), .unknown,
  ])
  func anotherWriterWaitsForTheSettling(_ other: Author) {
    var attribution = Attribution()
    attribution.record(author(session: "a"), [])
    #expect(attribution.mustSettle(before: other))
    attribution.settled()
    #expect(!attribution.mustSettle(before: other))
  }

  @Test func outsideSessionsUserAndNameTellWritersApart() {
    var attribution = Attribution()
    attribution.record(author(pid: 1), [])
    #expect(!attribution.mustSettle(before: author(pid: 2)))
    #expect(attribution.mustSettle(before: author(uid: 7)))
    #expect(attribution.mustSettle(before: author(comm: "vi")))
  }

  @Test func anUnknownChangeIsNotTakenForAKnownOne() {
    var attribution = Attribution()
    attribution.record(.unknown, [])
    #expect(!attribution.mustSettle(before: .unknown))
    #expect(attribution.mustSettle(before: author()))
  }

  @Test func aProvisionalStampIsFollowedByAFinalOne() {
    var attribution = Attribution()
    attribution.record(author(session: "a"), [])
    attribution.stampedProvisionally()
    #expect(attribution.isProvisional)
    #expect(attribution.pending != nil)
    attribution.record(author(session: "a"), [])
    #expect(!attribution.isProvisional)
    attribution.stampedProvisionally()
    attribution.settled()
    #expect(attribution == Attribution())
  }

  @Test func flagsOfAnotherWriterAreNotInherited() {
    var attribution = Attribution()
    attribution.record(author(session: "a"), .created)
    // A file without a name cannot be settled: the next writer comes all the same.
    attribution.record(author(session: "b"), .mapped)
    #expect(
      attribution.pending
        == Attribution.Change(author: author(session: "b"), flags: .mapped))
  }
}
