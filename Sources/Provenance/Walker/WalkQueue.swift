// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Synchronization
import SystemPackage

/// What the workers of a walk have still to do, last in, first out: depth first keeps it short.
final class WalkQueue: @unchecked Sendable {
  enum Item {
    case operand([UInt8])
    /// To be opened: through the parent's descriptor, on which there is a hold for it, or, where
    /// descriptors are short, name by name from further up.
    case directory(WalkDirectory, throughParent: Bool)
    /// Part of a large directory, on which there is a hold for it.
    case entries(WalkDirectory, EntryBuffer)
  }

  // Guarded by `mutex`.
  private var items: [Item] = []
  private var workers: Int
  private var waiting = 0
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let hungry = Atomic<Bool>(false)

  init(workers: Int) {
    self.workers = workers
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(arrival, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(arrival)
    mutex.deallocate()
    arrival.deallocate()
  }

  /// Whether some worker has nothing to do.
  var isHungry: Bool { hungry.load(ordering: .relaxed) }

  func push(_ new: some Collection<Item>) {
    guard !new.isEmpty else { return }
    pthread_mutex_lock(mutex)
    items.append(contentsOf: new)
    if waiting > 0 {
      if new.count == 1 { pthread_cond_signal(arrival) } else { pthread_cond_broadcast(arrival) }
    }
    pthread_mutex_unlock(mutex)
  }

  /// Waits for an item.
  ///
  /// - Returns: nil when all workers wait, so that nothing can come any more.
  func pop() -> Item? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    waiting += 1
    while items.isEmpty {
      if waiting == workers {
        pthread_cond_broadcast(arrival)
        return nil
      }
      hungry.store(true, ordering: .relaxed)
      pthread_cond_wait(arrival, mutex)
    }
    waiting -= 1
    if waiting == 0 { hungry.store(false, ordering: .relaxed) }
    return items.removeLast()
  }

  /// Tells that one worker fewer takes part than was announced.
  func leave() {
    pthread_mutex_lock(mutex)
    workers -= 1
    pthread_cond_broadcast(arrival)
    pthread_mutex_unlock(mutex)
  }
}

/// Raw directory entries, as getdents64(2) fills them in.
final class EntryBuffer: @unchecked Sendable {
  // Belongs to one worker at a time.
  static let capacity = 65_536
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
  var count = 0

  deinit {
    bytes.deallocate()
  }
}

/// How many directories may be kept open, so that opening the next never fails for want of
/// descriptors.
final class DescriptorBudget: Sendable {
  private let limit: Int
  private let used = Atomic<Int>(0)

  /// Descriptors that are left to the rest of the program.
  private static let reserve = 64
  /// More would not make any tree faster.
  private static let enough: rlim_t = 16_384

  /// Raises the soft limit of descriptors as far as is useful and allowed.
  init() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limits = rlimit()
    guard getrlimit(resource, &limits) == 0 else {
      limit = Self.reserve
      return
    }
    if limits.rlim_cur < Self.enough {
      var raised = limits
      raised.rlim_cur = min(limits.rlim_max, Self.enough)
      if setrlimit(resource, &raised) == 0 { limits = raised }
    }
    limit = max(1, Int(clamping: min(limits.rlim_cur, Self.enough)) - Self.reserve)
  }

  /// Where descriptors get short, only one directory in so many levels is kept open: the others are
  /// reached from the nearest that is, by no more names than this.
  private static let spacing = 64

  /// Counts a descriptor that was opened.
  ///
  /// - Parameter depth: how deep in the tree the directory is.
  /// - Returns: whether it is to be kept open for what comes below it.
  func take(depth: Int) -> Bool {
    let used = used.add(1, ordering: .relaxed).newValue
    return used <= limit / 2 || (used <= limit && depth.isMultiple(of: Self.spacing))
  }

  func give() {
    used.subtract(1, ordering: .relaxed)
  }
}
