// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// One word, or several with commas between them.
struct CommaList<Element: ExpressibleByArgument>: ExpressibleByArgument {
  var elements: [Element]

  init?(argument: String) {
    elements = []
    for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard !word.isEmpty, let element = Element(argument: String(word)) else { return nil }
      elements.append(element)
    }
  }

  static var allValueStrings: [String] { Element.allValueStrings }

  static var defaultCompletionKind: CompletionKind {
    allValueStrings.isEmpty ? .default : .list(allValueStrings)
  }
}

extension CommaList: Sendable where Element: Sendable {}
