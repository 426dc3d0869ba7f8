// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Whether views can be mounted.
enum FuseFindings {
  static func all() -> [Finding] {
    var findings = [device()]
    if geteuid() != 0 { findings.append(fusermount()) }
    findings.append(provfs())
    findings.append(passthrough())
    findings.append(ring())
    return findings
  }

  private static func device() -> Finding {
    let descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    if descriptor >= 0 {
      close(descriptor)
      return .ok("fuse-device", "/dev/fuse can be opened")
    }
    let error = Errno(rawValue: errno)
    return .fail(
      "fuse-device", "/dev/fuse: \(error)",
      error == .permissionDenied
        ? "have root set its mode to 0666, as udev does"
        : "modprobe fuse; a container needs --device /dev/fuse and SYS_ADMIN")
  }

  private static func fusermount() -> Finding {
    guard let path = inPath("fusermount3") else {
      return .fail("fusermount3", "not in PATH: only root can mount a view", "apt install fuse3")
    }
    let word = ShellWord.path(Array(path.utf8))
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_ISUID != 0, status.st_uid == 0 else {
      return .fail(
        "fusermount3", "\(path) is not set-user-ID root: it cannot mount for you",
        "chown root \(word); chmod u+s \(word)")
    }
    return .ok("fusermount3", path)
  }

  private static func provfs() -> Finding {
    if let path = inPath("provfs") { return .ok("provfs", path) }
    return .warn(
      "provfs", "not in PATH", "make install; or call it by its path, .build/release/provfs")
  }

  private static func passthrough() -> Finding {
    guard KernelFindings.isAtLeast(6, 13) else {
      return .warn(
        "fuse-passthrough",
        "this kernel's file times do not tell of every change: reads and writes in a view go through "
          + "provfs", "use Linux 6.13 or later, for speed")
    }
    switch buildOption("CONFIG_FUSE_PASSTHROUGH") {
    case true?:
      return .ok(
        "fuse-passthrough", "in a view that root mounts the kernel reads and writes files itself")
    case false?:
      return .warn(
        "fuse-passthrough", "the kernel is built without CONFIG_FUSE_PASSTHROUGH",
        "build it in, for speed")
    case nil:
      return .ok("fuse-passthrough", "the kernel is new enough; its configuration cannot be read")
    }
  }

  /// FUSE over io_uring: a parameter of the kernel, for all views. It is off as Linux ships it, which is
  /// nothing to be warned of.
  private static func ring() -> Finding {
    guard let parameter = try? SmallFile.text("/sys/module/fuse/parameters/enable_uring") else {
      return .ok(
        "fuse-ring",
        "requests come through /dev/fuse: the kernel has no FUSE over io_uring (Linux 6.14)")
    }
    guard parameter.hasPrefix("Y") else {
      return .ok(
        "fuse-ring",
        "requests come through /dev/fuse: the kernel does not offer rings; they are faster, and root can "
          + "have it: echo Y > /sys/module/fuse/parameters/enable_uring")
    }
    if let forbidden = try? SmallFile.text("/proc/sys/kernel/io_uring_disabled"),
      !forbidden.hasPrefix("0")
    {
      return .warn(
        "fuse-ring",
        "the kernel offers rings, and forbids io_uring: requests come through /dev/fuse",
        "sysctl kernel.io_uring_disabled=0")
    }
    return .ok("fuse-ring", "the requests of a view come over io_uring")
  }

  /// Whether the running kernel was built with `name`; nil where its configuration is not kept as
  /// text (/proc/config.gz is compressed).
  private static func buildOption(_ name: String) -> Bool? {
    let release = KernelFindings.version().release
    for path in ["/boot/config-\(release)", "/lib/modules/\(release)/config"] {
      guard let text = try? SmallFile.text(path) else { continue }
      return text.split(separator: "\n").contains { $0 == "\(name)=y" }
    }
    return nil
  }

  private static func inPath(_ program: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(program)" }
      .first { access($0, X_OK) == 0 }
  }
}
