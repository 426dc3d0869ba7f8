// SPDX-License-Identifier: Apache-2.0
import CProvenance
import SystemPackage

/// One file, named without following a symbolic link: the entry `name` in the directory that
/// `directory` refers to, or, where `name` is empty, the file that `directory` itself refers to
/// (which may have been opened with O_PATH). A view: it owns neither the descriptor nor the bytes.
public struct FileReference {
  public let directory: CInt
  public let name: UnsafePointer<CChar>

  public init(directory: CInt, name: UnsafePointer<CChar>) {
    self.directory = directory
    self.name = name
  }

  /// The file that an open descriptor refers to.
  public init(descriptor: CInt) {
    self.init(directory: descriptor, name: Self.empty.cString)
  }

  private static let empty: StaticString = ""
}
