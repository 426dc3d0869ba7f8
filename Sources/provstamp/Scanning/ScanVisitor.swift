// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// How many files a scan saw, and in what way each was disappointing.
struct ScanCounts {
  var examined = 0
  var unstamped = 0
  /// Of the unstamped: on filesystems that keep no attributes.
  var withoutAttributes = 0
  var malformed = 0
  var unreadable = 0
  var skippedMounts = 0
  /// Of git's own directories, which were not entered.
  var gitDirectories = 0

  static func + (left: Self, right: Self) -> Self {
    ScanCounts(
      examined: left.examined + right.examined, unstamped: left.unstamped + right.unstamped,
      withoutAttributes: left.withoutAttributes + right.withoutAttributes,
      malformed: left.malformed + right.malformed, unreadable: left.unreadable + right.unreadable,
      skippedMounts: left.skippedMounts + right.skippedMounts,
      gitDirectories: left.gitDirectories + right.gitDirectories)
  }
}

/// One thread's part of a scan: finds each file's stamp and hands it to ``received(_:_:)``. Output is
/// collected and passed on now and then.
class ScanVisitor: WalkVisitor {
  let context: ScanContext
  final private(set) var counts = ScanCounts()
  final var buffer = ByteBuffer()
  final var json = JSONWriter()
  private final var reader = StampReader()
  private var lastFlush: UInt64 = 0
  private var reported = 0

  /// Collected output that is passed on at once, in bytes.
  private static let fullBuffer = 32_768
  /// Longest time that output waits for more of it, in nanoseconds.
  private static let patience: UInt64 = 50_000_000

  init(_ context: ScanContext) {
    self.context = context
  }

  /// Whether operands need not be there.
  var ignoresAbsence: Bool { false }

  /// Called for each file of a kind that was asked for.
  ///
  /// - Throws: what reading the file threw; the caller reports it.
  func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {}

  final func visit(_ entry: WalkEntry) {
    guard context.scope.contains(entry) else { return }
    do throws(Errno) {
      let found = try reader.find(entry.file)
      counts.examined += 1
      if case .unstamped(let cause) = found {
        counts.unstamped += 1
        if cause == .noAttributes { counts.withoutAttributes += 1 }
      }
      try received(found, entry)
    } catch {
      // What was removed since its name was read is not there to be asked.
      if error == .noSuchFileOrDirectory && (ignoresAbsence || !entry.isOperand) { return }
      counts.unreadable += 1
      context.diagnostics.report(entry.path, error, doing: "cannot read its stamp")
    }
  }

  func enters(_ directory: WalkEntry) -> Bool {
    switch context.scope.entry(of: directory) {
    case .entered: return true
    case .leftOut: return false
    case .gitDirectory:
      counts.gitDirectories += 1
      return false
    }
  }

  func countMalformed() {
    counts.malformed += 1
  }

  final func failed(_ failure: WalkFailure) {
    if failure.error == .noSuchFileOrDirectory && ignoresAbsence { return }
    counts.unreadable += 1
    context.diagnostics.report(failure)
  }

  final func skipped(_ mount: WalkSkip) {
    counts.skippedMounts += 1
  }

  final func pause() {
    context.progress?.advance(counts.examined - reported)
    reported = counts.examined
    guard buffer.count > 0 || json.buffer.count > 0 else { return }
    let now = Clock.realTime
    if buffer.count + json.buffer.count >= Self.fullBuffer || now &- lastFlush > Self.patience {
      lastFlush = now
      flush()
    }
  }

  final func flush() {
    context.sink.flush(&buffer)
    context.sink.flush(&json.buffer)
  }
}

/// What the threads of a scan share.
final class ScanContext: Sendable {
  let sink = Sink()
  let diagnostics = Diagnostics()
  let style: Style
  let isJSON: Bool
  let scope: ScanScope
  let progress: Progress?
  private let walk: Walk
  let operands: [[UInt8]]

  init(
    _ operands: Operands, _ scan: ScanOptions, kinds: ScanOptions.Kind, _ output: OutputOptions,
    excludesOperands: Bool = false
  ) throws {
    self.operands = try operands.resolve(diagnostics)
    style = Style(operands, output, sink: sink)
    isJSON = output.json
    scope = ScanScope(scan, kinds: kinds, excludesOperands: excludesOperands)
    walk = Walk(staysOnFilesystem: scan.staysOnFilesystem)
    progress = Progress.ifWanted(sink: sink)
  }

  /// Scans the operands with one visitor a processor.
  ///
  /// - Returns: the visitors, done, and the sum of their counts.
  func run<Visitor: ScanVisitor>(
    _ makeVisitor: () -> Visitor
  ) -> (visitors: [Visitor], counts: ScanCounts) {
    let visitors = (0..<Walk.availableProcessors).map { _ in makeVisitor() }
    walk.run(operands, visitors: visitors)
    progress?.clear()
    for visitor in visitors { visitor.flush() }
    return (visitors, visitors.map(\.counts).reduce(ScanCounts(), +))
  }

  /// Scans other paths than the operands, with one visitor, here. What is not there any more is none.
  func look(at paths: [[UInt8]], _ visitor: ScanVisitor) {
    walk.run(paths, visitors: [visitor])
    visitor.flush()
  }
}
