# SPDX-License-Identifier: Apache-2.0
"""Counts the requests that the kernel sends to one FUSE filesystem, by its own tracepoint."""

import os
from pathlib import Path

TRACING = Path("/sys/kernel/tracing")


class RequestCounter:
    """Counts what a block of work costs; `total` stays None where the kernel cannot tell.

    A trace instance of its own counts: its ring buffer may overrun, its statistics do not.
    """

    def __init__(self, device):
        self.device = device
        self.total = 0 if device is None else None
        self.instance = TRACING / "instances" / f"bench-provfs.{os.getpid()}"
        self.event = self.instance / "events/fuse/fuse_request_send"

    def __enter__(self):
        if self.device is None or not (TRACING / "events/fuse/fuse_request_send").exists():
            return self
        # The tracepoint names the connection by the device number, as the kernel packs it.
        connection = os.major(self.device) << 20 | os.minor(self.device)
        self.instance.mkdir()
        (self.event / "filter").write_text(f"connection == {connection}\n")
        (self.event / "enable").write_text("1\n")
        return self

    def __exit__(self, *_):
        if not self.instance.exists():
            return
        (self.event / "enable").write_text("0\n")
        self.total = 0
        for statistics in self.instance.glob("per_cpu/cpu*/stats"):
            for line in statistics.read_text().splitlines():
                name, _, value = line.partition(": ")
                if name in ("entries", "overrun", "commit overrun", "dropped events"):
                    self.total += int(value)
        self.instance.rmdir()
