// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// A directory of a walk: a name and the directory above, so that a path costs memory only for its
/// own last part, and only who prints it puts it together.
///
/// Its descriptor stays open while work below it is outstanding, for children to be opened by their
/// name alone; it is closed with the last of them.
final class WalkDirectory: @unchecked Sendable {
  // `parent` and `name` never change after init, but for the unlinking in deinit. `descriptor` is
  // written by the worker that opens the directory, before anything below it is published, and by
  // the one that gives up the last hold on it.
  private(set) var parent: WalkDirectory?
  let name: [UInt8]
  /// Directories between this and the operand.
  let depth: Int
  private(set) var descriptor: CInt = -1
  /// Device that the directory is on; a child on another is a mount point.
  private(set) var device: UInt64 = 0
  private let holds = Atomic<Int>(0)

  init(name: [UInt8], parent: WalkDirectory?) {
    self.name = name
    self.parent = parent
    depth = parent.map { $0.depth + 1 } ?? 0
  }

  deinit {
    // A chain of parents is let go in a loop: as deep as directories nest, recursion would not fit
    // the stack.
    var next = parent.take()
    while next != nil, isKnownUniquelyReferenced(&next) {
      let parent = next?.parent.take()
      next = parent
    }
  }

  func opened(as descriptor: CInt, device: UInt64) {
    self.descriptor = descriptor
    self.device = device
  }

  /// Keeps the descriptor open until the matching ``release()``.
  func hold() {
    holds.add(1, ordering: .relaxed)
  }

  /// Keeps the descriptor open until the matching ``release()``, if it is open now.
  func holdIfOpen() -> Bool {
    var current = holds.load(ordering: .relaxed)
    while current > 0 {
      let (exchanged, original) = holds.weakCompareExchange(
        expected: current, desired: current + 1, ordering: .acquiring)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// - Returns: whether that was the last hold, and the descriptor is closed.
  func release() -> Bool {
    guard holds.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return false }
    if descriptor >= 0 {
      close(descriptor)
      descriptor = -1
    }
    return true
  }

  /// Names from the operand down to this directory.
  private var names: [[UInt8]] {
    var names: [[UInt8]] = []
    var next: WalkDirectory? = self
    while let directory = next {
      names.append(directory.name)
      next = directory.parent
    }
    return names.reversed()
  }

  func path(appending last: UnsafeRawBufferPointer) -> [UInt8] {
    var count = last.count
    var next: WalkDirectory? = self
    while let directory = next {
      count += directory.name.count + 1
      next = directory.parent
    }
    var path: [UInt8] = []
    path.reserveCapacity(count)
    for name in names {
      path.append(contentsOf: name)
      if path.last != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
    }
    path.append(contentsOf: last)
    if last.isEmpty, path.count > 1 { path.removeLast() }
    return path
  }
}
