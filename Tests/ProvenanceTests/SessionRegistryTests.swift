// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage
import Testing

@testable import Provenance

/// Leaders and records are made here by a program of its own, in Python, by the description in
/// docs/sessions.md: honest ones, and every kind of record that is not one.
@Suite struct SessionRegistryTests {
  /// A leader, and a child of it.
  struct Leader {
    static let source = #"""
      import ctypes, fcntl, hashlib, os, struct, sys, time

      directory, kind, depth = sys.argv[1], sys.argv[2], int(sys.argv[3])
      if kind not in ("unnamed", "for-parent"):
          ctypes.CDLL(None).prctl(15, b"provstamp-run", 0, 0, 0)

      pid = os.getppid() if kind == "for-parent" else os.getpid()
      with open(f"/proc/{pid}/stat") as stat:
          start = int(stat.read().rpartition(")")[2].split()[19])
      with open("/proc/sys/kernel/random/boot_id") as text:
          boot = bytes.fromhex(text.read().strip().replace("-", ""))
      namespace = os.stat("/proc/self/ns/pid").st_ino
      def digest(pid, boot):
          named = b"provfs session 2" + boot + struct.pack("<QiQ", namespace, pid, start)
          return hashlib.sha256(named).hexdigest()[:32]
      identity = digest(pid, boot)
      written = digest(pid, bytes(16)) if kind == "boot" else identity
      if kind == "foreign-id":
          written = digest(pid + 1, boot)
      boot = bytes(16) if kind == "boot" else boot
      uid = os.getuid() + (1 if kind == "uid" else 0)
      text = (f"provstamp session 2\nid {written}\nnamespace {namespace}\nleader {pid}\n"
              f"start {start}\nboot {boot.hex()}\nuid {uid}\nstarted {time.time_ns()}\n"
              "intent test\ncommand python3\n").encode()
      if kind == "malformed":
          text = text[:-1]
      if kind == "long":
          text += b"x" * 10000

      path = f"{directory}/{namespace}-{pid}-{start + 1 if kind == 'misnamed' else start}"
      if kind == "fifo":
          os.mkfifo(path)
          file = os.open(path, os.O_RDWR)
      elif kind == "symlink":
          file = os.open(path + ".target", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
          os.symlink(path + ".target", path)
      elif kind == "directory":
          os.mkdir(path)
          file = os.open(directory, os.O_RDONLY)
      else:
          file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
      if kind == "missing":
          os.unlink(path)
      if kind not in ("fifo", "directory"):
          os.write(file, text)
      if kind == "owner":
          os.chown(file, 61001, 61001)
      if kind == "linked":
          os.link(path, path + ".link")
      if kind in ("honest", "owner", "linked"):
          fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))

      started, starting = os.pipe()
      child = os.fork()
      if child == 0:
          ctypes.CDLL(None).prctl(15, b"python3", 0, 0, 0)
          if kind == "namespace":
              ctypes.CDLL(None).unshare(0x20000000)
              inner = os.fork()
              if inner == 0:
                  if os.fork() == 0:
                      os.write(starting, b"x")
                      sys.stdin.read()
                      os._exit(0)
                  sys.stdin.read()
                  os._exit(0)
              os.waitpid(inner, 0)
              os._exit(0)
          os.write(starting, b"x")
          if depth > 1:
              arguments = [sys.executable, "-S", "-E", "-c", sys.orig_argv[4]]
              os.execv(sys.executable, [*arguments, directory, kind, str(depth - 1)])
          sys.stdin.read()
          os._exit(0)
      os.read(started, 1)
      print(identity, pid, child, path, flush=True)
      sys.stdin.read()
      os.waitpid(child, 0)
      for leftover in (path + ".link", path + ".target", path):
          if os.path.isdir(leftover):
              os.rmdir(leftover)
          elif os.path.lexists(leftover):
              os.unlink(leftover)
      """#

    let peer: SessionPeer
    let id: SessionID
    /// The leader's process id.
    let number: pid_t
    let child: pid_t
    let path: String
    /// The session that the child leads, where there are several in a row.
    private(set) var nested: [Leader] = []

    /// - Parameter depth: how many sessions, each led by the child of the leader before.
    init(_ kind: String, depth: Int = 1) throws {
      let opened = try SessionRegistration.openDirectory()
      let directory = String(opened.place.path("").dropLast())
      let peer = try SessionPeer(Self.source, [directory, kind, String(depth)])
      let lines = try (0..<depth).map { _ in try peer.words() }
      let leaders = try lines.map { try Leader(peer, $0) }
      self = try #require(leaders.first { $0.number == peer.pid || kind == "for-parent" })
      while nested.count < depth - 1 {
        let above = nested.last ?? self
        nested.append(try #require(leaders.first { $0.number == above.child }))
      }
    }

    private init(_ peer: SessionPeer, _ words: [String]) throws {
      try #require(words.count == 4)
      self.peer = peer
      id = try #require(SessionID(words[0]))
      number = try #require(pid_t(words[1]))
      child = try #require(pid_t(words[2]))
      path = words[3]
    }
  }

  /// What a resolver that never saw them says of leader and child.
  static func writers(_ leader: Leader) throws -> (leader: Writer?, child: Writer?) {
    let resolver = try WriterResolver()
    return (
      resolver.writer(task: leader.peer.pid, uid: getuid()),
      resolver.writer(task: leader.child, uid: getuid())
    )
  }

  static func state(_ path: String) throws -> SessionRegistry.State? {
    try SessionRegistry().entries().first { $0.path == path }?.state
  }

  static func running(_ leader: Leader) throws -> SessionRegistry.Session? {
    try SessionRegistry().sessions().first { $0.id == leader.id }
  }

  @Test func aLeaderLeadsItsDescendants() throws {
    let leader = try Leader("honest")
    let found = try Self.writers(leader)
    #expect(found.leader?.session == leader.id)
    #expect(found.child?.session == leader.id)
    #expect(found.child?.root == RootPrefix.none)
    guard case .active(let record) = try Self.state(leader.path) else {
      Issue.record("not listed as active: \(String(describing: try Self.state(leader.path)))")
      return
    }
    #expect(record.id == leader.id)
    #expect(record.uid == getuid())
    #expect(record.intent?.description == "test")
    let session = try #require(try Self.running(leader))
    #expect((session.leader, session.uid) == (leader.peer.pid, getuid()))
    #expect(session.record == record)
  }

  /// The record describes; whatever happened to it, the session is the same.
  @Test(arguments: [
    "missing", "foreign-id", "linked", "symlink", "fifo", "directory", "long", "malformed",
    "misnamed", "boot", "uid", "owner", "unlocked",
  ])
  func aRecordProvesNothing(kind: String) throws {
    let leader = try Leader(kind)
    let found = try Self.writers(leader)
    #expect(found.leader?.session == leader.id)
    #expect(found.child?.session == leader.id)
    let session = try #require(try Self.running(leader))
    #expect((session.record == nil) == (kind != "unlocked"))
  }

  /// Another process of the same user may write what it likes into a living leader's record.
  @Test func aRewrittenRecordChangesNoSession() throws {
    let leader = try Leader("honest")
    let text = try SmallFile.bytes(leader.path)
    let changed = String(decoding: text, as: UTF8.self).replacing("intent test", with: "intent lie")
    let file = open(leader.path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    try #require(file >= 0)
    _ = changed.utf8.withContiguousStorageIfAvailable { write(file, $0.baseAddress, $0.count) }
    close(file)
    #expect(try Self.writers(leader).child?.session == leader.id)
    #expect(try Self.running(leader)?.record?.intent?.description == "lie")
  }

  /// A record for a process that does not want to be a leader: here the test itself.
  @Test func nobodyIsMadeALeader() throws {
    let leader = try Leader("for-parent")
    let resolver = try WriterResolver()
    #expect(resolver.writer(task: getpid(), uid: getuid())?.session != leader.id)
    #expect(try Self.running(leader) == nil)
    guard case .ended = try Self.state(leader.path) else {
      Issue.record("listed as \(String(describing: try Self.state(leader.path)))")
      return
    }
  }

  @Test func aLeaderIsNamedAsSuch() throws {
    let leader = try Leader("unnamed")
    #expect(try Self.writers(leader).child?.session == SessionID.none)
    #expect(try Self.running(leader) == nil)
  }

  @Test func faultsAreReported() throws {
    let expected: [String: SessionRegistry.State] = [
      "foreign-id": .faulty(.forged), "linked": .faulty(.linked), "fifo": .faulty(.kind),
      "long": .faulty(.malformed), "malformed": .faulty(.malformed),
      "misnamed": .faulty(.misnamed), "boot": .faulty(.boot), "uid": .faulty(.owner(getuid() + 1)),
      "owner": .faulty(.owner(61001)),
    ]
    for (kind, state) in expected {
      let leader = try Leader(kind)
      #expect(try Self.state(leader.path) == state, "\(kind)")
    }
  }

  /// Its child has the record locked, as a process that shares its descriptors would.
  @Test func aKilledLeadersSessionEnds() throws {
    let leader = try Leader("honest")
    // The child lives on with the input of the leader.
    leader.peer.killOnly(SIGKILL)
    defer { unlink(leader.path) }
    guard case .ended(let record) = try Self.state(leader.path) else {
      Issue.record("the killed leader's record is not listed as ended")
      return
    }
    #expect(record.id == leader.id)
    #expect(try Self.running(leader) == nil)
  }

  @Test func leftoversAreRemoved() throws {
    let leader = try Leader("honest")
    leader.peer.killOnly(SIGKILL)
    defer { unlink(leader.path) }
    let living = try Leader("honest")
    let session = try #require(try Self.running(living)).record
    let places = RegistryPlace.all(of: getuid())
    let place = try #require(places.first { leader.path.hasPrefix($0.path("")) })
    let other = SessionRecord(
      leader: SessionLeader(namespace: 1, pid: 1, start: 1), boot: try BootID.current(),
      uid: getuid(), started: 1, intent: nil, command: [Array("make".utf8)])
    let entry = try RegistryEntry(other, in: place, try place.openDirectory())
    defer { entry.withdraw() }
    #expect(access(leader.path, F_OK) != 0)
    #expect(try Self.running(living)?.record == session)
    let path = place.path(SessionRecord.fileName(of: other.leader))
    #expect(try Self.state(path) == .elsewhere(other))
  }

  @Test func aPlaceOfAnotherUserIsRefused() throws {
    let path = "/tmp/.provstamp-test-\(getpid())"
    try #require(mkdir(path, 0o700) == 0)
    defer { rmdir(path) }
    let own = RegistryPlace(owner: getuid(), anchor: path, directories: ["sessions"])
    _ = try own.openAnchor()
    #expect(throws: RegistryPlace.Fault.owner(getuid())) {
      _ = try RegistryPlace(owner: 61001, anchor: path, directories: ["sessions"]).openAnchor()
    }
    for mode: mode_t in [0o720, 0o702] {
      chmod(path, mode)
      #expect(throws: RegistryPlace.Fault.writable) { _ = try own.openAnchor() }
    }
    chmod(path, 0o700)
    let below = path + "/sessions"
    try #require(mkdir(below, 0o700) == 0)
    defer { rmdir(below) }
    _ = try own.openDirectory()
    chmod(below, 0o777)
    #expect(throws: RegistryPlace.Fault.writable) { _ = try own.openDirectory() }
    let link = path + ".link"
    try #require(symlink(path, link) == 0)
    defer { unlink(link) }
    #expect(throws: RegistryPlace.Fault.absent(.notDirectory)) {
      _ = try RegistryPlace(owner: getuid(), anchor: link, directories: []).openAnchor()
    }
    #expect(throws: RegistryPlace.Fault.filesystem("proc")) {
      _ = try RegistryPlace(owner: 0, anchor: "/proc", directories: []).openAnchor()
    }
  }
}
