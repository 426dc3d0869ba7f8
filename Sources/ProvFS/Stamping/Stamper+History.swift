// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Files that take another's name: editors, `sed -i` and git save so. The history of what had the name goes
/// on in the log of what has it now.
extension Stamper {
  /// Who has written a file that is about to be replaced, newest first.
  ///
  /// - Returns: nil where there is nothing to inherit, or nobody who could.
  func history(of replaced: NodeReference?, inheritedBy heir: NodeReference?) -> [Stamp]? {
    guard isActive, let replaced, let heir, replaced != heir, replaced.isRegular, heir.isRegular,
      let attribute = replaced.pointer.pointee.volume.stampAttribute
    else { return nil }
    settle(replaced)
    Credentials.resumeOwn()
    let history = try? table.withDescriptor(replaced) { descriptor throws(Errno) in
      try StampStore.readHistory(FileReference(descriptor: descriptor), attribute)
    }
    guard let history, !history.isEmpty else { return nil }
    return history
  }

  /// Adds the history of a file to the log of the one that has replaced it.
  func inherit(_ history: [Stamp], _ heir: NodeReference) {
    guard let attribute = heir.pointer.pointee.volume.stampAttribute else { return }
    heir.pointer.pointee.attribution.withLock { state in
      settle(heir, &state)
      let held = stampThatHolds(heir)
      Credentials.resumeOwn()
      _ = try? withDescriptor(heir) { descriptor throws(Errno) in
        try whileWritable(descriptor, table.attributes(descriptor), attribute) {
          () throws(Errno) in
          try StampStore.inherit(history, FileReference(descriptor: descriptor), attribute)
        }
      }
      if let held { renew(held, heir) }
    }
  }
}
