// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A tree as SVG, coloured by session.
struct TreemapDrawing {
  let palette: Palette
  let label: (SessionID?) -> String

  private static let width = 1100.0
  private static let height = 560.0
  /// Less than this nobody sees or points at, in square units.
  private static let smallest = 90.0
  private static let heading = 14.0
  /// What a character of a name takes.
  private static let letter = 6.2

  private enum Item {
    case directory(TreemapNode)
    case leaf(TreemapNode.Leaf)

    var weight: Double {
      switch self {
      case .directory(let node): node.weight
      case .leaf(let leaf): leaf.weight
      }
    }

    var name: String {
      switch self {
      case .directory(let node): node.name
      case .leaf(let leaf): leaf.name
      }
    }
  }

  func append(_ root: TreemapNode, to markup: inout Markup) {
    let size = "0 0 \(Markup.number(Self.width)) \(Markup.number(Self.height))"
    markup.element(
      "svg",
      [
        ("viewBox", size), ("role", "img"), ("class", "treemap"),
        ("aria-label", "Treemap by session"),
      ]
    ) {
      draw(root, root.name, Area(x: 0, y: 0, width: Self.width, height: Self.height), &$0)
    }
  }

  private func draw(_ node: TreemapNode, _ path: String, _ area: Area, _ markup: inout Markup) {
    let items = items(of: node, area.size)
    let areas = Squares.areas(items.map(\.weight), in: area)
    for (item, area) in zip(items, areas) {
      let name = Self.path(path, item.name)
      switch item {
      case .leaf(let leaf): draw(leaf, name, area, &markup)
      case .directory(let node):
        guard area.width > 30, area.height > Self.heading * 2 else {
          drawWhole(node, name, area, &markup)
          continue
        }
        drawFrame(node, name, area, &markup)
        draw(node, name, Self.inside(area), &markup)
      }
    }
  }

  /// The largest first; what is too small to be seen is put together.
  private func items(of node: TreemapNode, _ size: Double) -> [Item] {
    let bound = Self.smallest / max(size, 1) * node.weight
    var small: [SessionID?: TreemapNode.Leaf] = [:]
    var items: [Item] = []
    for item in node.directories.values.map(Item.directory) + node.leaves.map(Item.leaf) {
      if item.weight >= bound {
        items.append(item)
        continue
      }
      let (session, files) =
        switch item {
        case .directory(let node): (node.owner, node.files)
        case .leaf(let leaf): (leaf.session, leaf.files)
        }
      var heap = small[session] ?? TreemapNode.Leaf(name: "", weight: 0, session: session, files: 0)
      heap.weight += item.weight
      heap.files += files
      heap.name = "\(counted(heap.files, "small file"))"
      small[session] = heap
    }
    items += small.values.map(Item.leaf)
    return items.sorted { ($1.weight, $0.name) < ($0.weight, $1.name) }
  }

  private static func inside(_ area: Area) -> Area {
    Area(
      x: area.x + 2, y: area.y + heading, width: area.width - 4, height: area.height - heading - 2)
  }

  private static func path(_ above: String, _ name: String) -> String {
    above.isEmpty || above.hasSuffix("/") ? above + name : "\(above)/\(name)"
  }

  private func drawFrame(
    _ node: TreemapNode, _ path: String, _ area: Area, _ markup: inout Markup
  ) {
    markup.element("rect", area.attributes + [("class", "frame")]) {
      $0.element("title", text: "\(path): \(counted(node.files, "file"))")
    }
    let place = [
      ("x" as StaticString, Markup.number(area.x + 4)), ("y", Markup.number(area.y + 11)),
    ]
    markup.element("text", place, text: Self.cut(node.name, to: area.width - 8))
  }

  private func drawWhole(
    _ node: TreemapNode, _ path: String, _ area: Area, _ markup: inout Markup
  ) {
    let fill: [(StaticString, String)] = [("fill", palette.color(node.owner)), ("class", "leaf")]
    markup.element("rect", area.attributes + fill) {
      $0.element(
        "title", text: "\(path): \(counted(node.files, "file")), most of it \(label(node.owner))")
    }
  }

  private func draw(
    _ leaf: TreemapNode.Leaf, _ path: String, _ area: Area, _ markup: inout Markup
  ) {
    let fill: [(StaticString, String)] = [
      ("fill", palette.color(leaf.session)), ("class", "leaf"),
    ]
    markup.element("rect", area.attributes + fill) {
      $0.element("title", text: "\(path): \(label(leaf.session))")
    }
    guard area.width > 40, area.height > 14 else { return }
    let place: [(StaticString, String)] = [
      ("x", Markup.number(area.x + 4)), ("y", Markup.number(area.y + 12)),
      ("fill", palette.textColor(leaf.session)),
    ]
    markup.element("text", place, text: Self.cut(leaf.name, to: area.width - 8))
  }

  private static func cut(_ name: String, to width: Double) -> String {
    Columns.cut(name, to: max(1, Int(width / letter)))
  }
}
