// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import Testing

@testable import Provenance

@Suite struct SessionResolverTests {
  static let wait = "import sys; print('up', flush=True); sys.stdin.read()"

  @Test func aProcessIsItselfNow() throws {
    let resolver = try WriterResolver()
    let peer = try SessionPeer(
      #"""
      import os, sys
      print("up", flush=True)
      sys.stdin.readline()
      os.execv("/bin/sh", ["sh", "-c", "echo up; read line; exec cat"])
      """#)
    _ = try peer.line()
    let before = try #require(resolver.writer(task: peer.pid, uid: 7))
    #expect(before.pid == UInt32(peer.pid))
    #expect(before.uid == 7)
    #expect(before.session.isNone && before.root.isNone)
    #expect(before.comm.bytes.starts(with: "python3".utf8))
    peer.proceed()
    _ = try peer.line()
    #expect(resolver.writer(task: peer.pid, uid: 7)?.comm == TaskName("sh"))
  }

  @Test func aThreadIsItsProcessByItsOwnName() throws {
    let resolver = try WriterResolver()
    let peer = try SessionPeer(
      #"""
      import ctypes, sys, threading
      def work():
          ctypes.CDLL(None).prctl(15, b"worker) S 1 (", 0, 0, 0)
          print(threading.get_native_id(), flush=True)
          sys.stdin.read()
      thread = threading.Thread(target=work)
      thread.start()
      thread.join()
      """#)
    let thread = try #require(try peer.numbers().first)
    #expect(thread != peer.pid)
    for _ in 0..<2 {
      let writer = try #require(resolver.writer(task: thread, uid: 0))
      #expect(writer.pid == UInt32(peer.pid))
      #expect(writer.comm == TaskName("worker) S 1 ("))
    }
  }

  @Test func whoIsNotThereIsUnknown() throws {
    let resolver = try WriterResolver()
    for task: pid_t in [0, -1, .min, .max] { #expect(resolver.writer(task: task, uid: 0) == nil) }
    let peer = try SessionPeer(Self.wait)
    _ = try peer.line()
    #expect(resolver.writer(task: peer.pid, uid: 0) != nil)
    peer.killOnly(SIGKILL)
    #expect(resolver.writer(task: peer.pid, uid: 0) == nil)
  }

  /// Needs the right to choose the next pid, as root has.
  @Test func aNumberThatIsUsedAgainNamesTheNewProcess() throws {
    let resolver = try WriterResolver()
    let leader = try SessionRegistryTests.Leader("honest")
    #expect(resolver.writer(task: leader.child, uid: 0)?.session == leader.id)
    let number = leader.child
    leader.peer.end()
    for _ in 0..<1000 {
      let control = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC)
      try #require(control >= 0)
      let last = "\(number - 1)"
      _ = write(control, last, last.utf8.count)
      close(control)
      let peer = try SessionPeer(Self.wait)
      _ = try peer.line()
      guard peer.pid == number else { continue }
      let writer = try #require(resolver.writer(task: number, uid: 0))
      #expect(writer.session.isNone)
      #expect(writer.comm.bytes.starts(with: "python3".utf8))
      return
    }
    Issue.record("no process got the number \(number) again")
  }

  @Test func theNearestLeaderCountsAndTheOutermostIsTheRoot() throws {
    let outer = try SessionRegistryTests.Leader("honest", depth: 3)
    let sessions = [outer] + outer.nested
    let resolver = try WriterResolver()
    for _ in 0..<2 {
      for (level, session) in sessions.enumerated() where level < 2 {
        // The child of one leads the next.
        let writer = try #require(resolver.writer(task: session.child, uid: 0))
        #expect(writer.session == sessions[level + 1].id)
        #expect(writer.root == outer.id.prefix)
      }
    }
    #expect(resolver.writer(task: outer.peer.pid, uid: 0)?.session == outer.id)
    #expect(resolver.writer(task: outer.peer.pid, uid: 0)?.root == RootPrefix.none)
    // A resolver that sees the innermost first climbs the whole way.
    let innermost = try #require(try WriterResolver().writer(task: sessions[2].child, uid: 0))
    #expect(innermost.session == sessions[2].id)
    #expect(innermost.root == outer.id.prefix)
  }

  /// Longer than what is remembered of one climb, with a leader at the top and one in the middle.
  @Test func aLongLineOfAncestorsIsClimbed() throws {
    let outer = try SessionRegistryTests.Leader("honest", depth: 40)
    let last = try #require(outer.nested.last)
    let resolver = try WriterResolver()
    let writer = try #require(resolver.writer(task: last.child, uid: 0))
    #expect(writer.session == last.id)
    #expect(writer.root == outer.id.prefix)
    let middle = try #require(resolver.writer(task: outer.nested[19].child, uid: 0))
    #expect(middle.session == outer.nested[20].id)
    #expect(middle.root == outer.id.prefix)
  }

  @Test func aKnownTaskKeepsItsSessionWhenTheLeaderIsKilled() throws {
    let leader = try SessionRegistryTests.Leader("honest")
    let resolver = try WriterResolver()
    #expect(resolver.writer(task: leader.child, uid: 0)?.session == leader.id)
    leader.peer.killOnly(SIGKILL)
    unlink(leader.path)
    #expect(resolver.writer(task: leader.child, uid: 0)?.session == leader.id)
    // Who sees the task for the first time finds no leader above it any more.
    #expect(try WriterResolver().writer(task: leader.child, uid: 0)?.session == SessionID.none)
  }

  @Test func moreTasksThanAreRememberedAreAllRight() throws {
    let resolver = try WriterResolver(capacity: 8)
    let peers = try (0..<40).map { _ in try SessionPeer(Self.wait) }
    for peer in peers { _ = try peer.line() }
    let leader = try SessionRegistryTests.Leader("honest")
    for _ in 0..<3 {
      for peer in peers {
        #expect(resolver.writer(task: peer.pid, uid: 0)?.pid == UInt32(peer.pid))
        #expect(resolver.writer(task: leader.child, uid: 0)?.session == leader.id)
      }
    }
  }

  /// What is forgotten closes its files; what was used since the hand came by stays.
  @Test func aFullCacheForgetsWhatWasNotUsed() throws {
    let proc = try ProcFilesystem()
    let cache = TaskCache(capacity: 8)
    var remembered: [() -> TaskFiles?] = []
    for number: pid_t in 1...9 {
      let files = try TaskFiles(proc, getpid(), agentSessions: false)
      remembered.append { [weak files] in files }
      cache.insert(
        ResolvedTask(task: number, process: number, files: files, membership: .outside))
    }
    func tasks() -> [Int] { (1...remembered.count).filter { remembered[$0 - 1]() != nil } }
    #expect(tasks() == [2, 3, 4, 5, 6, 7, 8, 9])
    #expect(cache.find(1) == nil)
    #expect(cache.find(2)?.task == 2)
    let files = try TaskFiles(proc, getpid(), agentSessions: false)
    cache.insert(ResolvedTask(task: 10, process: 10, files: files, membership: .outside))
    #expect(tasks() == [2, 4, 5, 6, 7, 8, 9])
    // The same number again takes the place of what was known of it.
    cache.insert(ResolvedTask(task: 4, process: 4, files: files, membership: .outside))
    #expect(tasks() == [2, 5, 6, 7, 8, 9])
    #expect(cache.find(4)?.files === files)
  }

  @Test func threadsThatAskAtOnceGetTheSameAnswers() throws {
    let resolver = try WriterResolver(capacity: 16)
    let leaders = try (0..<4).map { _ in try SessionRegistryTests.Leader("honest", depth: 2) }
    let wrong = Mutex<[String]>([])
    let tasks = leaders.map { leader in
      (task: leader.nested[0].child, session: leader.nested[0].id, root: leader.id.prefix)
    }
    let threads = (0..<8).map { seed in
      Thread.start {
        for round in 0..<5000 {
          let expected = tasks[(round + seed) % tasks.count]
          let writer = resolver.writer(task: expected.task, uid: 0)
          if writer?.session != expected.session || writer?.root != expected.root {
            wrong.withLock { $0.append("\(String(describing: writer))") }
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wrong.withLock { $0 } == [])
  }

  /// The first process of a pid namespace belongs to the session around, by the number that it has here.
  /// Its children, and so all others there, may have come from anywhere. Needs the right to make a
  /// namespace, as root has.
  @Test func whoIsInAPidNamespaceIsKnownAsFarAsItCanBePlaced() throws {
    let leader = try SessionRegistryTests.Leader("namespace")
    let first = try #require(Self.children(of: leader.child).first)
    let second = try #require(Self.children(of: first).first)
    let resolver = try WriterResolver()
    for _ in 0..<2 {
      #expect(resolver.writer(task: second, uid: 0) == nil)
      let writer = try #require(resolver.writer(task: first, uid: 0))
      #expect(writer.session == leader.id)
      #expect(writer.pid == UInt32(first))
    }
  }

  /// Orphans of a killed leader.
  @Test func childrenOfAForegroundProcessAreUnknownUnlessTheyLead() throws {
    let peer = try SessionPeer(
      #"""
      import ctypes, os, sys
      name = lambda name: ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
      name(b"provstamp-front")
      def child(named):
          ready, up = os.pipe()
          pid = os.fork()
          if pid == 0:
              name(named)
              os.write(up, b"x")
              sys.stdin.read()
              os._exit(0)
          os.read(ready, 1)
          return pid
      print(child(b"sh"), child(b"provstamp-run"), flush=True)
      sys.stdin.read()
      """#)
    let children = try peer.numbers()
    let resolver = try WriterResolver()
    // Once before the parent is remembered, once after.
    #expect(resolver.writer(task: children[0], uid: 0) == nil)
    let parent = try #require(resolver.writer(task: peer.pid, uid: 0))
    #expect(resolver.writer(task: children[0], uid: 0) == nil)
    let leader = try #require(resolver.writer(task: children[1], uid: 0))
    #expect(leader.session != parent.session && !leader.session.isNone)
  }

  /// Whose parent is outside this pid namespace, and so unknown, and who is the kernel's.
  @Test func aThreadOfTheKernelIsUnknown() throws {
    let proc = try ProcFilesystem()
    guard proc.isKernelThread(2) else { return }
    #expect(try WriterResolver().writer(task: 2, uid: 0) == nil)
  }

  private static func children(of process: pid_t) -> [pid_t] {
    let file = open("/proc/\(process)/task/\(process)/children", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 4096)
    let count = max(0, read(file, &text, text.count))
    return text[..<count].split(separator: UInt8(ascii: " ")).compactMap {
      pid_t(String(decoding: $0, as: UTF8.self))
    }
  }
}

/// A thread of the system, which the tests' own executor does not count on.
private struct Thread {
  private let handle: pthread_t

  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
      self.body = body
    }
  }

  static func start(_ body: @escaping @Sendable () -> Void) -> Thread {
    var handle = pthread_t()
    let work = Unmanaged.passRetained(Work(body)).toOpaque()
    let error = pthread_create(
      &handle, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, work)
    precondition(error == 0, "pthread_create: \(error)")
    return Thread(handle: handle)
  }

  func join() {
    pthread_join(handle, nil)
  }
}
