// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Settling for those who only read: they are answered although the filesystem takes no stamp, because it is
/// frozen (fsfreeze(8)) or its device hangs. A thread that waits for it cannot be killed.
///
/// A stamp that is set just after its change is set at once: nobody can have changed a file that is frozen. A
/// change that is older is stamped by a thread of its own, and the reader waits for that a while.
extension Stamper {
  enum Settling {
    /// The attributes afterwards, where they were looked at.
    case settled(statx?)
    /// The filesystem does not answer: the file's stamp may say less than is known.
    case stuck
  }

  /// As ``settle(_:)``.
  ///
  /// - Parameter readsStamp: whether the stamp is read: while the file is open for writing it then says that
  ///   it is not the last word. Another follows when the file is closed.
  @discardableResult
  func settleForReader(_ node: NodeReference, readsStamp: Bool) -> Settling {
    let end = Clock.monotonic + Self.patience
    var helper: Helper?
    while true {
      let outcome = node.pointer.pointee.attribution.withLockIfAvailable { state in
        settleAtOnce(node, &state, readsStamp)
      }
      switch outcome {
      case .some(.some(let settling)): return settling
      case .some(.none):
        if let helper {
          // What could not be stamped is told to the administrator, and stays.
          if helper.hasEnded.load(ordering: .acquiring) { return .settled(nil) }
        } else {
          helper = Helper(self, node, readsStamp)
          if helper?.start() != true { return .stuck }
        }
      case .none: break
      }
      guard Clock.monotonic < end else { return .stuck }
      usleep(Self.interval)
    }
  }

  /// Nanoseconds for which a reader waits.
  private static let patience: UInt64 = 1_000_000_000
  /// Microseconds between two attempts.
  private static let interval: UInt32 = 200
  /// In nanoseconds. A change that is younger cannot have been followed by a frozen filesystem, most likely.
  private static let fresh: UInt64 = 50_000_000

  /// - Returns: nil where that may have to wait.
  private func settleAtOnce(
    _ node: NodeReference, _ state: inout Attribution, _ readsStamp: Bool
  ) -> Settling? {
    let seen = observe(node, &state)
    guard state.pending != nil, !(readsStamp && state.isProvisional) else {
      return .settled(seen?.attributes)
    }
    guard isFresh(state, seen) || !needsWriting(node, seen) else { return nil }
    let isOpen = readsStamp && table.isOpenForWriting(node)
    return .settled(stampPending(node, &state, isOpen: isOpen, seen: seen))
  }

  private func isFresh(_ state: Attribution, _ seen: Look?) -> Bool {
    let changed = seen?.attributes.stx_mtime.nanoseconds ?? state.notedAt
    let now = Clock.fileTime
    return changed <= now && now - changed < Self.fresh
  }

  /// A file without a name, or without attributes, is not stamped.
  private func needsWriting(_ node: NodeReference, _ seen: Look?) -> Bool {
    guard node.pointer.pointee.volume.stampAttribute != nil else { return false }
    return (seen ?? look(node))?.attributes.stx_nlink != 0
  }

  /// A thread that settles, however long that takes.
  private final class Helper: @unchecked Sendable {
    let hasEnded = Atomic<Bool>(false)
    private let stamper: Stamper
    private let node: NodeReference
    private let readsStamp: Bool

    init(_ stamper: Stamper, _ node: NodeReference, _ readsStamp: Bool) {
      self.stamper = stamper
      self.node = node
      self.readsStamp = readsStamp
    }

    /// - Returns: whether it could be started.
    func start() -> Bool {
      // It begins with the identity of the one that starts it.
      Credentials.resumeOwn()
      stamper.table.retain(node)
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self)
      let result = pthread_create(
        &thread, nil,
        { context in
          Unmanaged<Helper>.fromOpaque(context!).takeRetainedValue().run()
          return nil
        }, context.toOpaque())
      guard result == 0 else {
        context.release()
        stamper.table.forget(node, 1)
        return false
      }
      pthread_detach(thread)
      return true
    }

    private func run() {
      node.pointer.pointee.attribution.withLock { state in
        let seen = stamper.observe(node, &state)
        guard !(readsStamp && state.isProvisional) else { return }
        let isOpen = readsStamp && stamper.table.isOpenForWriting(node)
        stamper.stampPending(node, &state, isOpen: isOpen, seen: seen)
      }
      stamper.table.forget(node, 1)
      hasEnded.store(true, ordering: .releasing)
    }
  }
}
