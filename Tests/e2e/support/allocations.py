# SPDX-License-Identifier: Apache-2.0
"""What a daemon allocates: counted in it by a library that is preloaded (allocations.c)."""

import collections
import functools
import mmap
import os
import pathlib
import struct
import subprocess
from dataclasses import dataclass

from .mounts import until

SOURCE = pathlib.Path(__file__).with_suffix(".c")
# struct counts: own, library, freed, wanted, traced; then the traces.
HEAD = struct.Struct("=QQQqQ")
WANTED = struct.calcsize("=QQQ")
FRAMES, TRACES = 24, 256
TRACE = struct.Struct(f"={FRAMES}Q")
# The innermost frames are the library's.
OURS = 3


def build(directory):
    """Compile the library; its path."""
    library = directory / "allocations.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror",
                    "-ftls-model=initial-exec", "-o", library, SOURCE], check=True)
    return library


@dataclass(frozen=True)
class Usage:
    """How often memory was allocated: by libfuse's code, and by all other; and what is not freed yet.

    Each thread has memory of its own.
    """

    own: int
    library: int
    left: int
    threads: int

    def __sub__(self, other):
        return Usage(self.own - other.own, self.library - other.library, self.left - other.left,
                     self.threads - other.threads)


class Counter:
    """The counts of a process that is started with `prefix` before its arguments."""

    def __init__(self, library, path):
        path.write_bytes(bytes(HEAD.size + TRACE.size * TRACES))
        path.chmod(0o666)
        with open(path, "r+b") as file:
            self._counts = mmap.mmap(file.fileno(), 0)
        self.prefix = ["env", f"LD_PRELOAD={library}", f"PROVFS_TEST_ALLOCATIONS={path}"]

    def measure(self, pid, act):
        """What the process has used for `act()`, whose allocations are traced too."""
        before = self._settled(pid)
        self._trace()
        act()
        return self._settled(pid) - before

    def _settled(self, pid):
        """The counts when each thread of the process sleeps: it has done what it was asked for."""
        seen = None

        def is_settled():
            nonlocal seen
            before, seen = seen, self._read(pid)
            return seen == before and _sleeps(pid)

        until(is_settled, "the daemon has done what it was asked for")
        return seen

    def _read(self, pid):
        own, library, freed, _, _ = HEAD.unpack_from(self._counts)
        assert own > 0, "the library is in the process"
        return Usage(own, library, own + library - freed, len(os.listdir(f"/proc/{pid}/task")))

    def _trace(self):
        """From now on note where allocations come from."""
        self._counts[WANTED:] = bytes(len(self._counts) - WANTED)
        struct.pack_into("=q", self._counts, WANTED, TRACES)

    def traces(self, pid):
        """Where those came from that were traced: from which functions, and how often."""
        traced = min(HEAD.unpack_from(self._counts)[4], TRACES)
        stacks = collections.Counter(
            TRACE.unpack_from(self._counts, HEAD.size + index * TRACE.size)[OURS:]
            for index in range(traced))
        objects = _objects(pid)
        lines = []
        for stack, times in stacks.most_common(4):
            lines.append(f"  {times} of {traced} by")
            lines += [f"    {_function(objects, address)}" for address in stack if address]
        return "\n".join(lines)


def _sleeps(pid):
    """Whether no thread of the process is at work."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", "rb") as status:
            if status.read().rpartition(b")")[2].split()[0] != b"S":
                return False
    return True


def _objects(pid):
    """The files that the process has mapped: first and last address, where it begins, path."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as table:
        for line in table:
            addresses, _, offset, _, _, *path = line.split(maxsplit=5)
            if path and path[0].startswith("/"):
                start, end = (int(address, 16) for address in addresses.split("-"))
                found.append((start, end, start - int(offset, 16), path[0].strip()))
    return found


def _function(objects, address):
    for start, end, base, path in objects:
        if start <= address < end:
            # The call, not where it returns to.
            return _name(path, address - 1 - base)
    return hex(address)


@functools.cache
def _name(path, offset):
    done = subprocess.run(["addr2line", "-f", "-e", path, hex(offset)], check=False,
                          capture_output=True, text=True)
    return f"{done.stdout.partition(chr(10))[0]} in {os.path.basename(path)}"
