// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

/// Tells whether anybody has stored to a file through a mapping while a request wrote to it.
///
/// The file's pages are written back before, so that the first store to each shows: in mtime if it comes
/// after the request was accounted for; before that, in a page that is dirty although the request does not
/// touch it, or in bytes, of the pages that it does touch, that are not the request's.
struct StoreWatch {
  private let bytes: UnsafeRawBufferPointer
  private let offset: UInt64
  /// What is in the request's first page before the request's bytes, and in its last one behind them.
  private let head: [UInt8]
  private let tail: [UInt8]

  private static let pageSize = UInt64(sysconf(CInt(_SC_PAGESIZE)))

  /// - Parameters:
  ///   - file: a descriptor for reading, of a file whose pages were written back.
  ///   - bytes: what will be written.
  ///   - offset: where; nil for the end of the file.
  init?(_ file: CInt, _ bytes: UnsafeRawBufferPointer, at offset: UInt64?) {
    guard let offset = offset ?? Self.size(file) else { return nil }
    self.bytes = bytes
    self.offset = offset
    let end = offset + UInt64(bytes.count)
    let first = offset - offset % Self.pageSize
    guard let head = Self.read(file, first..<offset),
      let tail = Self.read(file, end..<Self.roundedUp(end))
    else { return nil }
    self.head = head
    self.tail = tail
  }

  /// Whether nobody has, for certain.
  ///
  /// - Parameter count: how many of the bytes were written.
  func sawNone(_ file: CInt, afterWriting count: Int) -> Bool {
    let end = offset + UInt64(count)
    let first = offset - offset % Self.pageSize
    guard count == bytes.count,
      first == 0 || prov_dirty_pages(file, 0, first) == 0,
      prov_dirty_pages(file, Self.roundedUp(end), 0) == 0,
      let now = Self.read(file, first..<Self.roundedUp(end))
    else { return false }
    // Where the file has grown, zeros are between its old end and the bytes.
    let padding = Int(offset - first) - head.count
    let start = head.count + padding
    return now.count >= start + count
      && now[..<head.count].elementsEqual(head)
      && now[head.count..<start].allSatisfy { $0 == 0 }
      && now[start..<start + count].elementsEqual(bytes)
      && now[(start + count)...].elementsEqual(tail)
  }

  private static func roundedUp(_ offset: UInt64) -> UInt64 {
    (offset + pageSize - 1) / pageSize * pageSize
  }

  private static func size(_ file: CInt) -> UInt64? {
    var attributes = statx()
    let result = prov_statx(
      file, "", CInt(PROV_AT_EMPTY_PATH), UInt32(STATX_SIZE), &attributes)
    return result == 0 ? attributes.stx_size : nil
  }

  /// - Returns: what is there, which the file's end may cut short; nil where it cannot be read.
  private static func read(_ file: CInt, _ range: Range<UInt64>) -> [UInt8]? {
    var failed = false
    let found = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let result = prov_pread(
          file, buffer.baseAddress! + count, range.count - count,
          off_t(range.lowerBound) + off_t(count))
        if result < 0 { failed = true }
        if result <= 0 { break }
        count += result
      }
    }
    return failed ? nil : found
  }
}

extension Stamper {
  func watchStores(
    _ node: NodeReference, _ bytes: UnsafeRawBufferPointer, at offset: UInt64?
  ) -> StoreWatch? {
    withFile(node) { file in
      _ = prov_write_back(file)
      return StoreWatch(file, bytes, at: offset)
    } ?? nil
  }

  /// Whether anybody may have stored to the file since its pages were written back.
  func mayHaveDirtyPages(_ node: NodeReference) -> Bool {
    withFile(node) { prov_dirty_pages($0, 0, 0) } != 0
  }
}
