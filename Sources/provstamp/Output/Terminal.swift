// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The terminal that standard output is.
enum Terminal {
  /// How many characters fit beside each other; 80 where that cannot be told.
  static var width: Int {
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return columns
    }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
