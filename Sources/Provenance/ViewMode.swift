// SPDX-License-Identifier: Apache-2.0
import CProvenance

/// How a view of provfs serves its files. Its daemon answers with it for an attribute that every file
/// of the view has, and none lists.
public enum ViewMode {
  /// The attribute; its value is options of provfs, separated by spaces.
  public static let attributeName: StaticString = "user.prov.view"
  private static let maximumSize = 256

  /// The mode of the view that a file is in. Only where the file is known to be in one: elsewhere
  /// anybody can set the attribute.
  ///
  /// - Returns: nil where the daemon, an older one, does not tell.
  public static func read(_ file: FileReference) -> String? {
    withUnsafeTemporaryAllocation(byteCount: maximumSize, alignment: 1) { buffer -> String? in
      let count = prov_getxattrat(
        file.directory, file.name, attributeName.cString, buffer.baseAddress, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}
