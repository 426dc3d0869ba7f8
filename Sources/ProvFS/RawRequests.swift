// SPDX-License-Identifier: Apache-2.0
import CFuse
import Glibc

/// Requests that libfuse 3.14 does not know.
enum RawRequests {
  /// - Returns: whether the request was served; where not, it is libfuse's.
  static func serve(
    _ worker: UnsafeMutablePointer<Worker>, _ view: View, _ device: CInt
  ) -> Bool {
    false
  }
}
