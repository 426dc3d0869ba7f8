// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage
import Testing

@testable import Provenance

/// Records are written here by a program of its own, in Python, by the description in
/// docs/sessions.md: honest ones, and every kind of forgery that the description rules out.
@Suite struct SessionRegistryTests {
  /// A leader, and a child of it.
  struct Leader {
    static let source = #"""
      import ctypes, fcntl, hashlib, os, struct, sys, time

      directory, kind, depth = sys.argv[1], sys.argv[2], int(sys.argv[3])
      name = "python3" if kind == "unnamed" else "provstamp-run"
      ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)

      pid = os.getpid()
      with open("/proc/self/stat") as stat:
          start = int(stat.read().rpartition(")")[2].split()[19])
      if kind == "for-parent":
          pid = os.getppid()
          with open(f"/proc/{pid}/stat") as stat:
              start = int(stat.read().rpartition(")")[2].split()[19])
      with open("/proc/sys/kernel/random/boot_id") as text:
          boot = bytes.fromhex(text.read().strip().replace("-", ""))
      if kind == "boot":
          boot = bytes(16)
      nonce = os.urandom(32)
      claimed = pid + 1 if kind == "foreign-id" else pid
      digest = hashlib.sha256(b"provfs session" + boot + struct.pack("<iQ", claimed, start) + nonce)
      identity = digest.hexdigest()[:32]
      uid = os.getuid() + (1 if kind == "uid" else 0)
      text = (f"provstamp session 1\nid {identity}\nleader {pid}\nstart {start}\nboot {boot.hex()}\n"
              f"nonce {nonce.hex()}\nuid {uid}\nstarted {time.time_ns()}\nintent test\n"
              "command python3\n").encode()
      if kind == "malformed":
          text = text[:-1]
      if kind == "long":
          text += b"x" * 10000

      path = f"{directory}/{pid}-{start + 1 if kind == 'misnamed' else start}"
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
      if kind not in ("fifo", "directory"):
          os.write(file, text)
      if kind == "owner":
          os.chown(file, 61001, 61001)
      if kind == "linked":
          os.link(path, path + ".link")
      if kind == "open-file-description":
          fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
      elif kind not in ("unlocked", "fifo", "directory", "by-child"):
          fcntl.lockf(file, fcntl.LOCK_EX)

      started, starting = os.pipe()
      child = os.fork()
      if child == 0:
          if kind == "namespace":
              ctypes.CDLL(None).unshare(0x20000000)
              inner = os.fork()
              if inner == 0:
                  os.write(starting, b"x")
                  sys.stdin.read()
                  os._exit(0)
              os.waitpid(inner, 0)
              os._exit(0)
          if kind == "by-child":
              fcntl.lockf(file, fcntl.LOCK_EX)
          os.write(starting, b"x")
          if depth > 1:
              arguments = [sys.executable, "-S", "-E", "-c", sys.orig_argv[4]]
              os.execv(sys.executable, [*arguments, directory, kind, str(depth - 1)])
          sys.stdin.read()
          os._exit(0)
      os.read(started, 1)
      print(identity, pid, start, child, path, flush=True)
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
    let leader: SessionLeader
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
      self = try #require(leaders.first { $0.leader.pid == peer.pid || kind == "for-parent" })
      while nested.count < depth - 1 {
        let above = nested.last ?? self
        nested.append(try #require(leaders.first { $0.leader.pid == above.child }))
      }
    }

    private init(_ peer: SessionPeer, _ words: [String]) throws {
      try #require(words.count == 5)
      self.peer = peer
      id = try #require(SessionID(words[0]))
      leader = SessionLeader(
        pid: try #require(pid_t(words[1])), start: try #require(UInt64(words[2])))
      child = try #require(pid_t(words[3]))
      path = words[4]
    }
  }

  /// What the registry says, and what a resolver that never saw them says of leader and child.
  static func findings(_ leader: Leader) throws -> (
    registry: SessionID?, leader: Writer?, child: Writer?
  ) {
    let resolver = try WriterResolver()
    return (
      try SessionRegistry().session(ledBy: leader.leader, uid: getuid()),
      resolver.writer(task: leader.peer.pid, uid: getuid()),
      resolver.writer(task: leader.child, uid: getuid())
    )
  }

  static func state(_ path: String) throws -> SessionRegistry.State? {
    try SessionRegistry().entries().first { $0.path == path }?.state
  }

  @Test func aLeaderThatHoldsItsRecordLeadsItsDescendants() throws {
    let leader = try Leader("honest")
    let found = try Self.findings(leader)
    #expect(found.registry == leader.id)
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
  }

  @Test(arguments: [
    "foreign-id", "unlocked", "open-file-description", "by-child", "linked", "symlink", "fifo",
    "directory", "long", "malformed", "misnamed", "boot", "uid", "owner",
  ])
  func aForgeryLeadsNobody(kind: String) throws {
    let leader = try Leader(kind)
    let found = try Self.findings(leader)
    #expect(found.registry == nil)
    #expect(found.leader?.session == SessionID.none)
    #expect(found.child?.session == SessionID.none)
  }

  /// A record for a process that does not want to be a leader: here the test itself, which is the
  /// forger's parent.
  @Test func nobodyMakesALeaderOfAnother() throws {
    let forger = try Leader("for-parent")
    #expect(forger.leader.pid == getpid())
    #expect(try SessionRegistry().session(ledBy: forger.leader, uid: getuid()) == nil)
  }

  /// Processes of another name are spared the search; docs/sessions.md says so.
  @Test func aLeaderIsNamedAsSuch() throws {
    let leader = try Leader("unnamed")
    let found = try Self.findings(leader)
    #expect(found.registry == leader.id)
    #expect(found.child?.session == SessionID.none)
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
    let unlocked = try Leader("unlocked")
    guard case .ended(let record) = try Self.state(unlocked.path) else {
      Issue.record("a record without a leader's lock is not listed as ended")
      return
    }
    #expect(record.id == unlocked.id)
  }

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
    #expect(try SessionRegistry().session(ledBy: leader.leader, uid: getuid()) == nil)
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
