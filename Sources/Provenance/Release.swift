// SPDX-License-Identifier: Apache-2.0

/// Which release of ProvFS this is.
public enum Release {
  /// What `--version` of every program prints: major, minor and patch level of semantic versioning.
  public static let version = "0.1.0"
}
