# SPDX-License-Identifier: Apache-2.0
"""Views: start provfs, wait until it serves, end it, and see that nothing is left."""

import os
import re
import signal
import subprocess
import time

from . import modes, programs
from .identity import ROOT

# How long a thing may take before the harness calls it hung. Passing tests come nowhere near.
PATIENCE = 30.0
_live = set()


class MountFailed(Exception):
    """provfs ended, or did not mount in time; the text has its output."""


def _unescape(text):
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), text)


def mounted(path):
    """(filesystem type, device number) of what is mounted at `path` last, or None."""
    wanted = os.fsencode(path)
    found = None
    with open("/proc/self/mountinfo", "rb") as table:
        for line in table:
            fields = line.split(b" ")
            if _unescape(fields[4]) == wanted:
                separator = fields.index(b"-")
                found = (fields[separator + 1].decode(), fields[2].decode())
    return found


def mounts_below(directory):
    """Every mountpoint at or below `directory`, the innermost and latest first."""
    wanted = os.fsencode(directory)
    with open("/proc/self/mountinfo", "rb") as table:
        points = [_unescape(line.split(b" ")[4]) for line in table]
    return [point for point in reversed(points)
            if point == wanted or point.startswith(wanted + b"/")]


def until(condition, what, patience=PATIENCE):
    """Wait until `condition()` is true and return its value; fail with `what` when it does not come."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {patience:g} s in vain: {what}"
        time.sleep(0.005)


def unmount(path, command=("umount",), who=ROOT):
    """Again while it is busy: so is every mount for a moment at which somebody looks at it.

    Other tests do: `provstamp doctor` and `run`, and whoever unshares the mount namespace. A process
    that a test has left to end by itself may still have its directory there.
    """
    def succeeds():
        done = who.run([*command, str(path)], False, env=who.environment("/"), cwd="/")
        return done.returncode == 0

    until(succeeds, f"{command[0]} {path}")


def _answers(path, device):
    """Whether the directory can be listed, and is that of the device."""
    # Not stat alone: the kernel may answer it from its cache for a mount that is dead.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        os.listdir(descriptor)
        number = os.fstat(descriptor).st_dev
        return f"{os.major(number)}:{os.minor(number)}" == device
    except OSError:
        return False
    finally:
        os.close(descriptor)


class View:
    """A mounted provfs in the foreground, run by `identity`."""

    def __init__(self, source, mountpoint, identity, log_path, options="", arguments=(), prefix=()):
        self.source = source
        self.mountpoint = mountpoint
        self.identity = identity
        self.log_path = log_path
        extra = os.environ.get("PROVFS_TEST_OPTIONS", "")
        joined = ",".join(part for part in (options, extra) if part)
        self.argv = [*prefix, programs.provfs(), "-f", str(source), str(mountpoint), *arguments]
        if joined:
            self.argv += ["-o", joined]
        self.options = joined.split(",") if joined else []
        self.device = None
        self.process = None

    def start(self):
        with modes.ring_parameter("ring=on" in self.options):
            with open(self.log_path, "ab") as log:
                self.process = self.identity.popen(
                    self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    cwd="/", env=self.identity.environment("/"))
            _live.add(self)
            try:
                until(self._serves, f"{self.argv} mounts")
            except AssertionError as failure:
                self.destroy()
                raise MountFailed(f"{failure}\n{self.output()}") from None
        return self

    def _serves(self):
        if self.process.poll() is not None:
            _live.discard(self)
            raise MountFailed(
                f"{self.argv} exited with {self.process.returncode}\n{self.output()}")
        now = mounted(self.mountpoint)
        if now is None or not now[0].startswith("fuse"):
            return False
        self.device = now[1]
        # A dead mount that provfs is about to take away is a mount as well, the directory below it
        # answers in its place, and the next mount may get its number.
        return (self.identity.call(_answers, self.mountpoint, self.device)
                and mounted(self.mountpoint) == now)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        with open(self.log_path, "rb") as log:
            return log.read().decode("utf-8", "replace")

    def unmount(self, command=None):
        """Unmount as the owner would, and assert that provfs ends well and leaves nothing."""
        command = command or (["umount"] if self.identity.uid == 0 else ["fusermount3", "-u"])
        unmount(self.mountpoint, command, self.identity)
        self.assert_gone(0)

    def terminate(self, number=signal.SIGTERM):
        """Signal provfs and assert that it unmounts, ends well and leaves nothing."""
        self.process.send_signal(number)
        self.assert_gone(0)

    def assert_gone(self, status):
        code = self.process.wait(PATIENCE)
        _live.discard(self)
        assert code == status, f"provfs ended with {code}\n{self.output()}"
        left = mounted(self.mountpoint)
        assert left is None or left[1] != self.device, "provfs ended but its mount is still there"

    def kill(self):
        """kill -9: the mount stays, dead, until somebody cleans up."""
        self.process.kill()
        self.process.wait(PATIENCE)
        _live.discard(self)

    def close(self):
        """The end of a test: a clean unmount, unless the test has seen to it."""
        if self.process is None or self.process.poll() is not None:
            _live.discard(self)
            return
        try:
            self.unmount()
        except BaseException:
            self.destroy()
            raise

    def destroy(self):
        """End provfs by force, whatever hangs on it."""
        if self.device:
            abort(self.device)
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        detach(self.mountpoint)
        _live.discard(self)


def abort(device):
    """Abort a FUSE connection: every request that waits on it fails at once."""
    minor = device.partition(":")[2]
    try:
        with open(f"/sys/fs/fuse/connections/{minor}/abort", "w") as control:
            control.write("1")
    except OSError:
        pass  # the control filesystem is not mounted, or the connection is gone


def detach(path):
    """Take every mount at and below `path` away, lazily."""
    points = mounts_below(path)
    for point in points:
        subprocess.run(["umount", "--lazy", "--no-canonicalize", point],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return points


def destroy_all():
    """For the watchdog: no request may wait on a daemon of this process any longer."""
    for view in list(_live):
        if view.device:
            abort(view.device)
        if view.process and view.process.poll() is None:
            view.process.kill()
