// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The kernel's own stamper, the provfs LSM.
enum LSM {
  /// Whether it stamps what this daemon writes, in the name of whom the daemon writes for: it is
  /// active, and this process has the privilege to name others. Then a second stamp would only be in
  /// the way.
  static let namesClients = Trust.lsmIsActive() && prov_write_for(nil) == 0

  /// Whether it stamps files on the filesystem that is mounted with this id.
  static func stamps(mount: UInt64) -> Bool {
    namesClients && AttributeKeeper(ofMount: mount) == .kernel
  }
}

/// For whom one worker thread writes, as the LSM has been told. As with ``Credentials``, it is told
/// only when that changes.
struct StandIn {
  private var author: Author?

  /// From now on what this thread writes is the author's; where that is nobody known, files keep no
  /// stamp.
  ///
  /// - Throws: the error of lsm_set_self_attr(2). The write must not happen then: it would be stamped
  ///   as somebody else's.
  mutating func write(for author: Author) throws(Errno) {
    guard LSM.namesClients, self.author != author else { return }
    var stamp = prov_stamp()
    stamp.version = UInt8(PROV_STAMP_VERSION)
    if case .known(let writer) = author { writer.fill(&stamp) }
    self.author = nil
    _ = try valueOrErrno(prov_write_for(&stamp))
    self.author = author
  }
}

extension Writer {
  /// Fills in who the writer is.
  fileprivate func fill(_ stamp: inout prov_stamp) {
    let whole = Stamp(stamper: .lsm, flags: [], writer: self, time: 0, inode: 0)
    withUnsafeMutableBytes(of: &stamp) { whole.store(into: $0) }
    // The LSM fills in the rest.
    stamp.stamper = 0
  }
}
