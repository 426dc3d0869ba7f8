// SPDX-License-Identifier: Apache-2.0
import Provenance
import Synchronization
import SystemPackage

/// The directories that are watched, and what has been shown of the files in them.
final class WatchedTree: Sendable {
  private struct State {
    var directories: [CInt: [UInt8]] = [:]
    var shown: [[UInt8]: Showing] = [:]
    var isToldOfLimit = false
    var count = 0
    var unwatched = 0
  }

  private struct Showing: Equatable {
    var inode: UInt64
    var time: UInt64
  }

  let events: DirectoryEvents
  private let state = Mutex(State())

  /// Most files of which it is remembered what was shown; of more, something may be shown twice.
  private static let mostRemembered = 65_536

  init() throws(Errno) {
    events = try DirectoryEvents()
  }

  var shown: Int { state.withLock { $0.count } }
  var unwatched: Int { state.withLock { $0.unwatched } }

  /// - Throws: the first time that there are too many directories for this user.
  func watch(_ path: [UInt8]) throws(Errno) {
    do throws(Errno) {
      let number = try events.watch(path)
      state.withLock { $0.directories[number] = path }
    } catch {
      // What went away meanwhile needs no watching; what may not be entered, the walk tells of.
      switch error {
      case .noSuchFileOrDirectory, .notDirectory, .permissionDenied: return
      default: break
      }
      let isNews = state.withLock { state in
        state.unwatched += 1
        let isNews = !state.isToldOfLimit
        state.isToldOfLimit = true
        return isNews
      }
      if isNews { throw error }
    }
  }

  func path(of event: DirectoryEvents.Event) -> [UInt8]? {
    guard let directory = state.withLock({ $0.directories[event.directory] }) else { return nil }
    let slash: [UInt8] = directory.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
    return directory + slash + event.name
  }

  /// Whether this stamp of the file has not been shown yet; then it counts as shown.
  func isNew(_ path: [UInt8], inode: UInt64, time: UInt64) -> Bool {
    state.withLock { state in
      let showing = Showing(inode: inode, time: time)
      guard state.shown[path] != showing else { return false }
      if state.shown.count >= Self.mostRemembered { state.shown.removeAll() }
      state.shown[path] = showing
      state.count += 1
      return true
    }
  }
}

/// Shows stamps that are not older than the watch, and watches the directories that it comes to.
final class WatchVisitor: ScanVisitor {
  private let tree: WatchedTree
  private let filter: Filter
  private let since: UInt64
  /// The operands that are entered; nil for all.
  private let newDirectories: Set<[UInt8]>?
  private let verifier = Verifier()

  init(
    _ context: ScanContext, _ tree: WatchedTree, _ filter: Filter, since: UInt64,
    newDirectories: Set<[UInt8]>?
  ) {
    self.tree = tree
    self.filter = filter
    self.since = since
    self.newDirectories = newDirectories
    super.init(context)
  }

  /// What has changed may be gone when it is looked at.
  override var ignoresAbsence: Bool { newDirectories != nil }

  override func enters(_ directory: WalkEntry) -> Bool {
    if directory.isOperand, let newDirectories, !newDirectories.contains(directory.path) {
      return false
    }
    guard super.enters(directory) else { return false }
    // Before it is read: what comes later is an event.
    do throws(Errno) {
      try tree.watch(directory.path)
    } catch {
      let path = Escaping.text(directory.path)
      context.diagnostics.trouble(
        error == .noSpace
          ? "\(path): no more directories can be watched, nor those below it; way out: sysctl "
            + "fs.inotify.max_user_watches=1048576, or name fewer"
          : "\(path): cannot be watched: \(error); way out: name other directories")
    }
    return true
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    guard filter.admits(found) else { return }
    let judgement = try verifier.judge(entry.file, try found.holding(of: entry.file))
    let holding = judgement.reading.holding
    guard let time = holding.time, time >= since, let match = filter.match(holding),
      filter.admission(judgement) == .admitted
    else { return }
    let path = entry.path
    guard tree.isNew(path, inode: judgement.status.inode, time: time) else { return }
    let record = FileRecord(path: path, judgement: judgement, isNested: match == .nested)
    if context.isJSON {
      record.appendJSON(to: &json)
    } else {
      record.appendText(context.style, to: &buffer)
    }
  }
}
