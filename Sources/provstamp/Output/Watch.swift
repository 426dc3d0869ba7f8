// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What stamps what is written in a directory.
enum Watch {
  case lsm
  /// A view of provfs, and its mode where it tells.
  case view(mode: [UInt8]?)
  case nothing

  /// - Parameter directory: open, or with O_PATH alone.
  init(_ directory: CInt) {
    let file = FileReference(descriptor: directory)
    let status = try? FileStatus(file)
    if LSM.isActive, let status, AttributeKeeper(ofMount: status.mount) == .kernel {
      self = .lsm
    } else if let status, Self.type(file, status) == "fuse.provfs" {
      self = .view(mode: ViewMode.read(file).map { Array($0.utf8) })
    } else {
      self = .nothing
    }
  }

  var isView: Bool {
    if case .view = self { true } else { false }
  }

  var isNothing: Bool {
    if case .nothing = self { true } else { false }
  }

  /// The type of the filesystem as mount(8) names it.
  private static func type(_ file: FileReference, _ status: FileStatus) -> String? {
    (try? MountTable.mount(of: file, id: status.mount))??.type
  }
}

/// The directory that this process is in. Where a view was mounted on it, or above it, later, it is still
/// the one below: what is written there by relative paths goes past the view.
enum WorkingDirectory {
  /// Empty where it has none.
  static var path: [UInt8] {
    getcwd(nil, 0).map { path in
      defer { free(path) }
      return Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    } ?? []
  }

  /// Whether its path leads to the same directory in a view.
  static var isCovered: Bool {
    withDirectory(Array(".".utf8)) { here in
      withDirectory(path) { there in
        guard let one = try? FileStatus(FileReference(descriptor: here)),
          let other = try? FileStatus(FileReference(descriptor: there))
        else { return false }
        // Another directory of that name is not what this process was started in.
        return one.mount != other.mount && one.inode == other.inode && Watch(there).isView
      }
    }
  }

  /// Enters it anew by its path, where that leads to it in a view.
  static func enterView() {
    guard isCovered else { return }
    _ = withCPath(path) { chdir($0) }
  }

  static var isWatched: Bool {
    withDirectory(Array(".".utf8)) { !Watch($0).isNothing }
  }

  private static func withDirectory(_ path: [UInt8], _ body: (CInt) -> Bool) -> Bool {
    let opened = withCPath(path) {
      prov_openat(AT_FDCWD, $0, CInt(PROV_O_PATH) | O_DIRECTORY, 0)
    }
    guard opened >= 0 else { return false }
    defer { close(opened) }
    return body(opened)
  }
}
