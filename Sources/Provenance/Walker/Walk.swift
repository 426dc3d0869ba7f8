// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// What a walk calls, on one thread: each worker has a visitor of its own, so that none shares state.
public protocol WalkVisitor: AnyObject {
  /// Called for every operand and for every entry below one, directories included.
  func visit(_ entry: WalkEntry)
  /// Whether a directory that was visited is to be entered.
  func enters(_ directory: WalkEntry) -> Bool
  /// Called once for each directory that could not be entered or read to its end, and for each
  /// operand that could not be examined.
  func failed(_ failure: WalkFailure)
  /// Called for each mount point that was not entered.
  func skipped(_ mount: WalkSkip)
  /// Called now and then between entries: a time to pass on what has been collected.
  func pause()
}

extension WalkVisitor {
  public func enters(_ directory: WalkEntry) -> Bool { true }
}

/// An error met by a walk.
public struct WalkFailure: Sendable {
  public enum Operation: Sendable {
    case examining, opening, reading
  }

  public var path: [UInt8]
  public var operation: Operation
  public var error: Errno
}

/// A mount point below an operand that a walk did not enter.
public struct WalkSkip: Sendable {
  public enum Cause: Sendable {
    /// Another filesystem, and the walk was told to stay on one.
    case otherFilesystem
    /// The kernel's own tables, such as /proc and /sys: not files that somebody wrote.
    case pseudoFilesystem
  }

  public var path: [UInt8]
  public var cause: Cause
}

/// Walks trees on all processors, straight on getdents64(2).
///
/// Symbolic links are never followed, not even where one replaces a directory during the walk. Mount
/// points are crossed, but for pseudo filesystems. The order is not defined. Depth is bounded by
/// memory alone: no path is longer than one name where the kernel sees it.
public struct Walk: Sendable {
  /// Do not enter other filesystems than the operand's.
  public var staysOnFilesystem: Bool

  public init(staysOnFilesystem: Bool = false) {
    self.staysOnFilesystem = staysOnFilesystem
  }

  /// Processors that this process may run on: the number of visitors that keeps them all busy.
  public static var availableProcessors: Int { Int(prov_available_processors()) }

  /// Visits each operand and everything below those that are directories.
  ///
  /// - Parameters:
  ///   - operands: paths as the system calls take them, without a NUL.
  ///   - visitors: one for each thread to use, at least one. All calls are over on return.
  public func run(_ operands: [[UInt8]], visitors: [any WalkVisitor]) {
    let queue = WalkQueue(workers: visitors.count)
    queue.push(operands.reversed().map(WalkQueue.Item.operand))
    let descriptors = DescriptorBudget()
    let workers = visitors.map {
      WalkWorker(visitor: $0, queue: queue, descriptors: descriptors, walk: self)
    }
    var threads: [pthread_t] = []
    for worker in workers.dropFirst() {
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(worker)
      if pthread_create(&thread, nil, runWalkWorker, argument.toOpaque()) == 0 {
        threads.append(thread)
      } else {
        argument.release()
        queue.leave()
      }
    }
    workers.first?.run()
    for thread in threads { pthread_join(thread, nil) }
  }
}

private func runWalkWorker(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument {
    Unmanaged<WalkWorker>.fromOpaque(argument).takeRetainedValue().run()
  }
  return nil
}
