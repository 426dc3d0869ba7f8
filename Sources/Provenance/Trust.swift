// SPDX-License-Identifier: Apache-2.0

/// Who could have forged a stamp.
public enum Trust: String, Sendable, CaseIterable {
  /// `security.prov`, set by the LSM, which is active now: nobody in user space.
  case kernel
  /// `security.prov` otherwise: only root.
  case privileged
  /// `user.prov` or an older stamper's attributes: the file's owner.
  case advisory

  /// - Parameter lsmIsActive: whether the provfs LSM runs on this kernel now; see ``lsmIsActive()``.
  public init(_ stamp: Stamp, in attribute: StampAttribute, lsmIsActive: Bool) {
    switch attribute {
    case .user: self = .advisory
    case .security: self = stamp.stamper == .lsm && lsmIsActive ? .kernel : .privileged
    }
  }
}
