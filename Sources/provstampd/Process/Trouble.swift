// SPDX-License-Identifier: Apache-2.0

/// Why the daemon cannot do its work, and what to do about it.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
