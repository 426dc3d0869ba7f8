// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc

/// The signals that end the daemon, taken by the main thread and by nobody else.
struct Signals {
  private var set = sigset_t()

  /// Blocks them, for this thread and those that it starts.
  init() {
    sigemptyset(&set)
    for signal in [SIGTERM, SIGINT, SIGHUP, DeviceThreads.endSignal] { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    // A reader of our log that goes away is no reason to stop.
    signal(SIGPIPE, SIG_IGN)
    // Somebody opens a file whose lease is just being asked for: that is over in an instant.
    signal(SIGIO, SIG_IGN)
  }

  /// - Returns: the number of the first one that comes.
  func wait() -> CInt {
    var set = set
    var received: CInt = 0
    while sigwait(&set, &received) != 0 {}
    return received
  }
}
