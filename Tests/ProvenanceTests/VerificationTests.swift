// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage
import Testing

/// What really happens to files, and the verdict on each.
@Suite struct VerificationTests {
  /// Longer than the slack and any clock tick, so that what follows has a later time.
  private func waitForTheClock() { usleep(60_000) }

  /// Stamps a new file, lets the clock move on, does `change` to it and judges it.
  private func verdict(
    _ proof: Verifier.Proof = .asStamped, stamper: Stamp.Stamper = .provfs,
    flags: Stamp.Flags = [], pid: UInt32 = 4242,
    after change: (Scratch, String) throws -> Void = { _, _ in }
  ) throws -> Verdict.Reason {
    let scratch = try Scratch()
    return try scratch.file("file", content: "content") { file, path throws in
      var stamp = try Stamp.test(of: file, flags: flags, pid: pid)
      stamp.stamper = stamper
      #expect(stamp.set(on: file))
      waitForTheClock()
      try change(scratch, path)
      return try Verifier(proof).judge(file).verdict.reason
    }
  }

  private func setTimes(_ path: String, mtime seconds: Int) {
    var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
  }

  @Test func aStampedFileIsOK() throws {
    #expect(try verdict() == .inodeUnchanged)
    #expect(try verdict(.ctime) == .inodeUnchanged)
  }

  @Test func aLaterWriteShows() throws {
    let append = { (scratch: Scratch, path: String) in try scratch.write("y", to: path, O_APPEND) }
    #expect(try verdict(after: append) == .modifiedLater)
    #expect(try verdict(.ctime, after: append) == .modifiedLater)
    #expect(try verdict { _, path in try must(truncate(path, 3)) } == .modifiedLater)
  }

  @Test func metadataIsNoContent() throws {
    for change in [
      { _, path in try must(chmod(path, 0o600)) }, { _, path in try must(link(path, path + "2")) },
    ] as [(Scratch, String) throws -> Void] {
      #expect(try verdict(after: change) == .inodeChangedLater)
      #expect(try verdict(.mtime, after: change) == .contentUnchanged)
      #expect(try verdict(.ctime, after: change) == .inodeChangedLater)
      #expect(try verdict(stamper: .lsm, after: change) == .contentUnchanged)
      #expect(try verdict(.ctime, stamper: .lsm, after: change) == .inodeChangedLater)
    }
  }

  @Test func settingTheTimeBackHidesFromMtimeAlone() throws {
    let hide = { (scratch: Scratch, path: String) in
      try scratch.write("y", to: path, O_APPEND)
      setTimes(path, mtime: 1_000_000_000)
    }
    #expect(try verdict(after: hide) == .inodeChangedLater)
    #expect(try verdict(.mtime, after: hide) == .contentUnchanged)
    #expect(try verdict(.ctime, after: hide) == .inodeChangedLater)
  }

  /// What a view does at a change that is none of content: the stamp holds on, and its writer stays.
  @Test func aStampThatHoldsIsRenewed() throws {
    let scratch = try Scratch()
    let changes: [(String) throws -> Void] = [
      { try must(chmod($0, 0o600)) }, { try must(link($0, $0 + "2")) },
      { try must(rename($0, $0 + "3") | rename($0 + "3", $0)) },
      { setTimes($0, mtime: 1_000_000_000) }, { setTimes($0, mtime: 4_000_000_000) },
    ]
    try scratch.file("file") { file, path throws in
      let first = try Stamp.test(of: file)
      #expect(first.set(on: file))
      for change in changes {
        waitForTheClock()
        let stamp = try #require(try StampStore.read(file, .user).stamp)
        #expect(try stamp.canBeRenewed(FileStatus(file)))
        try change(path)
        #expect(try !stamp.canBeRenewed(FileStatus(file)))
        try StampStore.renew(stamp, of: file, .user, at: Clock.realTime)
        let renewed = try #require(try StampStore.read(file, .user).stamp)
        #expect(renewed.writer == first.writer && renewed.flags == first.flags)
        for proof in [Verifier.Proof.asStamped, .ctime] {
          #expect(try Verifier(proof).judge(file).verdict.reason == .inodeUnchanged)
        }
      }
    }
  }

  /// Renewal must not make good what happened past the view.
  @Test func aStampThatDoesNotHoldIsNotRenewed() throws {
    let scratch = try Scratch()
    let changes: [(String) throws -> Void] = [
      { try scratch.write("y", to: $0, O_APPEND) }, { try must(chmod($0, 0o600)) },
      {
        try scratch.write("y", to: $0, O_APPEND)
        setTimes($0, mtime: 1_000_000_000)
      },
    ]
    for (number, change) in changes.enumerated() {
      try scratch.file("file\(number)") { file, path throws in
        let stamp = try Stamp.test(of: file)
        #expect(stamp.set(on: file))
        waitForTheClock()
        try change(path)
        #expect(try !stamp.canBeRenewed(FileStatus(file)))
      }
    }
    try scratch.file("other") { file, _ throws in
      var stamp = try Stamp.test(of: file)
      stamp.inode += 1
      #expect(try !stamp.canBeRenewed(FileStatus(file)))
    }
  }

  @Test func aTimeSetAheadProvesNothing() throws {
    #expect(
      try verdict { _, path in setTimes(path, mtime: 4_000_000_000) } == .modifiedTimeSet)
  }

  /// What tar does: it sets a time and closes; the stamp comes last.
  @Test func aTimeSetAheadBeforeTheStampDoesNotMatter() throws {
    let scratch = try Scratch()
    try scratch.file("file") { file, path throws in
      setTimes(path, mtime: 4_000_000_000)
      #expect(try Stamp.test(of: file).set(on: file))
      #expect(try Verifier().judge(file).verdict.reason == .inodeUnchanged)
    }
  }

  @Test func aCopyShows() throws {
    let scratch = try Scratch()
    try scratch.file("from") { from, path throws in
      #expect(try Stamp.test(of: from).set(on: from))
      try runProgram("cp", "-a", path, path + ".copy")
      waitForTheClock()
      let judgement = try (path + ".copy").withCString {
        try Verifier().judge(FileReference(directory: AT_FDCWD, name: $0))
      }
      #expect(judgement.verdict.reason == .otherInode)
      #expect(rename(path, path + ".moved") == 0)
      let moved = try (path + ".moved").withCString {
        try Verifier(.mtime).judge(FileReference(directory: AT_FDCWD, name: $0))
      }
      #expect(moved.verdict.state == .ok)
    }
  }

  @Test func aStampFromTheFutureIsNotBelieved() throws {
    let scratch = try Scratch()
    try scratch.file("file") { file, _ throws in
      var stamp = try Stamp.test(of: file)
      stamp.time += 3_600_000_000_000
      #expect(stamp.set(on: file))
      #expect(try Verifier().judge(file).verdict.reason == .stampInFuture)
    }
  }

  @Test func aClockThatWasSetBackIsNotBelieved() throws {
    let scratch = try Scratch()
    try scratch.file("file") { file, _ throws in
      let status = try FileStatus(file)
      var stamp = try Stamp.test(of: file)
      // Time has passed the stamp's again, but the inode last changed before it.
      stamp.time = status.ctime + 1_000_000_000
      let verdict = Verifier().judge(
        .stamp(stamp, .security), status: status, now: stamp.time + 1)
      #expect(verdict.reason == .stampAfterInode)
    }
  }

  @Test func anOpenStampNeedsItsWriter() throws {
    #expect(try verdict(flags: .open, pid: UInt32(getpid())) == .inodeUnchanged)
    #expect(
      try verdict(flags: .open, pid: UInt32(getpid())) { scratch, path in
        try scratch.write("y", to: path, O_APPEND)
      } == .stillOpen)
    let child = try runProgram("true")
    #expect(try verdict(flags: .open, pid: UInt32(child)) == .writerGone)
  }

  /// A process that started after the stamp was made is not its writer, whatever its pid is.
  @Test func aPidThatWasUsedAgainIsNoWriter() throws {
    let child = try startProgram(["sleep", "10"])
    defer {
      kill(child, SIGKILL)
      waitpid(child, nil, 0)
    }
    let scratch = try Scratch()
    try scratch.file("file") { file, _ throws in
      var stamp = try Stamp.test(of: file, flags: .open, pid: UInt32(child))
      #expect(WriterLiveness(of: stamp) == .alive)
      stamp.time -= 10_000_000_000
      #expect(WriterLiveness(of: stamp) == .gone)
      stamp.writer.pid = .max
      #expect(WriterLiveness(of: stamp) == .unknown)
    }
  }

  @Test func whatIsNoRegularFileNamesItsCreator() throws {
    let scratch = try Scratch()
    try scratch.path.withCString { name throws in
      let directory = FileReference(directory: AT_FDCWD, name: name)
      #expect(try Stamp.test(of: directory, flags: .created).set(on: directory))
      waitForTheClock()
      try scratch.file("new") { _, _ in }
      #expect(try Verifier().judge(directory).verdict.reason == .creation)
    }
  }

  @Test func malformedStampsAreNamed() throws {
    let scratch = try Scratch()
    try scratch.file("file") { file, _ throws in
      for (bytes, reason): ([UInt8], Verdict.Reason) in [
        ([], .malformedSize), ([1], .malformedSize),
        (Array(repeating: 1, count: 65), .malformedSize),
        (Array(repeating: 1, count: 3000), .malformedSize),
        (Array(repeating: 0, count: 64), .malformedVersion),
        ([1, 9] + Array(repeating: 0, count: 62), .malformedStamper),
      ] {
        #expect(setAttribute(file, "user.prov", bytes) == 0)
        #expect(try Verifier().judge(file).verdict.reason == reason)
      }
    }
  }

  @Test func olderTextIsJudgedByItsTime() throws {
    let scratch = try Scratch()
    try scratch.file("file") { file, path throws in
      #expect(setAttribute(file, "user.prov.session", Array("comm:sed:pid:1".utf8)) == 0)
      #expect(try Verifier().judge(file).verdict.reason == .legacyTimeMissing)
      #expect(setAttribute(file, "user.prov.ts", Array("yesterday".utf8)) == 0)
      #expect(try Verifier().judge(file).verdict.reason == .legacyTimeMalformed)
      let now = Clock.realTime / 1_000_000_000
      #expect(setAttribute(file, "user.prov.ts", Array(String(now).utf8)) == 0)
      #expect(try Verifier().judge(file).verdict.reason == .inodeUnchanged)
      setTimes(path, mtime: Int(now) - 100)
      #expect(setAttribute(file, "user.prov.ts", Array(String(now - 50).utf8)) == 0)
      #expect(try Verifier().judge(file).verdict.reason == .inodeChangedLater)
      #expect(try Verifier(.mtime).judge(file).verdict.reason == .legacyContentUnchanged)
      #expect(setAttribute(file, "user.prov.ts", Array(String(now - 500).utf8)) == 0)
      setTimes(path, mtime: Int(now) - 200)
      #expect(try Verifier().judge(file).verdict.reason == .modifiedLater)
    }
  }

  @Test func theTrustedPlaceComesFirstAndTheOtherIsNotHidden() throws {
    try #require(geteuid() == 0, "security.* takes root: run the tests as root")
    let scratch = try Scratch()
    try scratch.file("file") { file, _ throws in
      let first = try Stamp.test(of: file)
      #expect(first.set(on: file, .security))
      let second = try Stamp.test(of: file, session: SessionID(String(repeating: "a", count: 32))!)
      #expect(second.set(on: file, .user))
      let judgement = try Verifier().judge(file)
      #expect(judgement.reading.holding == .stamp(first, .security))
      #expect(judgement.reading.secondary == .stamp(second, .user))
      #expect(judgement.secondaryVerdict?.state == .ok)
    }
  }

  @Test func aFilesystemWithoutAttributesIsNamed() throws {
    let judgement = try "/proc/self/status".withCString {
      try Verifier().judge(FileReference(directory: AT_FDCWD, name: $0))
    }
    #expect(judgement.verdict.reason == .noAttributes)
  }

  @Test func everyReasonHasItsState() {
    let counts = Dictionary(grouping: Verdict.Reason.allCases, by: \.state).mapValues(\.count)
    #expect(
      counts == [
        .ok: 4, .unproven: 1, .changed: 6, .copied: 1, .malformed: 9, .unstamped: 2,
      ])
  }
}
