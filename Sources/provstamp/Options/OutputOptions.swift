// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// How results are printed.
struct OutputOptions: ParsableArguments {
  enum Color: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
  }

  @Flag(name: .long, help: "One JSON object a line; provstamp(1) has the fields.")
  var json = false

  @Option(
    name: .long, help: "Colour states and sessions: auto is on a terminal, unless NO_COLOR is set.")
  var color = Color.auto

  /// Whether standard output takes colours.
  var usesColor: Bool {
    switch color {
    case .always: true
    case .never: false
    case .auto:
      isatty(STDOUT_FILENO) != 0 && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
        && getenv("TERM").map { String(cString: $0) } != "dumb"
    }
  }
}
