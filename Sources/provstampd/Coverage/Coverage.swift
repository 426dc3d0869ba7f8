// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// Since when the daemon watches, and what it has missed, for whoever asks: `/run/provstampd/coverage`.
struct Coverage {
  private let since = Clock.realTime
  private var written = ""

  private static let path = "\(RuntimeDirectory.path)/coverage"

  mutating func write(_ counts: Counts, _ outcomes: Outcomes) {
    let text = """
      {"tier":"trace","since":\(since),"changes":\(counts.changes),"stamped":\(outcomes.stamped),\
      "unknown":\(outcomes.unknown),"unreached":\(outcomes.unreached),\
      "overflowed":\(counts.overflowed),"lost":\(counts.lost),"skipped":\(counts.skipped)}

      """
    guard text != written else { return }
    let fresh = "\(Self.path).new"
    unlink(fresh)
    let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { return }
    let count = text.withCString { Glibc.write(file, $0, strlen($0)) }
    close(file)
    if count == text.utf8.count, rename(fresh, Self.path) == 0 { written = text }
  }
}
