// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A task that the resolver has looked into.
struct ResolvedTask: Sendable {
  let task: pid_t
  /// Its thread-group id.
  let process: pid_t
  let files: TaskFiles
  /// See ``TaskStatus/adoptsAnybody``.
  var adoptsAnybody = false
  /// By its ancestors. It holds for the task's life: a session's leader leads before its children do
  /// anything, and a process never gets under another leader later. nil where the kernel named a session
  /// and ancestors were not asked.
  let membership: SessionMembership?
}

/// The tasks that were resolved last, up to a fixed number; the rest is forgotten, its descriptors
/// closed. Divided into small sets by task number, each with a lock of its own, so that threads that
/// serve different tasks seldom meet.
final class TaskCache: Sendable {
  private let sets: [TaskSet]

  /// - Parameter capacity: tasks, rounded up to a multiple of ``TaskSet/ways``. Each takes one
  ///   descriptor, or three on a kernel with agent sessions.
  init(capacity: Int) {
    precondition(capacity > 0)
    sets = (0..<((capacity - 1) / TaskSet.ways + 1)).map { _ in TaskSet() }
  }

  func find(_ task: pid_t) -> ResolvedTask? {
    set(of: task).find(task)
  }

  /// Takes the place of what was known of the same task number.
  func insert(_ task: ResolvedTask) {
    set(of: task.task).insert(task)
  }

  private func set(of task: pid_t) -> TaskSet {
    // Consecutive numbers, which processes of one job have, go to different sets.
    sets[Int(UInt32(bitPattern: task)) % sets.count]
  }
}

private final class TaskSet: Sendable {
  static let ways = 8

  private struct Slot {
    var task: ResolvedTask
    var isRecent: Bool
  }

  private struct State {
    var slots: [Slot] = []
    var hand = 0
  }

  private let state = Mutex(State())

  func find(_ task: pid_t) -> ResolvedTask? {
    state.withLock { state in
      guard let index = state.slots.firstIndex(where: { $0.task.task == task }) else { return nil }
      state.slots[index].isRecent = true
      return state.slots[index].task
    }
  }

  func insert(_ task: ResolvedTask) {
    // What is replaced closes its descriptors after the lock is free.
    _ = state.withLock { state -> ResolvedTask? in
      let slot = Slot(task: task, isRecent: true)
      if let index = state.slots.firstIndex(where: { $0.task.task == task.task }) {
        return exchange(&state.slots[index], for: slot)
      }
      guard state.slots.count == Self.ways else {
        state.slots.append(slot)
        return nil
      }
      // The clock's hand passes over what was used since it came by, and takes the next.
      while state.slots[state.hand].isRecent {
        state.slots[state.hand].isRecent = false
        state.hand = (state.hand + 1) % Self.ways
      }
      let index = state.hand
      state.hand = (state.hand + 1) % Self.ways
      return exchange(&state.slots[index], for: slot)
    }
  }

  private func exchange(_ place: inout Slot, for slot: Slot) -> ResolvedTask {
    let replaced = place.task
    place = slot
    return replaced
  }
}
