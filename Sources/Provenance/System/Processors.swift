// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// The machine's processors.
package enum Processors {
  /// How many the kernel can ever have, with those that are not there now.
  ///
  /// - Throws: the error that kept the list from being read; `Errno.badMessage` where it makes no sense.
  package static func possible() throws(Errno) -> Int {
    guard let count = count(try SmallFile.text("/sys/devices/system/cpu/possible")) else {
      throw .badMessage
    }
    return count
  }

  /// - Parameter list: ranges, such as `0-3,8-11`, or one number for a range of one.
  static func count(_ list: String) -> Int? {
    var count = 0
    for range in list.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
        first <= last
      else { return nil }
      count += Int(last - first) + 1
    }
    return count > 0 ? count : nil
  }
}
