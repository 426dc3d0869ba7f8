// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// The mounts that this process sees, for what no system call tells without asking the filesystem
/// itself, which may never answer.
public struct MountTable {
  private let text: [UInt8]

  /// - Throws: the error that kept `/proc/self/mountinfo` from being read.
  public init() throws(Errno) {
    self.init(text: try SmallFile.bytes("/proc/self/mountinfo", atMost: .max - 1))
  }

  init(text: [UInt8]) {
    self.text = text
  }

  /// Where the filesystem with this device number, the major in its upper half, is mounted; the latest
  /// first.
  public func mountpoints(of device: UInt64) -> [[UInt8]] {
    let number = "\(device >> 32):\(UInt32(truncatingIfNeeded: device))"
    return text.split(separator: UInt8(ascii: "\n")).reversed().compactMap { line in
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard fields.count > 5, fields[2].elementsEqual(number.utf8) else { return nil }
      return Self.unescaped(fields[4])
    }
  }

  /// The device number of a mount's filesystem, as ``mountpoints(of:)`` takes it; nil where there is no
  /// such mount.
  package func device(ofMount id: UInt64) -> UInt64? {
    let prefix = "\(id) "
    let line = text.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: prefix.utf8) }
    guard let fields = line?.split(separator: UInt8(ascii: " "), maxSplits: 3), fields.count > 3
    else {
      return nil
    }
    let numbers = fields[2].split(separator: UInt8(ascii: ":")).map {
      UInt64(String(decoding: $0, as: UTF8.self))
    }
    guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    return major << 32 | minor
  }

  /// One line of the table.
  public struct Entry {
    public var id: UInt64
    public var mountpoint: [UInt8]
    /// Of the filesystem, such as `tmpfs` or `fuse.provfs`.
    public var type: String

    /// Whether it shows the kernel's own tables instead of files that somebody wrote.
    public var isPseudo: Bool { FilesystemType.pseudoByName[type] != nil }

    /// Whether it is mounted on `directory`, an absolute path, or below it.
    public func isBelow(_ directory: [UInt8]) -> Bool {
      let prefix = directory.last == UInt8(ascii: "/") ? directory : directory + [UInt8(ascii: "/")]
      return mountpoint == directory || mountpoint.starts(with: prefix)
    }
  }

  /// All that are mounted, in the kernel's order.
  public func mounts() -> [Entry] {
    text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let fields = line.split(separator: UInt8(ascii: " "))
      guard fields.count > 5, let id = UInt64(String(decoding: fields[0], as: UTF8.self)),
        let end = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }),
        fields.indices.contains(end + 1)
      else { return nil }
      return Entry(
        id: id, mountpoint: Self.unescaped(fields[4]),
        type: String(decoding: fields[end + 1], as: UTF8.self))
    }
  }

  /// Where filesystems of this type are mounted, such as `fuse.provfs`, the latest first.
  package func mountpoints(type: String) -> [[UInt8]] {
    text.split(separator: UInt8(ascii: "\n")).reversed().compactMap { line in
      let fields = line.split(separator: UInt8(ascii: " "))
      guard let end = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), end > 5,
        fields.indices.contains(end + 1), fields[end + 1].elementsEqual(type.utf8)
      else { return nil }
      return Self.unescaped(fields[4])
    }
  }

  /// The options of the filesystem that is mounted on this directory last; empty where none is.
  func options(at mountpoint: [UInt8]) -> [String] {
    for line in text.split(separator: UInt8(ascii: "\n")).reversed() {
      let fields = line.split(separator: UInt8(ascii: " "))
      guard fields.count > 5, Self.unescaped(fields[4]) == mountpoint,
        let end = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }),
        fields.indices.contains(end + 3)
      else { continue }
      return fields[end + 3].split(separator: UInt8(ascii: ",")).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    return []
  }

  /// White space and backslashes are written as three octal digits.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var rest = text
    var result: [UInt8] = []
    while let byte = rest.popFirst() {
      let code = byte == UInt8(ascii: "\\") ? rest.prefix(3) : []
      if let escaped = UInt8(String(decoding: code, as: UTF8.self), radix: 8) {
        result.append(escaped)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  public struct Mount: Hashable {
    /// Of the filesystem, such as `tmpfs` or `fuse.provfs`.
    public var type: String
    /// Of the filesystem, those that belong to a mount apart.
    var options: [Substring]
  }

  /// The mount through which a file was reached; nil where this process cannot find out: after chroot(2)
  /// into a directory that is no mount point, the root's own mount is not in the table, and statmount(2)
  /// tells it from Linux 6.8 on to whoever has CAP_SYS_ADMIN.
  ///
  /// - Parameter id: the mount's id, as statx(2) told it of the file.
  public static func mount(of file: FileReference, id: UInt64) throws(Errno) -> Mount? {
    try MountTable().mount(id) ?? Mount(of: file)
  }

  /// The mount with this id; nil where there is none.
  func mount(_ id: UInt64) -> Mount? {
    let prefix = "\(id) "
    guard
      let line = text.split(separator: UInt8(ascii: "\n")).first(where: {
        $0.starts(with: prefix.utf8)
      })
    else { return nil }
    // Spaces in paths are escaped; optional fields end with a lone "-". Type, source and options follow.
    let fields = line.split(separator: UInt8(ascii: " "))
    guard let end = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }),
      fields.indices.contains(end + 3)
    else { return nil }
    return Mount(
      type: String(decoding: fields[end + 1], as: UTF8.self),
      options: String(decoding: fields[end + 3], as: UTF8.self).split(separator: ","))
  }
}

extension MountTable.Mount {
  /// What statmount(2) says; nil where it says nothing.
  fileprivate init?(of file: FileReference) {
    var told = prov_mount()
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    let mount: Self? = buffer.withUnsafeMutableBufferPointer { buffer in
      guard prov_statmount(file.directory, file.name, buffer.baseAddress, buffer.count, &told) == 0
      else { return nil }
      let (type, subtype) = (String(cString: told.type), String(cString: told.subtype))
      return Self(
        type: subtype.isEmpty ? type : "\(type).\(subtype)",
        options: String(cString: told.options).split(separator: ","))
    }
    guard let mount, !mount.type.isEmpty else { return nil }
    self = mount
  }
}
