// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Synchronization

/// What provfs and the kernel agree on at FUSE_INIT.
///
/// libfuse 3.14 cannot ask for everything: it never sends some flags, although it accepts them as
/// wanted, and does not know newer ones. So its reply is completed on the way to the kernel, with
/// what the kernel has offered.
enum Handshake {
  /// Number of the FUSE_INIT request that waits for its reply; 0 where none does.
  private static let pending = Atomic<UInt64>(0)
  private static let offered = Atomic<UInt64>(0)
  private static let kernelMinor = Atomic<UInt32>(0)

  /// How many filesystems may be stacked below a backing file, itself included; 0 for no passthrough.
  private static let stackDepth = Atomic<UInt32>(0)
  private static let isDone = Atomic<Bool>(false)
  private static let passthrough = Atomic<Bool>(false)
  private static let wantsRing = Atomic<Bool>(false)
  private static let ring = Atomic<Bool>(false)

  /// Whether files may be read and written without requests.
  static var grantsPassthrough: Bool { passthrough.load(ordering: .relaxed) }

  /// Asks for passthrough, before the session begins.
  ///
  /// - Parameter depth: 1 where the source stores files itself, 2 where it is stacked on a filesystem
  ///   that does; `max_stack_depth` of FUSE_INIT.
  static func requestPassthrough(stackDepth depth: UInt32) {
    stackDepth.store(depth, ordering: .relaxed)
  }

  /// Asks for requests over io_uring, before the session begins. The kernel then makes no request before
  /// it has its rings, or cannot have them.
  static func requestRing() {
    wantsRing.store(true, ordering: .relaxed)
  }

  /// Whether the kernel waits for rings.
  static var grantsRing: Bool { ring.load(ordering: .relaxed) }

  /// Waits until the kernel has been answered.
  static func wait(_ session: OpaquePointer?) {
    while !isDone.load(ordering: .acquiring), fuse_session_exited(session) == 0 { usleep(100) }
  }

  /// Makes sure that what the kernel has granted works here.
  static func verifyPassthrough(_ session: OpaquePointer?) {
    guard grantsPassthrough else { return }
    let file = prov_memory_file()
    let id = file >= 0 ? prov_backing_open(fuse_session_fd(session), file) : file
    if file >= 0 { close(file) }
    if id > 0 {
      prov_backing_close(fuse_session_fd(session), id)
    } else if id == -EPERM {
      passthrough.store(false, ordering: .relaxed)
    }
  }

  /// Whether the kernel forgets nodes by their numbers: FUSE 7.45, Linux 6.18.
  static var kernelPrunes: Bool { kernelMinor.load(ordering: .relaxed) >= 45 }

  /// Flags that provfs sets where they are offered; see `linux/fuse.h`, FUSE_INIT flags.
  private static let added =
    parallelLookups | handlesPrivilegedBits | allowsDirectMappings | hasNoHandles

  /// PARALLEL_DIROPS: several lookups in one directory at a time.
  private static let parallelLookups: UInt64 = 1 << 18
  /// HANDLE_KILLPRIV_V2: the source clears set-user-id bits and file capabilities.
  private static let handlesPrivilegedBits: UInt64 = 1 << 28
  /// DIRECT_IO_ALLOW_MMAP: a file that is open with O_DIRECT can be mapped shared.
  private static let allowsDirectMappings: UInt64 = 1 << 36
  /// NO_EXPORT_SUPPORT: no file handles of the view's files, instead of ones that go stale.
  private static let hasNoHandles: UInt64 = 1 << 38

  /// PASSTHROUGH: opens may name a backing file. Linux 6.9.
  private static let passesThrough: UInt64 = 1 << 37
  /// OVER_IO_URING: requests come through rings. Linux 6.14.
  private static let comesThroughRings: UInt64 = 1 << 41

  /// Flags that contradict them.
  private static let removed: UInt64 =
    1 << 4  // EXPORT_SUPPORT
    | 1 << 19  // HANDLE_KILLPRIV
    | 1 << 16  // WRITEBACK_CACHE: hides who writes

  private static let extended: UInt64 = 1 << 30  // INIT_EXT: flags2 is valid

  /// Makes the session's messages pass through here. To be called once it is mounted.
  static func install(_ session: OpaquePointer) -> CInt {
    var hooks = fuse_custom_io()
    hooks.read = provfsReceive
    hooks.writev = provfsSend
    return provfs_session_custom_io(session, &hooks, fuse_session_fd(session))
  }

  /// Takes note of the kernel's side.
  static func received(_ message: UnsafeRawBufferPointer) {
    let size = MemoryLayout<fuse_in_header>.size
    guard message.count >= size + MemoryLayout<fuse_init_in>.size else { return }
    let header = message.loadUnaligned(as: fuse_in_header.self)
    guard header.opcode == FUSE_INIT.rawValue else { return }
    let request = message.loadUnaligned(fromByteOffset: size, as: fuse_init_in.self)
    let upper = UInt64(request.flags) & extended != 0 ? UInt64(request.flags2) << 32 : 0
    kernelMinor.store(request.minor, ordering: .relaxed)
    offered.store(UInt64(request.flags) | upper, ordering: .relaxed)
    pending.store(header.unique, ordering: .releasing)
  }

  /// Completes the reply, if `message` is it.
  ///
  /// - Returns: whether it is.
  @discardableResult
  static func complete(_ message: UnsafeMutableBufferPointer<iovec>) -> Bool {
    let unique = pending.load(ordering: .acquiring)
    guard unique != 0, message.count == 2,
      message[0].iov_len == MemoryLayout<fuse_out_header>.size,
      let header = message[0].iov_base?.loadUnaligned(as: fuse_out_header.self),
      header.unique == unique, header.error == 0,
      message[1].iov_len >= MemoryLayout<fuse_init_out>.size,
      let body = message[1].iov_base?.assumingMemoryBound(to: fuse_init_out.self)
    else { return false }
    pending.store(0, ordering: .relaxed)
    let offered = offered.load(ordering: .relaxed)
    var flags = UInt64(body.pointee.flags) | UInt64(body.pointee.flags2) << 32
    flags = (flags | (added & offered)) & ~removed
    let depth = stackDepth.load(ordering: .relaxed)
    if depth > 0 && offered & passesThrough != 0 {
      flags |= passesThrough
      provfs_set_stack_depth(body, depth)
      passthrough.store(true, ordering: .relaxed)
    }
    if wantsRing.load(ordering: .relaxed) && offered & comesThroughRings != 0 {
      flags |= comesThroughRings
      ring.store(true, ordering: .relaxed)
    }
    if offered & extended != 0 { flags |= extended }
    body.pointee.flags = UInt32(truncatingIfNeeded: flags)
    body.pointee.flags2 = offered & extended != 0 ? UInt32(flags >> 32) : 0
    return true
  }

  /// The reply has been sent.
  static func sent() {
    isDone.store(true, ordering: .releasing)
  }
}

private func provfsReceive(
  _ device: CInt, _ buffer: UnsafeMutableRawPointer?, _ size: Int,
  _ userdata: UnsafeMutableRawPointer?
) -> Int {
  let count = read(device, buffer, size)
  if count > 0 { Handshake.received(UnsafeRawBufferPointer(start: buffer, count: count)) }
  return count
}

private func provfsSend(
  _ device: CInt, _ parts: UnsafeMutablePointer<iovec>?, _ count: CInt,
  _ userdata: UnsafeMutableRawPointer?
) -> Int {
  let message = UnsafeMutableBufferPointer(start: parts, count: Int(count))
  let isHandshake = Handshake.complete(message)
  defer { if isHandshake { Handshake.sent() } }
  return Reply.send(device, UnsafeBufferPointer(message))
}

/// The `init` operation: what libfuse can negotiate by itself.
func provfsInit(
  _ userdata: UnsafeMutableRawPointer?, _ connection: UnsafeMutablePointer<fuse_conn_info>?
) {
  guard let connection else { return }
  let wanted =
    FUSE_CAP_DONT_MASK | FUSE_CAP_POSIX_ACL | FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_IOCTL_DIR
    | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO
    | FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS
    | FUSE_CAP_CACHE_SYMLINKS
  let refused =
    // Whoever has asked for it need not wait then, nor live: its id can be another's when that is looked up.
    FUSE_CAP_ASYNC_DIO
    | FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS | FUSE_CAP_WRITEBACK_CACHE
    | FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE
    | FUSE_CAP_SPLICE_MOVE
  connection.pointee.want |= UInt32(bitPattern: wanted) & connection.pointee.capable
  connection.pointee.want &= ~UInt32(bitPattern: refused)
  connection.pointee.max_write = UInt32(Worker.maximumTransfer)
  connection.pointee.max_background = 64
  connection.pointee.congestion_threshold = 48
}
