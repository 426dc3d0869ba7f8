// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Wakes one thread that waits for work.
final class WakeUp: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() {
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Any number of calls before the next ``wait()`` wake the thread once.
  func send() {
    var value: CInt = 0
    sem_getvalue(semaphore, &value)
    if value == 0 { sem_post(semaphore) }
  }

  func wait() {
    while sem_wait(semaphore) != 0 {}
  }
}
