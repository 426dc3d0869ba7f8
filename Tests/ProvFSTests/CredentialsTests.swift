// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ProvFS

private func groups(_ status: String, capacity: Int = 8) -> [gid_t]? {
  let storage = UnsafeMutablePointer<gid_t>.allocate(capacity: capacity)
  defer { storage.deallocate() }
  let count = Array(status.utf8).withUnsafeBytes {
    SupplementaryGroups.parse($0, into: storage, capacity)
  }
  return count.map { Array(UnsafeBufferPointer(start: storage, count: $0)) }
}

@Suite struct CredentialsTests {
  @Test func groupsOfAStatusFile() {
    #expect(groups("Name:\tsh\nGroups:\t4 24 1000 \nNStgid:\t1\n") == [4, 24, 1000])
    #expect(groups("Groups:\t\n") == [])
    #expect(groups("Groups:\t0 \n") == [0])
  }

  @Test(arguments: [
    "", "Name:\tsh\n", "Groups:", "Groups:\t4", "Groups:\t4 24", "Groups:\t4x\n", "Groups:\t-1\n",
    "Groups:\t4294967295\n", "Groups:\t99999999999999999999999\n", "Name:\tGroups:\t7\n",
  ])
  func whatIsNoWholeLineOfGroupsIsRefused(_ status: String) {
    #expect(groups(status) == nil)
  }

  @Test func moreGroupsThanThereIsRoomForAreRefused() {
    #expect(groups("Groups:\t1 2 3 \n", capacity: 3) == [1, 2, 3])
    #expect(groups("Groups:\t1 2 3 4 \n", capacity: 3) == nil)
  }

  /// A task can call itself anything; its name must not pass for its groups.
  @Test func aTaskNameWithALineBreakIsNoGroupsLine() {
    #expect(groups("Name:\ta\\nGroups:\t7\nGroups:\t9\n") == [9])
  }

  /// How many groups a task has; with room for so many bytes of its status before more is allocated.
  private func count(_ task: pid_t, bytes: Int = 8192) -> Int? {
    let storage = UnsafeMutablePointer<gid_t>.allocate(capacity: Credentials.maximumGroups)
    defer { storage.deallocate() }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 1)
    defer { buffer.deallocate() }
    return SupplementaryGroups.read(
      task, using: buffer, into: storage, capacity: Credentials.maximumGroups)
  }

  @Test(arguments: [8192, 16]) func ownGroupsAreRead(bytes: Int) throws {
    let expected = try #require(getgroups(0, nil) >= 0 ? Int(getgroups(0, nil)) : nil)
    #expect(count(getpid(), bytes: bytes) == expected)
  }

  @Test func noTaskHasNoGroups() {
    #expect(count(0) == nil)
    #expect(count(-1) == nil)
  }
}
