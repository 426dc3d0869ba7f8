# SPDX-License-Identifier: Apache-2.0
"""The modes of provfs: ways to serve that must not show, but for what docs/provfs.md names."""

import contextlib
import fcntl
import functools
import os
import subprocess
from dataclasses import dataclass

from . import programs
from .system import KERNEL

ENABLE_RING = "/sys/module/fuse/parameters/enable_uring"
RING_LOCK = "/run/lock/provfs-test-ring"


@dataclass(frozen=True)
class Mode:
    """A name and the mount options that ask for it."""

    name: str
    options: str = ""

    @property
    def wants_ring(self):
        return "ring=on" in self.options.split(",")


# Without a ring they are what they are everywhere, also where the kernel offers rings to all.
DEFAULT = Mode("default", "ring=off")
CLASSIC = Mode("classic", "passthrough=off,ring=off")
EXACT = Mode("exact", "attribution=exact,ring=off")
RING = Mode("ring", "ring=on")
# What the default already is, for root, is not run twice: test_modes.py says what that is.
OTHERS = (CLASSIC, EXACT, RING)


def missing(mode):
    """Why the provfs under test cannot be asked for this mode, or None."""
    try:
        # It reads every option before it tells its version, and refuses those that it does not know.
        done = subprocess.run([programs.find("PROVFS", "provfs"), "-o", mode.options, "--version"],
                              capture_output=True, check=False)
    except programs.MissingProgram as reason:
        return str(reason)
    if done.returncode != 0:
        return done.stderr.decode(errors="replace").split("\n")[0]
    if mode.wants_ring and not os.path.exists(ENABLE_RING):
        return f"this kernel has no {ENABLE_RING}"
    return None


@functools.cache
def available():
    """The modes in which marked tests run: one where PROVFS_TEST_OPTIONS has chosen it."""
    if os.environ.get("PROVFS_TEST_OPTIONS"):
        return (DEFAULT,)
    return (DEFAULT, *(mode for mode in OTHERS if not missing(mode)))


def account():
    """A line for the head of the report: which modes run, and which do not and why."""
    chosen = os.environ.get("PROVFS_TEST_OPTIONS")
    if chosen:
        return f"provfs: every view with -o {chosen}"
    absent = [f"{mode.name} NOT RUN ({reason})" for mode in OTHERS if (reason := missing(mode))]
    return "provfs: modes " + ", ".join([mode.name for mode in available()] + absent)


@functools.cache
def passthrough_is_default():
    """Whether the kernel reads and writes the files of root's views by itself."""
    return KERNEL >= (6, 13) and not missing(CLASSIC)


def sees_each_write(options, uid):
    """Whether such a view's every write(2) is a request, and so has a writer that is certain.

    Otherwise the kernel writes by itself, and a descriptor that one session has opened and another
    writes through is ambiguous (docs/provfs.md).
    """
    return (uid != 0 or not passthrough_is_default() or "passthrough=off" in options
            or "attribution=exact" in options)


def sees_each_store(options, uid):
    """Whether stores through mappings come to the daemon: where nothing passes it."""
    return uid != 0 or not passthrough_is_default() or "passthrough=off" in options


_decides = False


@contextlib.contextmanager
def ring_parameter(wanted):
    """Has the kernel offer rings to this mount, or not, beside other workers that mount."""
    if _decides:
        yield
    elif wanted:
        with rings_offered(True):
            yield
    else:
        with open(RING_LOCK, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield


@contextlib.contextmanager
def rings_offered(offered):
    """What the kernel does about rings is up to this test; others do not mount meanwhile."""
    global _decides
    with open(RING_LOCK, "w") as lock, open(ENABLE_RING, "r+") as parameter:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = parameter.read()
        try:
            _decides = True
            os.pwrite(parameter.fileno(), b"Y" if offered else b"N", 0)
            yield
        finally:
            os.pwrite(parameter.fileno(), before.encode(), 0)
            _decides = False


def are_rings_offered():
    with open(ENABLE_RING, encoding="ascii") as parameter:
        return parameter.read().strip() == "Y"
