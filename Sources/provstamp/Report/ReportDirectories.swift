// SPDX-License-Identifier: Apache-2.0

/// What was written in a directory and everywhere below it.
struct ReportedDirectory {
  let path: [UInt8]
  var totals = ReportTotals()

  /// All directories around reported files up to what was named, in the order of their paths.
  static func all(_ files: [ReportedFile]) -> [ReportedDirectory] {
    var own: [[UInt8]: (depth: Int, totals: ReportTotals)] = [:]
    for file in files where file.depth > 0 {
      guard let directory = above(file.path[...]) else { continue }
      own[Array(directory), default: (file.depth, ReportTotals())].totals.add(file)
    }
    var found: [[UInt8]: ReportedDirectory] = [:]
    for (directory, content) in own {
      var next: ArraySlice<UInt8>? = directory[...]
      // A file is as deep as there are directories around it, up to what was named.
      for _ in 0..<content.depth {
        guard let path = next else { break }
        found[Array(path), default: ReportedDirectory(path: Array(path))].totals.add(content.totals)
        next = above(path)
      }
    }
    return found.values.sorted { $0.path.lexicographicallyPrecedes($1.path) }
  }

  private static func above(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    return slash == path.startIndex && path.count > 1 ? path[...slash] : path[..<slash]
  }
}

/// What was stamped within some time.
struct ReportedMoment {
  /// In nanoseconds since 1970.
  let start: UInt64
  let end: UInt64
  var totals = ReportTotals()

  private static let widths: [UInt64] = [
    1, 10, 60, 300, 900, 3600, 21_600, 86_400, 604_800, 2_678_400, 31_536_000,
  ]
  private static let most: UInt64 = 24

  /// How long the moments of a timeline are, so that they are not many.
  static func width(from first: UInt64, to last: UInt64) -> UInt64 {
    let second: UInt64 = 1_000_000_000
    let span = (last - min(first, last)) / second
    return (widths.first { span / $0 < most } ?? span / most + 1) * second
  }

  /// Those in which something was stamped, the earliest first.
  static func all(_ files: [ReportedFile]) -> [ReportedMoment] {
    let totals = ReportTotals(files)
    guard let first = totals.first, let last = totals.last else { return [] }
    let width = width(from: first, to: last)
    var found: [UInt64: ReportedMoment] = [:]
    for file in files {
      guard let time = file.time else { continue }
      let start = time / width * width
      let (end, overflow) = start.addingReportingOverflow(width)
      found[start, default: ReportedMoment(start: start, end: overflow ? .max : end)].totals.add(
        file)
    }
    return found.values.sorted { $0.start < $1.start }
  }
}
