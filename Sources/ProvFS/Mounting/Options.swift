// SPDX-License-Identifier: Apache-2.0

/// The command line, as far as it can be understood without looking at the machine.
struct Options: Equatable {
  /// A path as it was given: bytes, not necessarily UTF-8, without the NUL.
  typealias Path = [UInt8]

  var source: Path?
  var mountpoint: Path?
  var staysInForeground = false
  var isDebugging = false
  var showsHelp = false
  var showsVersion = false
  var entryTimeout = 1.0
  var attributeTimeout = 1.0
  var negativeTimeout = 0.0
  var staysOnFilesystem = false
  /// Most threads that serve requests at a time.
  var maximumThreads = 64
  var passthrough = Choice.auto
  var ring = Choice.auto
  /// Whether every write is to come to the daemon, so that whoever makes it is named.
  var attributesEachWrite = false

  /// Whether to use what not every kernel has: where it can be, else fail, or never.
  enum Choice: String, CaseIterable {
    case auto, on, off
  }

  /// What was asked for of access times, which cannot be had here.
  var accessTimeOptions: [String] = []

  /// Options for mount(2) and libfuse, in order.
  var mount: [Path] = []

  /// - Parameter arguments: without the program's name.
  init(_ arguments: [Path]) throws(UsageError) {
    var paths: [Path] = []
    var rest = arguments[...]
    var optionsEnded = false
    while let argument = rest.popFirst() {
      if optionsEnded || argument.first != UInt8(ascii: "-") || argument.count == 1 {
        paths.append(argument)
        continue
      }
      switch String(decoding: argument, as: UTF8.self) {
      case "--": optionsEnded = true
      case "-f", "--foreground": staysInForeground = true
      case "-d", "--debug": (isDebugging, staysInForeground) = (true, true)
      case "-h", "--help": showsHelp = true
      case "-V", "--version": showsVersion = true
      case "-s": maximumThreads = 1
      case "-o":
        guard let list = rest.popFirst() else { throw .missingValue("-o") }
        try read(list)
      case let text where text.hasPrefix("-o"):
        try read(Path(argument.dropFirst(2)))
      case let text:
        throw .unknownOption(text)
      }
    }
    if showsHelp || showsVersion { return }
    guard paths.count == 2 else { throw .pathCount(paths.count) }
    source = paths[0]
    mountpoint = paths[1]
  }

  /// Reads the comma-separated value of an `-o`; a backslash keeps the comma that follows it.
  private mutating func read(_ list: Path) throws(UsageError) {
    var option: Path = []
    var isEscaped = false
    for byte in list {
      if !isEscaped && byte == UInt8(ascii: ",") {
        try read(option: option)
        option = []
        continue
      }
      isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      option.append(byte)
    }
    try read(option: option)
  }

  private mutating func read(option: Path) throws(UsageError) {
    guard !option.isEmpty else { return }
    let parts = option.split(
      separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(decoding: parts[0], as: UTF8.self)
    let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : nil
    switch name {
    case "entry_timeout": entryTimeout = try seconds(name, value)
    case "attr_timeout": attributeTimeout = try seconds(name, value)
    case "negative_timeout": negativeTimeout = try seconds(name, value)
    case "one_file_system": staysOnFilesystem = true
    case "passthrough": passthrough = try choice(name, value)
    case "ring": ring = try choice(name, value)
    case "attribution":
      guard let value, ["exact", "default"].contains(value) else {
        throw .badValue(name, value, "default or exact")
      }
      attributesEachWrite = value == "exact"
    case "max_threads":
      guard let value, let count = Int(value), (1...1024).contains(count) else {
        throw .badValue(name, value, "a number from 1 to 1024")
      }
      maximumThreads = count
    case "debug": (isDebugging, staysInForeground) = (true, true)
    case _ where Self.forMount.contains(name): mount.append(option)
    case _ where Self.ofAccessTimes.contains(name): accessTimeOptions.append(name)
    case _ where Self.ignored.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-"): break
    default: throw .unknownMountOption(name)
    }
  }

  private func choice(_ name: String, _ value: String?) throws(UsageError) -> Choice {
    guard let choice = value.flatMap(Choice.init(rawValue:)) else {
      throw .badValue(name, value, "auto, on or off")
    }
    return choice
  }

  private func seconds(_ name: String, _ value: String?) throws(UsageError) -> Double {
    guard let value, let seconds = Double(value), seconds >= 0, seconds <= 1e9 else {
      throw .badValue(name, value, "a number of seconds, 0 or more")
    }
    return seconds
  }

  /// What libfuse 3.14 or mount(2) understands.
  private static let forMount: Set<String> = [
    "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync",
    "allow_other", "noallow_other", "allow_root", "auto_unmount", "default_permissions", "fsname",
    "subtype", "context", "fscontext", "defcontext", "rootcontext",
  ]

  /// What fstab holds for others: mount(8), systemd.
  private static let ignored: Set<String> = [
    "defaults", "auto", "noauto", "nofail", "_netdev", "user", "users", "nouser", "owner", "group",
    "comment",
  ]

  /// Of access times: they are SOURCE's, kept as its filesystem is mounted.
  static let ofAccessTimes: Set<String> = [
    "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime",
    "nostrictatime", "lazytime", "nolazytime",
  ]
}

/// A command line that cannot be followed.
enum UsageError: Error, Equatable {
  case unknownOption(String)
  case unknownMountOption(String)
  case missingValue(String)
  case badValue(String, String?, String)
  case pathCount(Int)
}

extension UsageError: CustomStringConvertible {
  var description: String {
    switch self {
    case .unknownOption(let option): "unknown option '\(option)'"
    case .unknownMountOption(let option): "unknown mount option '\(option)' after -o"
    case .missingValue(let option): "\(option) needs a value"
    case .badValue(let option, let value, let expected):
      "-o \(option)=\(value ?? "") is not \(expected)"
    case .pathCount(0): "SOURCE and MOUNTPOINT are missing"
    case .pathCount(1): "MOUNTPOINT is missing"
    case .pathCount(let count): "\(count) paths were given; it takes SOURCE and MOUNTPOINT"
    }
  }
}
