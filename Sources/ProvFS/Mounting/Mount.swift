// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Logging
import Provenance
import Synchronization
import SystemPackage

/// A mounted view, from mounting to unmounting.
final class Mount {
  private let session: OpaquePointer
  private let own: OwnMount
  private let view: View
  private let options: Options
  private let signals: Signals
  /// Why there is no ring, as far as it can be known before mounting.
  private let ringRefusal: String?
  private let isPrivileged = Capabilities.allowActingForOthers

  /// Opens the source and mounts the view. Requests wait until ``serve(started:)``.
  init(_ options: Options) throws {
    self.options = options
    let source = options.source!
    let place = Mountpoint(options.mountpoint!)
    try place.clean()
    let descriptor = try Self.openSource(source)
    try OtherViews.exclude(source, descriptor)
    let mountpoint = try place.resolve(source: source, descriptor)
    let view = try Self.makeView(options, source: descriptor)
    self.view = view
    try Passthrough.request(options.passthrough, view.table, descriptor)
    ringRefusal = try RingPolicy.prepare(options)
    let arguments = MountArguments(options, source: source, descriptor)
    let session = try arguments.withFuseArguments { arguments throws(Trouble) in
      var operations = provfsOperations()
      operations.`init` = provfsInit
      let data = Unmanaged.passUnretained(view).toOpaque()
      guard let session = provfs_session_new(arguments, &operations, data) else {
        throw Trouble("libfuse does not accept the mount options; see the line above")
      }
      return session
    }
    self.session = session
    view.session = session
    defer { view.table.device.store(fuse_session_fd(session), ordering: .relaxed) }
    // Before there is a mount that a signal could leave behind.
    signals = Signals()
    guard mountpoint.withCString({ fuse_session_mount(session, $0) }) == 0 else {
      throw Self.mountFailed(mountpoint)
    }
    own = OwnMount(mountpoint)
    try allowWhatIsShown(arguments)
    guard Handshake.install(session) == 0 else {
      own.detach()
      throw Trouble("libfuse does not accept provfs's own input and output")
    }
  }

  /// For auto_unmount libfuse has fusermount3 mount, which adds nosuid and nodev for root too.
  private func allowWhatIsShown(_ arguments: MountArguments) throws(Trouble) {
    guard geteuid() == 0, arguments.contains("auto_unmount") else { return }
    do throws(Errno) {
      try own.allow(suid: arguments.contains("suid"), dev: arguments.contains("dev"))
    } catch {
      own.detach()
      throw Trouble(
        "auto_unmount: cannot take nosuid and nodev off the view: \(error.description); mount it with "
          + "nosuid,nodev, or without auto_unmount")
    }
  }

  /// Serves until the view is unmounted or a signal ends it. Does not return before every stamp is
  /// set.
  ///
  /// - Parameter started: called as soon as it is decided how requests are served.
  /// - Throws: why nobody can be served. Nobody has been, and the view is still mounted.
  func serve(started: () -> Void) throws(Trouble) {
    let logger = Logger(label: Log.name)
    let threads = DeviceThreads(
      session, view, isPrivileged: isPrivileged, maximumThreads: options.maximumThreads)
    let ring = Ring(
      session, view, isPrivileged: isPrivileged, maximumThreads: options.maximumThreads,
      refusal: ringRefusal)
    if ring.prepare() { Handshake.requestRing() }
    do throws(Errno) {
      try threads.start()
    } catch {
      throw Trouble("cannot start a thread: \(error.description)")
    }
    view.lingering.start()
    Handshake.wait(session)
    Handshake.verifyPassthrough(session)
    view.isPassthrough.store(Handshake.grantsPassthrough, ordering: .relaxed)
    if options.passthrough == .on && !Handshake.grantsPassthrough {
      throw Trouble("passthrough=on: \(Passthrough.refusal)")
    }
    let evictor = Evictor(session, view.table, kernelPrunes: Handshake.kernelPrunes)
    evictor.start()
    Sweeper(view.table, evictor).start()
    ring.start(isGranted: Handshake.grantsRing)
    if options.ring == .on, let refusal = ring.refusal { throw Trouble("ring=on: \(refusal)") }
    threads.open()
    started()
    logger.notice("\(options.source!.shown) is shown at \(own.path.shown)")
    logger.notice("\(Passthrough.description(options.passthrough, view.table))")
    logger.notice("\(ring.description)")
    tellWhatIsIgnored(logger)
    tellWhatIsScarce(logger)
    tellWhatIsHidden(logger)
    tellWhoStamps(logger)
    let received = signals.wait()
    var isLeft = false
    if received != DeviceThreads.endSignal {
      logger.notice("signal \(received): unmounting \(own.path.shown)")
      own.writeBack()
      isLeft = !own.detach()
    }
    threads.stop()
    ring.stop()
    let hasEnded = connectionHasEnded
    for node in view.table.all() {
      view.stamper.settle(node)
      view.table.unregisterAll(node, hasEnded: hasEnded)
    }
    // Nobody would answer who looks at it, provfs itself included.
    guard !isLeft else {
      logger.error(
        """
        \(own.path.shown) cannot be unmounted, for which a user needs fusermount3, in PATH, and \
        /etc/mtab; it stays, dead; take it away with: fusermount3 -u -z \(own.path.shown), or as root: \
        umount -l \(own.path.shown)
        """)
      return
    }
    // Where the connection was aborted the dead view is still in the tree.
    own.clean()
    logger.notice("\(own.path.shown) is unmounted")
  }

  /// Whether nobody can use the view any more; not so while one has files of it open that a signal took
  /// out of the tree.
  private var connectionHasEnded: Bool {
    var device = pollfd(fd: fuse_session_fd(session), events: 0, revents: 0)
    return poll(&device, 1, 0) > 0 && device.revents & Int16(POLLERR) != 0
  }

  private func tellWhatIsIgnored(_ logger: Logger) {
    guard !options.accessTimeOptions.isEmpty else { return }
    logger.warning(
      """
      \(options.accessTimeOptions.joined(separator: ",")): access times are those of \
      \(options.source!.shown), kept as its filesystem is mounted; mount that with these options
      """)
  }

  /// Says so where each inode takes a descriptor.
  private func tellWhatIsScarce(_ logger: Logger) {
    guard view.table.root.pointer.pointee.volume.handleMount < 0 else { return }
    let reason =
      Capabilities.allowHandles
      ? "the files of \(options.source!.shown) have no handles that can be opened"
      : "opening files by handle needs root's CAP_DAC_READ_SEARCH"
    logger.log(
      level: Capabilities.allowHandles ? .warning : .notice,
      """
      \(reason): each file and directory that the kernel remembers takes a descriptor, of which there are \
      \(prov_raise_descriptor_limit()); where many are in use, raise the limit (ulimit -Hn)
      """)
  }

  /// Says so where this daemon cannot see whose sessions its clients are in.
  private func tellWhatIsHidden(_ logger: Logger) {
    guard geteuid() != 0, let option = ProcessHiding.option else { return }
    logger.warning(
      """
      /proc is mounted with \(option), which hides who writes: nothing in \(options.source!.shown) is \
      stamped; have root mount the view, or: mount -o remount,hidepid=off /proc
      """)
  }

  /// Says so where this daemon does not stamp: nobody would notice before it is too late.
  private func tellWhoStamps(_ logger: Logger) {
    let source = options.source!.shown
    let mount = view.table.root.pointer.pointee.volume.mount
    if LSM.stamps(mount: mount) {
      logger.notice("the kernel's provfs LSM stamps what is written in \(source)")
    } else if LSM.namesClients {
      logger.warning(
        """
        \(source) is on a filesystem that the kernel's provfs LSM does not stamp, and where it is active \
        nobody else can: nothing in it is stamped; keep it on ext4, xfs, btrfs or tmpfs
        """)
    } else if Trust.lsmIsActive() {
      logger.warning(
        """
        the kernel's provfs LSM names this daemon as the writer in \(source), because it has not the \
        privilege to name others; clients are named in user.prov; mount the view as root to have the \
        LSM name them
        """)
    } else if view.table.root.pointer.pointee.volume.stampAttribute == nil {
      logger.warning(
        """
        \(source) is on a filesystem without extended attributes: nothing in it is stamped; keep it on \
        one that has them, such as ext4, xfs, btrfs or tmpfs
        """)
    }
  }

  /// Takes the view out of the tree. Whoever still has files of it open can use them until the
  /// process ends.
  func unmount() {
    own.detach()
  }

  private static func openSource(_ source: Options.Path) throws(Trouble) -> CInt {
    let result = source.withCString {
      prov_openat(AT_FDCWD, $0, CInt(PROV_O_PATH) | O_DIRECTORY, 0)
    }
    switch result {
    case -ENOTDIR:
      throw Trouble("\(source.shown): not a directory; SOURCE is the directory to show")
    case ..<0:
      throw Trouble("\(source.shown): \(Errno(rawValue: -result).description)")
    default:
      return result
    }
  }

  private static func makeView(_ options: Options, source: CInt) throws(Trouble) -> View {
    let limit = prov_raise_descriptor_limit()
    do throws(Errno) {
      let table = try NodeTable(
        source: source, usesHandles: Capabilities.allowHandles,
        passthrough: Passthrough.policy(options.passthrough),
        limits: DescriptorLimits(limit: limit > 0 ? limit : 1024))
      let stamper = Stamper(
        table: table, isActive: !LSM.namesClients, warnings: Warnings())
      return View(
        table: table, stamper: stamper,
        settings: View.Settings(
          entryTimeout: options.entryTimeout, attributeTimeout: options.attributeTimeout,
          negativeTimeout: options.negativeTimeout, staysOnFilesystem: options.staysOnFilesystem,
          attributesEachWrite: options.attributesEachWrite),
        resolver: try WriterResolver())
    } catch {
      throw Trouble(
        "cannot tell who writes: \(error.description); provfs needs /proc of its own pid namespace")
    }
  }

  private static func mountFailed(_ mountpoint: Options.Path) -> Trouble {
    var advice = "see the line above"
    if access("/dev/fuse", F_OK) != 0 {
      advice = "there is no /dev/fuse: load the module (modprobe fuse), or give it to the container"
    } else if geteuid() != 0, access("/usr/bin/fusermount3", X_OK) != 0,
      access("/bin/fusermount3", X_OK) != 0
    {
      advice = "fusermount3 is missing: install the package fuse3"
    }
    return Trouble("\(mountpoint.shown): cannot mount: \(advice)")
  }
}
