// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Where the view is mounted.
struct Mountpoint {
  let path: Options.Path

  init(_ path: Options.Path) {
    self.path = path
  }

  /// Takes away a view whose daemon has died: everything in it fails with ENOTCONN.
  func clean() throws(Trouble) {
    let root = path.withCString {
      prov_openat(AT_FDCWD, $0, CInt(PROV_O_PATH) | O_DIRECTORY, 0)
    }
    guard root >= 0 else { return }
    defer { close(root) }
    guard Self.isDead(root) else { return }
    guard detach(root) else {
      throw Trouble(
        "\(path.shown): a view whose daemon has died is still mounted here and cannot be unmounted; "
          + "end it with: fusermount3 -u -z \(path.shown)")
    }
  }

  /// The absolute path, after checking that a view of `source` can be mounted there.
  func resolve(source: Options.Path, _ descriptor: CInt) throws(Trouble) -> Options.Path {
    guard let real = path.withCString({ realpath($0, nil) }) else {
      let error = Errno(rawValue: errno)
      let advice = error == .noSuchFileOrDirectory ? "; make it with: mkdir -p \(path.shown)" : ""
      throw Trouble("\(path.shown): \(error.description)\(advice)")
    }
    defer { free(real) }
    let resolved = Options.Path(bytes: real)
    if try Mountpoint(resolved).isInside(descriptor) {
      throw Trouble(
        "\(resolved.shown) lies inside \(source.shown): the view would contain itself without end; "
          + "mount it elsewhere, or on \(source.shown) itself")
    }
    return resolved
  }

  /// Unmounts at once; files that are open stay usable while their daemon lives.
  ///
  /// - Parameter root: an O_PATH descriptor of the root of what is mounted here. The path alone may lead
  ///   elsewhere by now, and root can unmount anything.
  @discardableResult
  func detach(_ root: CInt) -> Bool {
    if geteuid() == 0 { return prov_detach_mount(root) == 0 }
    // It checks by itself that the mount is this user's.
    return path.withCString { path in
      let words =
        (["fusermount3", "-u", "-z", "-q", "--"] as [String]).map { strdup($0) }
        + [strdup(path), nil]
      defer { for word in words { free(word) } }
      var child = pid_t()
      guard posix_spawnp(&child, "fusermount3", nil, nil, words, environ) == 0 else { return false }
      var status: CInt = 0
      while waitpid(child, &status, 0) < 0 && errno == EINTR {}
      return status == 0
    }
  }

  /// Whether nobody serves a view any more. Tried by opening its root: the kernel may still answer
  /// stat(2) from its cache.
  static func isDead(_ root: CInt) -> Bool {
    let result = prov_openat(root, ".", O_RDONLY | O_DIRECTORY, 0)
    if result >= 0 { close(result) }
    return result == -ENOTCONN
  }

  /// Whether it is below, and not the same as, the directory that `source` refers to.
  func isInside(_ source: CInt) throws(Trouble) -> Bool {
    do throws(Errno) {
      let sourceIdentity = try identity(source)
      var current = try valueOrErrno(
        path.withCString {
          prov_openat(AT_FDCWD, $0, CInt(PROV_O_PATH) | O_DIRECTORY, 0)
        })
      defer { close(current) }
      var child = try identity(current)
      guard child != sourceIdentity else { return false }
      while true {
        let parent = try valueOrErrno(
          prov_openat(current, "..", CInt(PROV_O_PATH) | O_DIRECTORY, 0))
        close(current)
        current = parent
        let here = try identity(current)
        if here == sourceIdentity { return true }
        if here == child { return false }
        child = here
      }
    } catch {
      let advice = error == .notDirectory ? "; MOUNTPOINT is a directory" : ""
      throw Trouble("\(path.shown): \(error.description)\(advice)")
    }
  }

  private func identity(_ descriptor: CInt) throws(Errno) -> Identity {
    Identity(try statx(of: descriptor, NodeTable.statMask))
  }
}
