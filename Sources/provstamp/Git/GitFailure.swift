// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Why git could not tell, and what to do about it.
struct GitFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  /// - Parameter words: what git was asked; the first word that is no option names the command.
  init(_ words: [String], status: CInt, _ complaint: [UInt8], in directory: [UInt8]) {
    let command = words.first { !$0.hasPrefix("-") } ?? ""
    let lines = complaint.split(separator: 0x0a).map(Escaping.text)
    let cause =
      (lines.first { $0.hasPrefix("fatal: ") } ?? lines.first)
      .map { $0.hasPrefix("fatal: ") ? String($0.dropFirst(7)) : $0 }
      ?? "it ended with status \(status)"
    self.init(
      "\(Self.place(directory)): git \(command): \(cause); "
        + Self.wayOut(cause, in: directory))
  }

  init(notStarted error: Errno, in directory: [UInt8]) {
    self.init(
      error == .noSuchFileOrDirectory
        ? "git: not found in PATH; way out: install git, for instance: apt install git"
        : "\(Self.place(directory)): git cannot be run: \(error); way out: `git --version` may say more"
    )
  }

  private static func place(_ directory: [UInt8]) -> String {
    directory.isEmpty ? "." : Escaping.text(directory)
  }

  private static func wayOut(_ cause: String, in directory: [UInt8]) -> String {
    if cause.contains("not a git repository") {
      return "way out: name a directory in a git work tree"
    }
    if cause.contains("dubious ownership") {
      return "git runs what the tree's configuration names; way out, if you trust its owner: "
        + "git config --global --add safe.directory DIRECTORY"
    }
    if cause.contains("must be run in a work tree") {
      return "way out: name a directory that files are checked out in"
    }
    if cause.contains("cannot change to") { return "way out: name a directory that exists" }
    let option = directory.isEmpty ? "" : "-C \(Escaping.text(directory)) "
    return "way out: `git \(option)status` there may say more"
  }
}
