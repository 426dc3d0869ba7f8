// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage
import Testing

@testable import ProvFS

/// A directory of its own for each test, with `count` files.
private func withDirectory(_ count: Int, _ body: (inout OpenDirectory) throws -> Void) throws {
  var template = Array("/var/tmp/provfs-directory.XXXXXX".utf8CString)
  let path = String(cString: mkdtemp(&template))
  let names = (0..<count).map { "\(path)/\($0)" }
  defer {
    for name in names { unlink(name) }
    rmdir(path)
  }
  for name in names {
    close(try valueOrErrno(prov_openat(AT_FDCWD, name, O_CREAT | O_WRONLY, 0o600)))
  }
  var directory = OpenDirectory(
    descriptor: try valueOrErrno(prov_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0)))
  try body(&directory)
}

/// All that is left, as name and the offset behind it.
private func rest(_ directory: inout OpenDirectory) throws -> [(name: String, next: off_t)] {
  var entries: [(name: String, next: off_t)] = []
  while let entry = try directory.peek() {
    entries.append((String(cString: entry.name), entry.next))
    directory.advance(entry)
  }
  return entries
}

@Suite struct OpenDirectoryTests {
  @Test func everyEntryComesOnce() throws {
    try withDirectory(3000) { directory in
      let names = try rest(&directory).map(\.name)
      #expect(Set(names) == Set((0..<3000).map(String.init) + [".", ".."]))
      #expect(names.count == 3002)
    }
  }

  @Test func peekingDoesNotAdvance() throws {
    try withDirectory(1) { directory in
      let first = try directory.peek().map { String(cString: $0.name) }
      #expect(try directory.peek().map { String(cString: $0.name) } == first)
    }
  }

  @Test func readingGoesOnAfterAnyEntry() throws {
    try withDirectory(500) { directory in
      let all = try rest(&directory)
      for index in stride(from: 0, to: all.count, by: 37) {
        try directory.seek(all[index].next)
        let names = try rest(&directory).map(\.name)
        #expect(names == all[(index + 1)...].map(\.name))
      }
      try directory.seek(0)
      #expect(try rest(&directory).map(\.name) == all.map(\.name))
    }
  }

  @Test func onlyTheTwoDotsAreDots() throws {
    try withDirectory(0) { directory in
      while let entry = try directory.peek() {
        #expect(entry.isDots)
        directory.advance(entry)
      }
    }
    try withDirectory(1) { directory in
      var others = 0
      while let entry = try directory.peek() {
        if !entry.isDots { others += 1 }
        directory.advance(entry)
      }
      #expect(others == 1)
    }
  }
}
