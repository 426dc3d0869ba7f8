// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// Whether the kernel itself stamps what is written, on behalf of the writing session: then the
/// daemon's writes bear the client's name already, and a second stamp would only be in the way.
func lsmStampsFiles() -> Bool {
  access("/proc/self/agent_session", F_OK) == 0 && Trust.lsmIsActive()
}
