// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// One thread of a walk.
final class WalkWorker: @unchecked Sendable {
  // Used by its own thread alone once that runs.
  private let visitor: any WalkVisitor
  private let queue: WalkQueue
  private let descriptors: DescriptorBudget
  private let walk: Walk
  private var buffer = EntryBuffer()
  private var found: [WalkQueue.Item] = []

  /// From how many bytes on a chunk of a directory is worth another worker's while.
  private static let worthSharing = EntryBuffer.capacity / 2

  init(
    visitor: any WalkVisitor, queue: WalkQueue, descriptors: DescriptorBudget, walk: Walk
  ) {
    self.visitor = visitor
    self.queue = queue
    self.descriptors = descriptors
    self.walk = walk
  }

  func run() {
    while let item = queue.pop() {
      switch item {
      case .operand(let path):
        visit(operand: path)
      case .directory(let directory, let throughParent):
        enter(directory, throughParent: throughParent)
      case .entries(let directory, let buffer):
        visit(buffer, of: directory, keepsOpen: true)
        release(directory)
      }
      visitor.pause()
    }
  }

  private func visit(operand path: [UInt8]) {
    (path + [0]).withUnsafeBytes { terminated in
      let name = terminated.assumingMemoryBound(to: CChar.self)
      guard let start = name.baseAddress else { return }
      let file = FileReference(directory: AT_FDCWD, name: start)
      guard !path.isEmpty, !path.contains(0) else {
        return fail(path, .examining, .noSuchFileOrDirectory)
      }
      do throws(Errno) {
        let kind = WalkEntry.Kind(mode: try FileStatus(file).mode)
        let entry = WalkEntry(file: file, kind: kind, directory: nil)
        visitor.visit(entry)
        if kind == .directory, visitor.enters(entry) {
          queue.push([.directory(WalkDirectory(name: path, parent: nil), throughParent: true)])
        }
      } catch {
        fail(path, .examining, error)
      }
    }
  }

  private func enter(_ directory: WalkDirectory, throughParent: Bool) {
    let parent = directory.parent
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    let descriptor: CInt
    if let parent, !throughParent {
      descriptor = open(directory.name, below: parent, flags)
    } else {
      descriptor = Self.open(directory.name, in: parent?.descriptor ?? AT_FDCWD, flags)
    }
    if throughParent, let parent { release(parent) }
    guard descriptor >= 0 else {
      // What went away, or became something else, between reading its name and opening it is not
      // there any more: no error.
      let vanished: Set<CInt> = [ENOENT, ENOTDIR, ELOOP]
      if parent == nil || !vanished.contains(-descriptor) {
        fail(path(of: directory), .opening, Errno(rawValue: -descriptor))
      }
      return
    }
    let keepsOpen = descriptors.take(depth: directory.depth)
    directory.hold()
    defer { release(directory) }
    directory.opened(as: descriptor, device: Self.device(of: descriptor))
    if let parent, parent.device != directory.device, skips(mountPoint: directory) { return }
    read(directory, keepsOpen: keepsOpen)
  }

  private func skips(mountPoint directory: WalkDirectory) -> Bool {
    let cause: WalkSkip.Cause
    if walk.staysOnFilesystem {
      cause = .otherFilesystem
    } else if FilesystemType(of: directory.descriptor).isPseudo {
      cause = .pseudoFilesystem
    } else {
      return false
    }
    visitor.skipped(WalkSkip(path: path(of: directory), cause: cause))
    return true
  }

  private func read(_ directory: WalkDirectory, keepsOpen: Bool) {
    while true {
      let count = prov_getdents64(
        directory.descriptor, buffer.bytes.baseAddress, buffer.bytes.count)
      guard count > 0 else {
        // A directory that was removed while it was read has no more entries.
        if count < 0 && count != -Int(ENOENT) {
          fail(path(of: directory), .reading, Errno(rawValue: CInt(-count)))
        }
        return
      }
      buffer.count = count
      if count >= Self.worthSharing && queue.isHungry {
        directory.hold()
        queue.push([.entries(directory, buffer)])
        buffer = EntryBuffer()
      } else {
        visit(buffer, of: directory, keepsOpen: keepsOpen)
      }
    }
  }

  /// Visits the entries in `buffer`, and hands on the directories among them.
  private func visit(_ buffer: EntryBuffer, of directory: WalkDirectory, keepsOpen: Bool) {
    var rest = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<buffer.count])
    while let entry = DirectoryEntry(rest) {
      rest = UnsafeRawBufferPointer(rebasing: rest[entry.length...])
      if entry.isDots { continue }
      let file = FileReference(directory: directory.descriptor, name: entry.name)
      var kind = WalkEntry.Kind(rawValue: entry.type) ?? .unknown
      if kind == .unknown, let status = try? FileStatus(file) {
        kind = WalkEntry.Kind(mode: status.mode)
      }
      let walked = WalkEntry(file: file, kind: kind, directory: directory)
      visitor.visit(walked)
      guard kind == .directory, visitor.enters(walked) else { continue }
      let bytes = Array(UnsafeRawBufferPointer(start: entry.name, count: strlen(entry.name)))
      found.append(
        .directory(WalkDirectory(name: bytes, parent: directory), throughParent: keepsOpen))
      if keepsOpen { directory.hold() }
    }
    queue.push(found)
    found.removeAll(keepingCapacity: true)
  }

  private func release(_ directory: WalkDirectory) {
    if directory.release() { descriptors.give() }
  }

  private func path(of directory: WalkDirectory) -> [UInt8] {
    directory.path(appending: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private func fail(_ path: [UInt8], _ operation: WalkFailure.Operation, _ error: Errno) {
    visitor.failed(WalkFailure(path: path, operation: operation, error: error))
  }

  /// - Returns: a descriptor or -errno.
  private static func open(_ name: [UInt8], in directory: CInt, _ flags: CInt) -> CInt {
    (name + [0]).withUnsafeBytes {
      guard let start = $0.baseAddress else { return -EINVAL }
      return prov_openat(directory, start.assumingMemoryBound(to: CChar.self), flags, 0)
    }
  }

  /// Opens name by name from the nearest directory above that is open, or from the operand, so that
  /// no symbolic link is followed on the way.
  private func open(_ name: [UInt8], below parent: WalkDirectory, _ flags: CInt) -> CInt {
    var names = [name]
    var start: WalkDirectory? = parent
    while let above = start, !above.holdIfOpen() {
      names.append(above.name)
      start = above.parent
    }
    defer { if let start { release(start) } }
    let first = start?.descriptor ?? AT_FDCWD
    var directory = first
    let step = CInt(PROV_O_PATH) | O_DIRECTORY | O_NOFOLLOW
    while let name = names.popLast() {
      let next = Self.open(name, in: directory, names.isEmpty ? flags : step)
      if directory != first { close(directory) }
      directory = next
      guard next >= 0 else { break }
    }
    return directory
  }

  private static func device(of descriptor: CInt) -> UInt64 {
    (try? statx(of: descriptor, 0))?.device ?? 0
  }
}
