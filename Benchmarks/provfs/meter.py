# SPDX-License-Identifier: Apache-2.0
"""What a row's work costs the filesystem that serves it: requests, and the daemon's processor time."""

import time

from requests import RequestCounter


def processor_clock(pid):
    """Seconds of processor time of a whole process, its ended threads included.

    The clock's number is made as clock_getcpuclockid(3) makes it: ~pid << 3, 2 for "scheduled".
    """
    return time.clock_gettime_ns(~pid << 3 | 2) / 1e9


def quiesced(pid):
    """The daemon's processor time once it has stopped: RELEASE and the like follow in their own time."""
    before, now = None, processor_clock(pid)
    for _ in range(100):
        if now == before:
            break
        before = now
        time.sleep(0.01)
        now = processor_clock(pid)
    return now


class Meter:
    """Measures the block that it is entered for, once. `daemon` and `device` are None for none.

    Afterwards: `daemon` in seconds, or None; `requests`, a Counter by kind, or None if not known.
    """

    def __init__(self, device, daemon_pid):
        self._pid = daemon_pid
        self._counter = RequestCounter(device)
        self.daemon = None
        self.requests = None

    def __enter__(self):
        self._before = quiesced(self._pid) if self._pid else None
        self._counter.__enter__()

    def __exit__(self, *failure):
        if self._pid:
            self.daemon = quiesced(self._pid) - self._before
        self._counter.__exit__(*failure)
        self.requests = self._counter.kinds
