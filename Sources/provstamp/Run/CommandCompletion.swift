// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What completes the command of `provstamp run`, and its arguments: programs, then files.
enum CommandCompletion {
  static func words(_ words: [String], at index: Int, beginning prefix: String) -> [String] {
    let before = words.prefix(max(0, index)).dropFirst(2)
    // Without the dashes, an option's value looks like the command; files are offered then.
    let command = before.firstIndex(of: "--").map { before[($0 + 1)...] }
    let isFirst = command?.isEmpty ?? !before.contains { !$0.hasPrefix("-") }
    return isFirst && !prefix.contains("/") ? programs(prefix) : files(prefix)
  }

  private static func programs(_ prefix: String) -> [String] {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    var names: Set<String> = []
    for directory in path.split(separator: ":") {
      for name in entries(String(directory)) where name.hasPrefix(prefix) {
        if access("\(directory)/\(name)", X_OK) == 0 { names.insert(name) }
      }
    }
    return names.sorted()
  }

  private static func files(_ prefix: String) -> [String] {
    let slash = prefix.lastIndex(of: "/")
    let directory = slash.map { String(prefix[...$0]) } ?? ""
    let name = slash.map { prefix[prefix.index(after: $0)...] } ?? prefix[...]
    return entries(directory.isEmpty ? "." : directory)
      .filter { $0.hasPrefix(name) && (!name.isEmpty || !$0.hasPrefix(".")) }
      .map { directory + $0 }.sorted()
  }

  private static func entries(_ directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      if let name, name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
