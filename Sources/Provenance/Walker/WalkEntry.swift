// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

/// One entry that a walk came to. A view into the walk's buffers: it holds while the visitor is called.
public struct WalkEntry {
  /// The entry, for system calls. Never followed where it is a symbolic link.
  public let file: FileReference
  public let kind: Kind
  let directory: WalkDirectory?

  /// What the entry is, as the directory says.
  public enum Kind: UInt8, Sendable {
    // DT_* of dirent.h
    case fifo = 1
    case characterDevice = 2
    case directory = 4
    case blockDevice = 6
    case regular = 8
    case symbolicLink = 10
    case socket = 12
    case unknown = 0

    init(mode: UInt16) {
      self = Kind(rawValue: UInt8(truncatingIfNeeded: mode >> 12)) ?? .unknown
    }
  }

  /// Whether this is one of the paths that the walk was given.
  public var isOperand: Bool { directory == nil }

  /// The path as the walk came to it: the operand's bytes, then the names below it.
  public var path: [UInt8] {
    let name = UnsafeRawBufferPointer(start: file.name, count: strlen(file.name))
    guard let directory else { return Array(name) }
    return directory.path(appending: name)
  }
}
