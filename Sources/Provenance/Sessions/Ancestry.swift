// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Finds the session of a process by its ancestors: the nearest one that leads a session leads the
/// process's, and the outermost one gives the root.
///
/// /proc tells one thing at a time, of processes that may end meanwhile. So each process on the way
/// is held by an open file before anything is read about it, and after its parent has been read its
/// own parent is read again: unchanged, it proves that what was read was the parent's, because a
/// process's number is not reused while it has children.
struct Ancestry {
  /// Why a process's session is not known.
  enum Obstacle: Error {
    /// An ancestor changed while it was looked at.
    case changed
    /// The process has gone.
    case gone
    /// A living ancestor cannot be seen or read, so that nothing is known about what is above it; or
    /// it cannot be told whether one leads a session.
    case hidden
  }

  let proc: ProcFilesystem
  let registry: SessionRegistry
  let cache: TaskCache

  /// More than a system has processes by default.
  private static let maximumDepth = 1 << 16
  private static let maximumAttempts = 64
  /// How many of the nearest processes on the way are remembered.
  private static let remembered = 16
  private static let leaderName = TaskName(SessionLeader.taskName)

  func membership(of process: pid_t) throws(Obstacle) -> SessionMembership {
    for _ in 0..<Self.maximumAttempts {
      do {
        return try climb(from: process)
      } catch {
        guard error == .changed else { throw error }
      }
    }
    throw .changed
  }

  /// One process on the way up.
  private struct Step {
    let process: pid_t
    let files: TaskFiles
    let stat: ProcessStat
    /// The session that the process leads, or none.
    let leads: SessionID
  }

  private func climb(from process: pid_t) throws(Obstacle) -> SessionMembership {
    if let known = known(process) { return known }
    var child = try step(process)
    var nearest = [child]
    /// The sessions led by processes above the nearest, from the inside outwards.
    var distant: [SessionID] = []
    var top = SessionMembership.outside
    var depth = 0
    while child.stat.parent != 0 {
      depth += 1
      guard depth < Self.maximumDepth else { throw .hidden }
      if let known = known(child.stat.parent) {
        try confirm(child)
        top = known
        break
      }
      child = try parent(of: child)
      if nearest.count < Self.remembered {
        nearest.append(child)
      } else if !child.leads.isNone {
        distant.append(child.leads)
      }
    }
    for session in distant.reversed() { top = top.entering(session) }
    return remember(nearest, below: top)
  }

  /// What is known of a process that is alive.
  private func known(_ process: pid_t) -> SessionMembership? {
    guard let task = cache.find(process), task.process == process, task.files.name != nil else {
      return nil
    }
    return task.membership
  }

  private func step(_ process: pid_t) throws(Obstacle) -> Step {
    do {
      let files = try TaskFiles(proc, process)
      let stat = try proc.stat(process)
      var leads = SessionID.none
      if stat.name == Self.leaderName {
        let leader = SessionLeader(pid: process, start: stat.start)
        leads = try registry.session(ledBy: leader, uid: proc.status(process).uid) ?? .none
      }
      return Step(process: process, files: files, stat: stat, leads: leads)
    } catch {
      throw error == .noSuchFileOrDirectory || error == .noSuchProcess ? .gone : .hidden
    }
  }

  private func parent(of child: Step) throws(Obstacle) -> Step {
    do {
      let parent = try step(child.stat.parent)
      try confirm(child)
      return parent
    } catch .gone {
      // It is still the parent, so it lives, and yet cannot be seen.
      try confirm(child)
      throw .hidden
    }
  }

  /// Makes sure that what was read about the process was about this one, and still holds.
  private func confirm(_ step: Step) throws(Obstacle) {
    guard let stat = try? proc.stat(step.process), stat.parent == step.stat.parent,
      stat.start == step.stat.start, step.files.name != nil
    else { throw .changed }
  }

  /// - Parameter steps: from the process itself upwards.
  private func remember(_ steps: [Step], below top: SessionMembership) -> SessionMembership {
    var membership = top
    for step in steps.reversed() {
      if !step.leads.isNone { membership = membership.entering(step.leads) }
      cache.insert(
        ResolvedTask(
          task: step.process, process: step.process, files: step.files, membership: membership))
    }
    return membership
  }
}
