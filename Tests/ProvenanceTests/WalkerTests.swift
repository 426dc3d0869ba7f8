// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage
import Testing

/// Collects what a walk comes to.
private final class Collector: WalkVisitor {
  var paths: [[UInt8]] = []
  var failures: [WalkFailure] = []
  var skips: [WalkSkip] = []

  func visit(_ entry: WalkEntry) { paths.append(entry.path) }
  func failed(_ failure: WalkFailure) { failures.append(failure) }
  func skipped(_ mount: WalkSkip) { skips.append(mount) }
  func pause() {}
}

@Suite struct WalkerTests {
  private func walk(_ operands: [String], workers: Int = 4) -> Collector {
    let collectors = (0..<workers).map { _ in Collector() }
    Walk().run(operands.map { Array($0.utf8) }, visitors: collectors)
    let whole = Collector()
    whole.paths = collectors.flatMap(\.paths)
    whole.failures = collectors.flatMap(\.failures)
    whole.skips = collectors.flatMap(\.skips)
    return whole
  }

  private func text(_ paths: [[UInt8]]) -> [String] {
    paths.map { String(decoding: $0, as: UTF8.self) }.sorted()
  }

  @Test func findsEveryEntryOnce() throws {
    let scratch = try Scratch()
    var expected = [scratch.path]
    for directory in 0..<20 {
      let path = "\(scratch.path)/d\(directory)"
      #expect(mkdir(path, 0o755) == 0)
      expected.append(path)
      for file in 0..<50 {
        try scratch.write("", to: "\(path)/f\(file)", O_CREAT)
        expected.append("\(path)/f\(file)")
      }
    }
    for workers in [1, 2, 7] {
      #expect(text(walk([scratch.path], workers: workers).paths) == expected.sorted())
    }
  }

  @Test func sharesALargeDirectory() throws {
    let scratch = try Scratch()
    let count = 20_000
    for file in 0..<count { try scratch.write("", to: "\(scratch.path)/\(file)", O_CREAT) }
    let found = walk([scratch.path])
    #expect(found.paths.count == count + 1)
    #expect(Set(found.paths).count == count + 1)
  }

  @Test func neverFollowsLinks() throws {
    let scratch = try Scratch()
    #expect(mkdir("\(scratch.path)/d", 0o755) == 0)
    try scratch.write("", to: "\(scratch.path)/d/f", O_CREAT)
    #expect(symlink("d", "\(scratch.path)/link") == 0)
    #expect(symlink(".", "\(scratch.path)/d/loop") == 0)
    #expect(symlink("nowhere", "\(scratch.path)/broken") == 0)
    let expected = ["", "/broken", "/d", "/d/f", "/d/loop", "/link"].map { scratch.path + $0 }
    #expect(text(walk([scratch.path]).paths) == expected)
    #expect(text(walk([scratch.path + "/link"]).paths) == [scratch.path + "/link"])
  }

  @Test func namesAreBytes() throws {
    let scratch = try Scratch()
    let names: [[UInt8]] = [
      [0xff, 0xfe], Array("new\nline".utf8), Array(repeating: 0x61, count: 255), Array("ü".utf8),
      [0x1b, 0x5b], Array("...".utf8), Array(" ".utf8), Array("-n".utf8),
    ]
    for name in names {
      let path = Array("\(scratch.path)/".utf8) + name + [0]
      let descriptor = path.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
        open($0.baseAddress!, O_CREAT | O_WRONLY, 0o644)
      }
      #expect(descriptor >= 0)
      close(descriptor)
    }
    let prefix = Array("\(scratch.path)/".utf8)
    let found = Set(walk([scratch.path]).paths)
    #expect(found == Set(names.map { prefix + $0 } + [Array(scratch.path.utf8)]))
  }

  /// Deeper than any path that the kernel takes (PATH_MAX is 4096 bytes).
  @Test func goesAsDeepAsDirectoriesDo() throws {
    let scratch = try Scratch()
    let depth = 6000
    var directory = open(scratch.path, O_RDONLY | O_DIRECTORY)
    for _ in 0..<depth {
      #expect(mkdirat(directory, "deep", 0o755) == 0)
      let next = openat(directory, "deep", O_RDONLY | O_DIRECTORY)
      #expect(next >= 0)
      close(directory)
      directory = next
    }
    close(directory)
    let found = walk([scratch.path])
    #expect(found.failures.isEmpty)
    #expect(found.paths.count == depth + 1)
    #expect(found.paths.map(\.count).max() == scratch.path.utf8.count + 5 * depth)
  }

  @Test func namesWhatCannotBeReached() throws {
    let found = walk(["/nowhere/at/all", ""])
    #expect(found.paths.isEmpty)
    #expect(text(found.failures.map(\.path)) == ["", "/nowhere/at/all"])
    #expect(found.failures.allSatisfy { $0.error == .noSuchFileOrDirectory })
  }

  @Test func staysOutOfTheKernelsTables() throws {
    let found = walk(["/proc/sys"])
    #expect(found.paths.count > 10)
    // A mount of another pseudo filesystem below one that was named.
    if found.skips.isEmpty {
      #expect(!text(found.paths).contains("/proc/sys/fs/binfmt_misc/status"))
    } else {
      #expect(found.skips.allSatisfy { $0.cause == .pseudoFilesystem })
    }
  }
}
