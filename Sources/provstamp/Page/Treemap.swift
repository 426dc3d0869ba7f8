// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A directory with what is in it, to be drawn as large as its content is.
final class TreemapNode {
  struct Leaf {
    var name: String
    var weight: Double
    /// Nil for what nobody who is reported on wrote.
    var session: SessionID?
    var files = 1
  }

  let name: String
  private(set) var directories: [[UInt8]: TreemapNode] = [:]
  private(set) var leaves: [Leaf] = []
  private(set) var weight = 0.0
  private(set) var files = 0
  /// Weight by session; nil is nobody.
  private(set) var shares: [SessionID?: Double] = [:]

  init(_ name: String) {
    self.name = name
  }

  func add(_ leaf: Leaf, below path: ArraySlice<[UInt8]>) {
    weight += leaf.weight
    files += leaf.files
    shares[leaf.session, default: 0] += leaf.weight
    guard let first = path.first else {
      leaves.append(leaf)
      return
    }
    let node = directories[first] ?? TreemapNode(Escaping.text(first))
    directories[first] = node
    node.add(leaf, below: path.dropFirst())
  }

  /// Whose most of it is.
  var owner: SessionID? {
    shares.max { ($0.value, $0.key?.description ?? "") < ($1.value, $1.key?.description ?? "") }?
      .key ?? nil
  }
}

/// Rectangles side by side, as near to squares as they can be, as large as their weights are: the method of
/// Bruls, Huizing and van Wijk.
enum Squares {
  /// - Parameter weights: positive, the largest first.
  static func areas(_ weights: [Double], in area: Area) -> [Area] {
    let sum = weights.reduce(0, +)
    guard sum > 0, area.size > 0 else {
      return weights.map { _ in Area(x: 0, y: 0, width: 0, height: 0) }
    }
    let scale = area.size / sum
    var (rest, found, start) = (area, [Area](), 0)
    while start < weights.count {
      let side = min(rest.width, rest.height)
      var (end, row) = (start + 1, weights[start] * scale)
      while end < weights.count {
        let more = row + weights[end] * scale
        let now = worst(weights[start], weights[end - 1], row, side, scale)
        guard worst(weights[start], weights[end], more, side, scale) <= now else { break }
        row = more
        end += 1
      }
      found += place(weights[start..<end], row, scale, in: &rest)
      start = end
    }
    return found
  }

  /// How far from a square the worst of a row is, by its largest and smallest weight.
  private static func worst(
    _ largest: Double, _ smallest: Double, _ row: Double, _ side: Double, _ scale: Double
  ) -> Double {
    let (side, row) = (side * side, row * row)
    return max(side * largest * scale / row, row / (side * smallest * scale))
  }

  private static func place(
    _ weights: ArraySlice<Double>, _ row: Double, _ scale: Double, in rest: inout Area
  ) -> [Area] {
    let isColumn = rest.width >= rest.height
    let depth = row / max(isColumn ? rest.height : rest.width, .leastNormalMagnitude)
    var (placed, along) = ([Area](), isColumn ? rest.y : rest.x)
    for weight in weights {
      let length = weight * scale / max(depth, .leastNormalMagnitude)
      placed.append(
        isColumn
          ? Area(x: rest.x, y: along, width: depth, height: length)
          : Area(x: along, y: rest.y, width: length, height: depth))
      along += length
    }
    if isColumn {
      rest.x += depth
      rest.width = max(0, rest.width - depth)
    } else {
      rest.y += depth
      rest.height = max(0, rest.height - depth)
    }
    return placed
  }
}
