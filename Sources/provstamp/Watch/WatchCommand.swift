// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CProvenance
import Provenance
import SystemPackage

struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show files as they are stamped, until it is interrupted.",
    discussion: """
      Prints what who prints, for each file below the paths, or below the current directory, that \
      gets a stamp from now on; with filters, as find has them, for those that pass. A file that is \
      written several times is shown each time that its stamp changes and there was time to look.

      What is shown is read from the file when the kernel tells of a change (inotify(7)), so it is \
      true when it is read. What is not shown: files that were written and removed before they were \
      looked at, and earlier ones of writes in quick succession. Where the kernel drops events it says \
      so; that is counted, and everything is looked at again. Directories that cannot be watched are \
      trouble. Changes by other machines on a network filesystem are not told of.

      EXAMPLES
        provstamp watch
        provstamp watch --session self --json src
        timeout -s INT 60 provstamp watch --user alice /srv

      EXIT STATUS
        0 if something was shown, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands

  @OptionGroup(title: "Filters") var filter: FilterOptions
  @OptionGroup var scan: ScanOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if filter.unstamped || filter.state.flatMap(\.elements).contains(.unstamped) {
      throw ValidationError(
        "watch shows files that are stamped; way out: provstamp find --unstamped")
    }
    if scan.maxDepth != nil {
      throw ValidationError("--max-depth: watch goes to every depth; way out: --exclude GLOB")
    }
  }

  func run() throws {
    let start = Clock.realTime
    let context = try ScanContext(operands, scan, kinds: .any, output, excludesOperands: true)
    let filter = try Filter(filter)
    for remark in filter.remarks { context.diagnostics.note(remark) }
    let ended: Watching
    do throws(Errno) {
      // It can be read when SIGINT or SIGTERM has come: they end the watch where it waits alone.
      let interruption = try valueOrErrno(prov_hold_back_interruption())
      var watch = Watching(context, filter, try WatchedTree(), since: start)
      watch.lookAtAll()
      while try watch.tree.events.wait(or: interruption) { watch.lookAtChanges() }
      ended = watch
    } catch {
      context.diagnostics.trouble(
        "cannot watch: \(error); way out: sysctl fs.inotify.max_user_instances=1024")
      throw ExitCode.trouble
    }
    try end(ended, context)
  }

  private func end(_ watch: Watching, _ context: ScanContext) throws {
    report(watch, context)
    if context.diagnostics.hasTrouble { throw ExitCode.trouble }
    if watch.tree.shown == 0 { throw ExitCode.negative }
  }

  private func report(_ watch: Watching, _ context: ScanContext) {
    guard output.json else {
      context.diagnostics.note(
        "\(counted(watch.tree.shown, "stamp")) shown; events were lost "
          + "\(counted(watch.losses, "time")); \(watch.tree.unwatched) directories not watched")
      return
    }
    var json = JSONWriter()
    json.line("summary") { json in
      json.field("shown", watch.tree.shown)
      json.field("losses", watch.losses)
      json.field("unwatched", watch.tree.unwatched)
    }
    context.sink.flush(&json.buffer)
  }
}

/// What is looked at, and when.
private struct Watching {
  let tree: WatchedTree
  private(set) var losses = 0
  private let context: ScanContext
  private let filter: Filter
  private let since: UInt64

  init(_ context: ScanContext, _ filter: Filter, _ tree: WatchedTree, since: UInt64) {
    self.context = context
    self.filter = filter
    self.tree = tree
    self.since = since
  }

  func lookAtAll() {
    _ = context.run {
      WatchVisitor(context, tree, filter, since: since, newDirectories: nil)
    }
  }

  mutating func lookAtChanges() {
    let events: [DirectoryEvents.Event]
    do throws(Errno) {
      events = try tree.events.take()
    } catch {
      return context.diagnostics.trouble(
        "cannot read what happened: \(error); way out: start again")
    }
    if events.contains(where: \.isLoss) {
      losses += 1
      context.diagnostics.note("events were lost; all is looked at again")
      return lookAtAll()
    }
    var changed: Set<[UInt8]> = []
    var directories: Set<[UInt8]> = []
    for event in events {
      guard !event.name.isEmpty, let path = tree.path(of: event) else { continue }
      changed.insert(path)
      if event.isNewDirectory { directories.insert(path) }
    }
    context.look(
      at: Array(changed),
      WatchVisitor(context, tree, filter, since: since, newDirectories: directories))
  }
}
