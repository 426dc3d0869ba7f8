// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import SystemPackage
import Testing

/// What a stamper without privilege can take away.
@Suite struct StampRemovalTests {
  /// Number of setresuid(2): of x86, and of the table that newer architectures share.
  #if arch(x86_64)
    private static let setresuid = 117
  #else
    private static let setresuid = 147
  #endif

  /// Calls `body` on a thread of its own that has become another user for good, as only the system
  /// call does it: the C library's function would change all threads.
  private func asUser(_ uid: uid_t, _ body: @escaping @Sendable () -> Void) throws {
    typealias Call = @convention(c) (Int, uid_t, uid_t, uid_t) -> Int
    let symbol = try #require(dlsym(UnsafeMutableRawPointer(bitPattern: 0), "syscall"))
    let call = unsafeBitCast(symbol, to: Call.self)
    let thread = Thread { if call(Self.setresuid, uid, uid, uid) == 0 { body() } }
    try thread.run()
  }

  @Test func anOrdinaryUserRemovesTheStampThatIsItsOwn() throws {
    try #require(geteuid() == 0, "becoming another user takes root: run the tests as root")
    let scratch = try Scratch()
    try must(chmod(scratch.path, 0o755))
    try scratch.file("file") { file, path throws in
      try must(chown(path, 12345, 12345))
      #expect(try Stamp.test(of: file).set(on: file))
      let outcome = Outcome()
      try asUser(12345) {
        outcome.record {
          try path.withCString { name in
            try StampStore.forget(FileReference(directory: AT_FDCWD, name: name), .user)
          }
        }
      }
      #expect(outcome.text == "done")
      #expect(try StampReading(file).holding == .unstamped(.noStamp))
      // A trusted stamp it cannot take away, and says so; its own goes all the same.
      #expect(try Stamp.test(of: file).set(on: file, .security))
      #expect(try Stamp.test(of: file).set(on: file))
      try asUser(12345) {
        outcome.record {
          try path.withCString { name in
            try StampStore.forget(FileReference(directory: AT_FDCWD, name: name), .user)
          }
        }
      }
      #expect(outcome.text == "\(Errno.notPermitted)")
      #expect(try StampReading(file).secondary == nil)
    }
  }
}

/// How something on another thread ended; read after that thread has.
private final class Outcome: @unchecked Sendable {
  private(set) var text = "not run"

  func record(_ body: () throws -> Void) {
    do {
      try body()
      text = "done"
    } catch {
      text = "\(error)"
    }
  }
}

/// A thread that is waited for.
private final class Thread {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  func run() throws {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self).toOpaque()
    let error = pthread_create(
      &thread, nil,
      { argument in
        argument.map { Unmanaged<Thread>.fromOpaque($0).takeRetainedValue().body() }
        return nil
      }, argument)
    guard error == 0 else { throw Errno(rawValue: error) }
    pthread_join(thread, nil)
  }
}
