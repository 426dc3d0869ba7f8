# SPDX-License-Identifier: Apache-2.0
"""Counts the requests that the kernel sends to one FUSE filesystem, by its own tracepoint.

FORGET, BATCH_FORGET and INTERRUPT do not pass the tracepoint (fs/fuse/dev.c queues them on a path of
their own), and nobody waits for their answer: they are not counted.
"""

import os
import re
from collections import Counter
from pathlib import Path

TRACING = Path("/sys/kernel/tracing")
EVENT = "events/fuse/fuse_request_send"
# Room for each processor's share of a row's requests, in KiB; an event takes some 50 bytes.
BUFFER = 4096
UNNAMED = "of a kind that was not recorded"


def unavailable():
    """Why requests cannot be counted here, or None."""
    if not TRACING.joinpath("events").exists():
        return f"{TRACING} is not mounted (mount -t tracefs tracefs {TRACING})"
    if not TRACING.joinpath(EVENT).exists():
        return "this kernel has no tracepoint fuse_request_send"
    return None


class RequestCounter:
    """Counts what a block of work costs: `kinds` is a Counter, or None where nothing can be known.

    A trace instance of its own counts. What does not fit its buffer is counted, under UNNAMED.
    """

    def __init__(self, device):
        self.device = device
        self.kinds = Counter() if device is None else None
        self.instance = TRACING / "instances" / f"bench-provfs.{os.getpid()}"

    def __enter__(self):
        if self.device is None or unavailable():
            return self
        # The tracepoint names the connection by the device number, as the kernel packs it.
        connection = os.major(self.device) << 20 | os.minor(self.device)
        self.instance.mkdir()
        (self.instance / "buffer_size_kb").write_text(f"{BUFFER}\n")
        (self.instance / EVENT / "filter").write_text(f"connection == {connection}\n")
        (self.instance / EVENT / "enable").write_text("1\n")
        return self

    def __exit__(self, *_):
        if self.device is None or not self.instance.exists():
            return
        (self.instance / EVENT / "enable").write_text("0\n")
        total = 0
        for statistics in self.instance.glob("per_cpu/cpu*/stats"):
            for line in statistics.read_text().splitlines():
                name, _, value = line.partition(": ")
                if name in ("entries", "overrun", "commit overrun", "dropped events"):
                    total += int(value)
        trace = (self.instance / "trace").read_text()
        self.kinds = Counter(re.findall(r" opcode \d+ \((?:FUSE_)?(\w+)\)", trace))
        if total > self.kinds.total():
            self.kinds[UNNAMED] = total - self.kinds.total()
        self.instance.rmdir()
