// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

/// One entry that a walk came to. A view into the walk's buffers: it holds while the visitor is called.
public struct WalkEntry {
  /// The entry, for system calls. Never followed where it is a symbolic link.
  public let file: FileReference
  public let kind: Kind
  // Not retained for each entry: the worker holds the directory while the visitor is called.
  unowned(unsafe) let directory: WalkDirectory?

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

  /// Several kinds.
  public struct Kinds: OptionSet, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
      self.rawValue = rawValue
    }

    public static let fifo = Kinds(.fifo)
    public static let characterDevice = Kinds(.characterDevice)
    public static let directory = Kinds(.directory)
    public static let blockDevice = Kinds(.blockDevice)
    public static let regular = Kinds(.regular)
    public static let symbolicLink = Kinds(.symbolicLink)
    public static let socket = Kinds(.socket)
    /// Those that this program has no name for as well.
    public static let all = Kinds(rawValue: .max)

    private init(_ kind: Kind) {
      rawValue = 1 << UInt16(kind.rawValue)
    }

    public func contains(_ kind: Kind) -> Bool {
      rawValue & 1 << UInt16(kind.rawValue) != 0
    }
  }

  /// Whether this is one of the paths that the walk was given.
  public var isOperand: Bool { directory == nil }

  /// How many directories of the walk it is in: 0 for an operand.
  public var depth: Int { directory.map { $0.depth + 1 } ?? 0 }

  /// The directory that it is in; nil for an operand.
  public var place: WalkPlace? { directory.map(WalkPlace.init) }

  /// The path as the walk came to it: the operand's bytes, then the names below it.
  public var path: [UInt8] {
    let name = UnsafeRawBufferPointer(start: file.name, count: strlen(file.name))
    guard let directory else { return Array(name) }
    return directory.path(appending: name)
  }
}

/// A directory that a walk came through. It may be kept.
public struct WalkPlace: Sendable {
  fileprivate let directory: WalkDirectory

  /// The operand's bytes, then the names below it.
  public var path: [UInt8] {
    directory.path(appending: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// Whether both are the same directory of one walk.
  public func isSame(as other: WalkPlace) -> Bool { directory === other.directory }
}
