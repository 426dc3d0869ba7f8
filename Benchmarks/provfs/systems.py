# SPDX-License-Identifier: Apache-2.0
"""The filesystems that are compared: the plain directory, provfs, and what Debian packages."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROVFS = Path(os.environ.get("PROVFS", REPOSITORY / ".build/release/provfs"))
PASSTHROUGH_LL = Path("/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c")


class System:
    """One way to see a source directory. `command(source, mountpoint)` runs in the foreground."""

    def __init__(self, name, command=None, missing=None):
        self.name = name
        self.command = command
        self.missing = missing

    @contextlib.contextmanager
    def mounted(self, source, mountpoint):
        """Yields the directory to work in and the device number of its FUSE connection."""
        if self.command is None:
            yield source, None
            return
        daemon = subprocess.Popen(self.command(source, mountpoint), stdin=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if os.path.ismount(mountpoint):
                    break
                if daemon.poll() is not None:
                    raise RuntimeError(f"{self.name}: ended with status {daemon.returncode}")
                time.sleep(0.05)
            else:
                raise RuntimeError(f"{self.name}: did not mount within ten seconds")
            yield mountpoint, os.stat(mountpoint).st_dev
        finally:
            subprocess.run(["fusermount3", "-u", mountpoint], check=False)
            try:
                daemon.wait(timeout=30)
            except subprocess.TimeoutExpired:
                daemon.send_signal(signal.SIGKILL)
                daemon.wait()


def build_passthrough_ll(directory):
    """Compiles libfuse's own example; returns its path, or None where its source is not there."""
    if not PASSTHROUGH_LL.exists():
        return None
    program = Path(directory) / "passthrough_ll"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "fuse3"], check=True, capture_output=True, text=True
    ).stdout.split()
    subprocess.run(["cc", "-O2", "-w", "-o", program, PASSTHROUGH_LL, *flags], check=True)
    return program


def all_systems(directory):
    """Every system, in the order of the table's columns; those not installed say so."""
    low_level = build_passthrough_ll(directory)

    def installed(program):
        return None if shutil.which(program) else f"{program} is not installed"

    return [
        System("native"),
        System(
            "provfs",
            lambda s, m: [PROVFS, "-f", s, m],
            None if PROVFS.exists() else f"{PROVFS} is not built",
        ),
        System(
            "passthrough_ll",
            lambda s, m: [low_level, "-f", "-o", f"source={s},allow_other", m],
            None if low_level else f"{PASSTHROUGH_LL} is not installed",
        ),
        System("bindfs", lambda s, m: ["bindfs", "-f", s, m], installed("bindfs")),
        System(
            "mergerfs",
            lambda s, m: ["mergerfs", "-f", "-o", "cache.files=auto-full", s, m],
            installed("mergerfs"),
        ),
        System(
            "fuse-overlayfs",
            lambda s, m: [
                "fuse-overlayfs", "-f", "-o",
                f"lowerdir={s}.lower,upperdir={s},workdir={s}.work", m,
            ],
            installed("fuse-overlayfs"),
        ),
    ]
