// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc

/// What libfuse is told at mounting, as its own command line.
struct MountArguments {
  private(set) var options: [Options.Path]
  private let isDebugging: Bool

  init(_ given: Options, source: Options.Path, _ descriptor: CInt) {
    isDebugging = given.isDebugging
    let names = Set(given.mount.map { String(decoding: $0.prefix { $0 != 61 }, as: UTF8.self) })
    var options = given.mount
    let add = { (option: String) in
      let name = String(option.prefix { $0 != "=" })
      if !names.contains(name) && !names.contains("no\(name)") {
        options.append(Array(option.utf8))
      }
    }
    add("default_permissions")
    add("subtype=\(Log.name)")
    if !names.contains("fsname") {
      options.append(Array("fsname=".utf8) + Self.escaped(source))
    }
    if geteuid() == 0 {
      if !names.contains("allow_root") { add("allow_other") }
      // libfuse mounts with nosuid and nodev unless told otherwise.
      let flags = Self.mountFlags(descriptor)
      for (option, refusal) in [
        ("suid", ST_NOSUID), ("dev", PROV_ST_NODEV), ("exec", PROV_ST_NOEXEC),
      ] {
        add(flags & UInt(refusal) == 0 ? option : "no\(option)")
      }
    }
    self.options = options.filter { $0 != Array("noallow_other".utf8) }
  }

  func contains(_ option: String) -> Bool {
    options.contains(Array(option.utf8))
  }

  /// Calls `body` with the words; libfuse takes them apart.
  func withFuseArguments<Result>(
    _ body: (UnsafeMutablePointer<fuse_args>) throws(Trouble) -> Result
  ) throws(Trouble) -> Result {
    var arguments = fuse_args()
    fuse_opt_add_arg(&arguments, Log.name)
    if isDebugging { fuse_opt_add_arg(&arguments, "-d") }
    for option in options {
      fuse_opt_add_arg(&arguments, "-o")
      option.withCString { _ = fuse_opt_add_arg(&arguments, $0) }
    }
    defer { fuse_opt_free_args(&arguments) }
    return try body(&arguments)
  }

  /// A backslash keeps a comma or a backslash from meaning something.
  static func escaped(_ path: Options.Path) -> Options.Path {
    path.flatMap { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\\") ? [92, $0] : [$0] }
  }

  private static func mountFlags(_ descriptor: CInt) -> UInt {
    var filesystem = statvfs()
    return prov_fstatvfs(descriptor, &filesystem) == 0 ? filesystem.f_flag : 0
  }
}
