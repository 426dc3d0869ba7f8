// SPDX-License-Identifier: Apache-2.0
import CBpf
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Makes sessions that nobody has been in.
enum FreshSession {
  static func inside(_ outer: task_session?) throws(Errno) -> task_session {
    var session = task_session()
    repeat {
      let result = withUnsafeMutableBytes(of: &session.id) { prov_random($0.baseAddress, $0.count) }
      _ = try valueOrErrno(result)
    } while withUnsafeBytes(of: session.id) { $0.prefix(Int(ROOT_SIZE)).allSatisfy { $0 == 0 } }
    guard let outer else { return session }
    let isOutermost = withUnsafeBytes(of: outer.root) { $0.allSatisfy { $0 == 0 } }
    withUnsafeMutableBytes(of: &session.root) { root in
      withUnsafeBytes(of: outer.id) { id in
        withUnsafeBytes(of: outer.root) { outermost in
          root.copyBytes(from: isOutermost ? id.prefix(Int(ROOT_SIZE)) : outermost[...])
        }
      }
    }
    return session
  }
}
