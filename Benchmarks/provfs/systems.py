# SPDX-License-Identifier: Apache-2.0
"""The filesystems that are compared: the plain directory, provfs in its modes, and its peers."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROVFS = Path(os.environ.get("PROVFS", REPOSITORY / ".build/release/provfs"))
PASSTHROUGH_LL = Path("/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c")
ENABLE_RING = Path("/sys/module/fuse/parameters/enable_uring")

NATIVE = "native"
OWN = ("provfs-classic", "provfs-passthrough", "provfs-ring")


class System:
    """One way to see a source directory. `command(source, mountpoint)` runs in the foreground."""

    def __init__(self, name, what, command=None, missing=None, ring=False):
        self.name = name
        self.what = what
        self.command = command
        self.missing = missing
        self.ring = ring

    @contextlib.contextmanager
    def mounted(self, source, mountpoint):
        """Yields the directory to work in, its FUSE connection's device number, and the daemon's pid."""
        if self.command is None:
            yield source, None, None
            return
        with ring_allowed() if self.ring else contextlib.nullcontext():
            daemon = subprocess.Popen(self.command(source, mountpoint), stdin=subprocess.DEVNULL)
            try:
                self._wait(daemon, mountpoint)
            except RuntimeError:
                self._end(daemon, mountpoint)
                raise
        try:
            yield mountpoint, os.stat(mountpoint).st_dev, daemon.pid
        finally:
            self._end(daemon, mountpoint)

    def _wait(self, daemon, mountpoint):
        end = time.monotonic() + 30
        while not os.path.ismount(mountpoint):
            if daemon.poll() is not None:
                raise RuntimeError(f"{self.name}: ended with status {daemon.returncode}")
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name}: did not mount within half a minute")
            time.sleep(0.01)

    @staticmethod
    def _end(daemon, mountpoint):
        subprocess.run(["umount", mountpoint], check=False, stderr=subprocess.DEVNULL)
        try:
            daemon.wait(timeout=30)
        except subprocess.TimeoutExpired:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
            subprocess.run(["umount", "--lazy", mountpoint], check=False)


@contextlib.contextmanager
def ring_allowed():
    """FUSE over io_uring is a parameter of the kernel's, off as Linux ships it; put back once mounted."""
    # The lock of Tests/e2e/support/modes.py, whose mounts must find the parameter as they want it.
    with open("/run/lock/provfs-test-ring", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = ENABLE_RING.read_text()
        ENABLE_RING.write_text("1\n")
        try:
            yield
        finally:
            ENABLE_RING.write_text(before)


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


def provfs_accepts(option):
    """Whether this provfs knows the mount option: it reads all options before it tells its version."""
    return PROVFS.exists() and subprocess.run(
        [PROVFS, "-o", option, "--version"], check=False, capture_output=True).returncode == 0


def provfs_modes():
    """provfs once for each mode; a mode that this binary or this kernel lacks says so."""
    unbuilt = None if PROVFS.exists() else f"{PROVFS} is not built (make, or set PROVFS)"
    passes = provfs_accepts("passthrough=on")
    rings = provfs_accepts("ring=on")

    def mode(name, what, passthrough, ring, missing):
        options = [f"passthrough={passthrough}"] if passes else []
        options += [f"ring={ring}"] if rings else []
        words = ["-o", ",".join(options)] if options else []
        return System(name, what, lambda s, m: [PROVFS, "-f", s, m, *words], unbuilt or missing,
                      ring=ring == "on")

    no_passthrough = None if passes else f"{PROVFS} has no option passthrough: build a newer one"
    no_ring = None if rings else f"{PROVFS} has no option ring: build a newer one"
    if not ENABLE_RING.exists():
        no_ring = f"this kernel has no {ENABLE_RING} (Linux 6.14 and later, CONFIG_FUSE_IO_URING)"
    return [
        mode("provfs-classic", "each read and write is a request", "off", "off", None),
        mode("provfs-passthrough", "the kernel reads and writes the backing file", "on", "off",
             no_passthrough),
        mode("provfs-ring", "passthrough, and requests over io_uring", "on", "on",
             no_passthrough or no_ring),
    ]


def all_systems(directory):
    """Every system, in the order of the table's columns; those that cannot run here say why."""
    low_level = build_passthrough_ll(directory)

    def installed(program):
        return None if shutil.which(program) else f"{program} is not installed (apt install {program})"

    return [
        System(NATIVE, "the plain directory"),
        System("native-again", "the plain directory once more: how far chance goes"),
        *provfs_modes(),
        System(
            "passthrough_ll", "libfuse's example, with its longest caching (cache=always)",
            lambda s, m: [low_level, "-f", "-o", f"source={s},cache=always,allow_other", m],
            None if low_level else f"{PASSTHROUGH_LL} is not there: libfuse3-dev is not installed, "
            "or this release of it has no such example",
        ),
        System("bindfs", "as Debian packages it",
               lambda s, m: ["bindfs", "-f", s, m], installed("bindfs")),
        System(
            "mergerfs", "as Debian packages it, with cache.files=auto-full",
            lambda s, m: ["mergerfs", "-f", "-o", "cache.files=auto-full", s, m],
            installed("mergerfs"),
        ),
        System(
            "fuse-overlayfs", "as Debian packages it, over an empty lower directory",
            lambda s, m: [
                "fuse-overlayfs", "-f", "-o",
                f"lowerdir={s}.lower,upperdir={s},workdir={s}.work", m,
            ],
            installed("fuse-overlayfs"),
        ),
    ]
