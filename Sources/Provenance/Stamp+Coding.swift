// SPDX-License-Identifier: Apache-2.0
import CProvenance

extension Stamp {
  /// Bytes of one stamp.
  public static let size = Int(PROV_STAMP_SIZE)

  /// Decodes the value of a stamp's attribute. Every byte sequence gives a stamp or an error.
  public init(_ bytes: UnsafeRawBufferPointer) throws(StampError) {
    guard bytes.count == Self.size else { throw .size(bytes.count) }
    let stored = bytes.loadUnaligned(as: prov_stamp.self)
    guard stored.version == PROV_STAMP_VERSION else { throw .version(stored.version) }
    guard let stamper = Stamper(rawValue: stored.stamper) else { throw .stamper(stored.stamper) }
    let flags = Flags(rawValue: UInt16(littleEndian: stored.flags))
    guard flags.isSubset(of: .all) else { throw .flags(flags.subtracting(.all).rawValue) }
    let session = withUnsafeBytes(of: stored.session) { SessionID(validating: Octets16($0)) }
    guard let session else { throw .session }
    let root = withUnsafeBytes(of: stored.root) {
      RootPrefix(UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)))
    }
    guard root.isNone || !session.isNone else { throw .root }
    let comm = withUnsafeBytes(of: stored.comm) { TaskName(validating: Octets16($0)) }
    guard let comm else { throw .comm }
    self.init(
      stamper: stamper, flags: flags,
      writer: Writer(
        session: session, root: root, pid: UInt32(littleEndian: stored.pid),
        uid: UInt32(littleEndian: stored.uid), comm: comm),
      time: UInt64(littleEndian: stored.time), inode: UInt64(littleEndian: stored.inode))
  }

  /// Writes the 64 stored bytes at the start of `bytes`, which must have room for them.
  public func store(into bytes: UnsafeMutableRawBufferPointer) {
    var stored = prov_stamp()
    stored.version = UInt8(PROV_STAMP_VERSION)
    stored.stamper = stamper.rawValue
    stored.flags = flags.rawValue.littleEndian
    stored.pid = writer.pid.littleEndian
    stored.uid = writer.uid.littleEndian
    withUnsafeMutableBytes(of: &stored.root) {
      $0.storeBytes(of: writer.root.value.bigEndian, as: UInt32.self)
    }
    withUnsafeMutableBytes(of: &stored.session) { writer.session.store(into: $0) }
    stored.time = time.littleEndian
    stored.inode = inode.littleEndian
    withUnsafeMutableBytes(of: &stored.comm) { writer.comm.octets.store(into: $0) }
    withUnsafeBytes(of: &stored) { bytes.copyMemory(from: $0) }
  }

  /// The 64 stored bytes.
  public var encoded: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, count in
      store(into: UnsafeMutableRawBufferPointer(buffer))
      count = Self.size
    }
  }
}
