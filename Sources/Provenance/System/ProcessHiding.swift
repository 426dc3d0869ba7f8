// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Whether /proc hides other users' processes: the mount option `hidepid` (proc(5)).
public enum ProcessHiding {
  /// The option as the mount has it; nil where nothing is hidden, or that cannot be read.
  public static var option: String? {
    (try? MountTable())?.options(at: Array("/proc".utf8)).first { option in
      option.hasPrefix("hidepid=") && !["hidepid=0", "hidepid=off"].contains(option)
    }
  }
}
