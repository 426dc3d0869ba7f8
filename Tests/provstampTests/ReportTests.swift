// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage
import Testing

@testable import provstamp

@Suite struct CoverageTests {
  private let now = Clock.realTime

  private func gap(
    _ watcher: Coverage.Watcher, _ kind: LedgerEntry.Kind?, began: UInt64?
  ) -> String? {
    Coverage(mountpoint: [], type: "ext4", watcher: watcher).gap(kind, began: began)
  }

  private func daemon(since: UInt64) -> Coverage.Watcher {
    .daemon(StampingDaemon(since: since, losses: ""))
  }

  @Test func onlyWhatWatchedAllTheTimeLeavesNoGap() {
    #expect(gap(.lsm, .kernel, began: now) == nil)
    #expect(gap(.lsm, .kernel, began: 1) != nil)
    #expect(gap(.lsm, .kernel, began: nil) != nil)
    #expect(gap(.nothing, .kernel, began: now) != nil)
    #expect(gap(.unreachable(.ioError), .kernel, began: now) != nil)
  }

  @Test func noStamperIsTakenToKnowSessionsThatItCannotSee() {
    #expect(gap(.lsm, .registry, began: now) != nil)
    #expect(gap(daemon(since: 1), .registry, began: now) != nil)
    #expect(gap(daemon(since: 1), .kernel, began: now) != nil)
    #expect(gap(daemon(since: 1), nil, began: now) == nil)
    #expect(gap(daemon(since: now), nil, began: now - 1) != nil)
  }

  /// Since when it is there nobody tells.
  @Test func aViewAlwaysLeavesOne() {
    #expect(gap(.view(mode: nil), .registry, began: now) != nil)
    #expect(gap(.view(mode: nil), .kernel, began: now) != nil)
  }
}

@Suite struct MomentTests {
  @Test(arguments: [
    (0, 1), (23, 1), (24, 10), (239, 10), (240, 60), (86_399, 3600), (86_400 * 365, 2_678_400),
  ])
  func widthsAreSuchThatThereAreFew(_ span: UInt64, _ width: UInt64) {
    let second: UInt64 = 1_000_000_000
    #expect(ReportedMoment.width(from: 7, to: 7 + span * second) == width * second)
  }

  @Test func theLongestSpanHasFewToo() {
    let width = ReportedMoment.width(from: 0, to: .max)
    #expect(UInt64.max / width < 30)
  }
}

@Suite struct SquaresTests {
  @Test(arguments: [
    [1.0], [6, 6, 4, 3, 2, 2, 1], [1e5, 1, 1], Array(repeating: 1.0, count: 1000),
  ])
  func areasAreAsLargeAsWeights(_ weights: [Double]) {
    let outer = Area(x: 10, y: 20, width: 600, height: 400)
    let areas = Squares.areas(weights, in: outer)
    let scale = outer.size / weights.reduce(0, +)
    #expect(areas.count == weights.count)
    for (area, weight) in zip(areas, weights) {
      #expect(abs(area.size - weight * scale) < 1e-3 * max(1, weight * scale))
      #expect(area.x >= outer.x - 1e-3 && area.x + area.width <= outer.x + outer.width + 1e-3)
      #expect(area.y >= outer.y - 1e-3 && area.y + area.height <= outer.y + outer.height + 1e-3)
    }
  }

  @Test func nothingHasNoArea() {
    #expect(Squares.areas([], in: Area(x: 0, y: 0, width: 1, height: 1)).isEmpty)
    #expect(Squares.areas([1], in: Area(x: 0, y: 0, width: 0, height: 1)).map(\.size) == [0])
  }
}

@Suite struct JSONValueTests {
  private func read(_ text: String) -> JSONValue? { JSONValue(Array(text.utf8)) }

  @Test func readsWhatIsJSON() {
    #expect(
      read(" [1, -0.5e+3, true, null] ")
        == .array([.number("1"), .number("-0.5e3"), .bool(true), .null]))
    #expect(read(#"{"a":{"b":[]},"a":"\u00e9\ud83d\ude00\n"}"#) == .object(["a": .string("é😀\n")]))
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "01", "1.", "+1", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"",
    "\"\\ude00\"", "tru",
    "1 2", "\"a", "{1:2}", "nul", "[1 2]", "\"\\u12\"", "-", "1e",
  ])
  func refusesWhatIsNone(_ text: String) {
    #expect(read(text) == nil)
  }

  @Test func refusesWhatIsNoUTF8AndWhatIsTooDeep() {
    #expect(JSONValue([0x22, 0xff, 0x22]) == nil)
    let deep = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
    #expect(read(deep) == nil)
    #expect(read(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != nil)
  }
}

@Suite struct MarkupTests {
  @Test func textIsText() {
    #expect(
      Markup.escaped("<a b=\"c\" d='e'>&\u{202e}\n")
        == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\\u{202e}\\n")
  }

  @Test(arguments: [(0.0, "0"), (1.25, "1.3"), (-0.25, "-0.3"), (12.04, "12"), (99.96, "100")])
  func numbersHaveOneDecimal(_ value: Double, _ text: String) {
    #expect(Markup.number(value) == text)
  }
}
