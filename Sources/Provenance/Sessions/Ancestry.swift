// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Finds the session of a process by its ancestors: the nearest one that leads a session leads the
/// process's, and the outermost one gives the root.
///
/// /proc tells one thing at a time, of processes that may end meanwhile. So what is read about a
/// process is read from files of its that stay its own; and after its parent's have been opened, its
/// own parent is read again: unchanged, it proves that they are the parent's, because a process's
/// number is not used again while it has children.
struct Ancestry {
  /// Why a process's session is not known.
  enum Obstacle: Error {
    /// An ancestor changed while it was looked at.
    case changed
    /// The process has gone.
    case gone
    /// A living ancestor cannot be seen or read, so that nothing is known about what is above it.
    case hidden
    /// The parent may not be where the process came from: it becomes the parent of orphans whose
    /// ancestors were elsewhere.
    case adopted
  }

  let proc: ProcFilesystem
  let boot: BootID
  let cache: TaskCache
  let hasAgentSessions: Bool

  init(_ proc: ProcFilesystem, _ boot: BootID, _ cache: TaskCache) {
    self.proc = proc
    self.boot = boot
    self.cache = cache
    hasAgentSessions = proc.hasAgentSessions
  }

  /// More than a system has processes by default.
  private static let maximumDepth = 1 << 16
  private static let maximumAttempts = 64
  /// How many of the nearest processes on the way are remembered.
  private static let remembered = 16
  private static let foregroundName = TaskName(SessionLeader.foregroundName)

  /// Finds out who a task is. The session of its process is that of its ancestors, unless the kernel
  /// names one.
  func resolve(_ task: pid_t) throws(Obstacle) -> ResolvedTask {
    for _ in 0..<Self.maximumAttempts {
      do {
        let first = try look(at: task)
        let (process, files) = (first.status.process, first.files)
        let adopts = first.status.adoptsAnybody
        return ResolvedTask(
          task: task, process: process, files: files, adoptsAnybody: adopts,
          membership: try membership(of: first))
      } catch {
        guard error == .changed else { throw error }
      }
    }
    throw .changed
  }

  /// A task that is being looked at.
  private struct Task: ~Copyable {
    let number: pid_t
    let files: TaskFiles
    let statusFile: OwnedDescriptor
    let status: TaskStatus
  }

  /// A process on the way up, and the session that it leads, or none.
  private struct Step {
    let process: pid_t
    let files: TaskFiles
    let adoptsAnybody: Bool
    let leads: SessionID
  }

  /// - Returns: nil where the kernel names a session.
  private func membership(of task: consuming Task) throws(Obstacle) -> SessionMembership? {
    guard let kernel = task.files.kernelMembership else { throw .gone }
    guard kernel.session.isNone else { return nil }
    guard task.status.process != task.number else { return try climb(from: task) }
    // A thread: all threads of a process share its session.
    if let known = known(task.status.process)?.membership { return known }
    let process = try look(at: task.status.process)
    guard process.status.process == task.status.process else { throw .changed }
    return try climb(from: process)
  }

  private func climb(from process: consuming Task) throws(Obstacle) -> SessionMembership {
    var child = process
    var nearest = [try step(child)]
    /// The sessions led by processes above the nearest, from the inside outwards.
    var distant: [SessionID] = []
    var top = SessionMembership.outside
    var depth = 0
    // The first process has no parent; nor have others whose parent is outside this pid namespace, and
    // the kernel's own threads, which work for anybody.
    while child.number != 1 {
      depth += 1
      guard child.status.parent != 0, depth < Self.maximumDepth else { throw .hidden }
      if let known = known(child.status.parent), let membership = known.membership {
        try confirm(child)
        try checkBirth(of: child, below: known.files, known.adoptsAnybody)
        top = membership
        break
      }
      let parent = try parent(of: child)
      try checkBirth(of: child, below: parent.files, parent.status.adoptsAnybody)
      child = parent
      let step = try step(child)
      if nearest.count < Self.remembered {
        nearest.append(step)
      } else if !step.leads.isNone {
        distant.append(step.leads)
      }
    }
    for session in distant.reversed() { top = top.entering(session) }
    return remember(nearest, below: top)
  }

  /// What is known of a process that is alive.
  private func known(_ process: pid_t) -> ResolvedTask? {
    guard let task = cache.find(process), task.process == process, task.files.name != nil else {
      return nil
    }
    return task
  }

  /// Makes sure that a process can only have come from its parent, or from what that leads.
  private func checkBirth(
    of child: borrowing Task, below parent: TaskFiles, _ adoptsAnybody: Bool
  ) throws(Obstacle) {
    guard !adoptsAnybody, child.files.isLeader || parent.name != Self.foregroundName else {
      throw .adopted
    }
  }

  private func look(at number: pid_t) throws(Obstacle) -> Task {
    let task: Task
    do throws(Errno) {
      let files = try TaskFiles(proc, number, agentSessions: hasAgentSessions)
      let statusFile = try proc.open(number, "status")
      let status = try proc.status(statusFile)
      task = Task(number: number, files: files, statusFile: statusFile, status: status)
    } catch {
      throw error == .noSuchFileOrDirectory || error == .noSuchProcess ? .gone : .hidden
    }
    // It lives: so all files, opened by its number, are of one task.
    guard task.files.name != nil else { throw .gone }
    return task
  }

  private func parent(of child: borrowing Task) throws(Obstacle) -> Task {
    do {
      let parent = try look(at: child.status.parent)
      try confirm(child)
      return parent
    } catch .gone {
      // It is still the parent, so it lives, and yet cannot be seen.
      try confirm(child)
      throw .hidden
    }
  }

  /// Makes sure that the child's parent is still the one that was read.
  private func confirm(_ child: borrowing Task) throws(Obstacle) {
    guard (try? proc.status(child.statusFile))?.parent == child.status.parent else {
      throw .changed
    }
  }

  private func step(_ task: borrowing Task) throws(Obstacle) -> Step {
    var leads = SessionID.none
    if task.files.isLeader {
      do throws(Errno) {
        leads = SessionID(ledBy: try proc.leader(task.number, task.status), in: boot)
      } catch {
        throw .hidden
      }
      // It lives: so what was read by its number was its own.
      guard task.files.name != nil else { throw .changed }
    }
    return Step(
      process: task.number, files: task.files, adoptsAnybody: task.status.adoptsAnybody,
      leads: leads)
  }

  /// - Parameter steps: from the process itself upwards.
  private func remember(_ steps: [Step], below top: SessionMembership) -> SessionMembership {
    var membership = top
    for step in steps.reversed() {
      if !step.leads.isNone { membership = membership.entering(step.leads) }
      cache.insert(
        ResolvedTask(
          task: step.process, process: step.process, files: step.files,
          adoptsAnybody: step.adoptsAnybody, membership: membership))
    }
    return membership
  }
}
