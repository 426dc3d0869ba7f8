// SPDX-License-Identifier: Apache-2.0

/// What somebody may have meant by a word that is none.
enum Suggestion {
  /// The nearest of `words`: of those that differ by at most a third of the letters, two at most.
  static func nearest(to typed: String, among words: [String]) -> String? {
    let bound = min(2, max(1, typed.count / 3))
    return words.map { (word: $0, distance: distance(typed, $0)) }
      .filter { $0.distance <= bound }.min { $0.distance < $1.distance }?.word
  }

  /// How many letters are to be changed, added, left out or exchanged with the next one.
  static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left), Array(right))
    var rows = [Array(0...right.count)]
    for row in 0..<left.count {
      var next = [row + 1]
      for column in 0..<right.count {
        var best = min(rows[row][column + 1], next[column]) + 1
        best = min(best, rows[row][column] + (left[row] == right[column] ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          best = min(best, rows[row - 1][column - 1] + 1)
        }
        next.append(best)
      }
      rows.append(next)
    }
    return rows[left.count][right.count]
  }
}
