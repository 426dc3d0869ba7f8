// SPDX-License-Identifier: Apache-2.0

/// Who could have forged a stamp.
public enum Trust: String, Sendable, CaseIterable {
  /// `security.prov`, set by the LSM, which is active now and stamps this filesystem: nobody in user
  /// space.
  case kernel
  /// `security.prov` otherwise: only root.
  case privileged
  /// `user.prov` or an older stamper's attributes: the file's owner. And whatever a filesystem says
  /// that a program of an ordinary user serves.
  case advisory

  /// - Parameters:
  ///   - keeper: who answers for the attributes of the filesystem that the stamp was read from.
  ///   - lsmIsActive: whether the provfs LSM runs on this kernel now; see ``lsmIsActive()``.
  public init(
    _ stamp: Stamp, in attribute: StampAttribute, keptBy keeper: AttributeKeeper, lsmIsActive: Bool
  ) {
    self.init(in: attribute, keptBy: keeper)
    if self == .privileged && keeper == .kernel && stamp.stamper == .lsm && lsmIsActive {
      self = .kernel
    }
  }

  /// Of a value that is no stamp.
  public init(in attribute: StampAttribute, keptBy keeper: AttributeKeeper) {
    self = attribute == .user || keeper == .anybody ? .advisory : .privileged
  }
}
