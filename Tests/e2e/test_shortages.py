# SPDX-License-Identifier: Apache-2.0
"""What provfs lacks at a moment, threads or descriptors, and what somebody does behind it meanwhile."""

import contextlib
import mmap
import os
import signal
import subprocess

import pytest

from support import identity, modes, stamps
from support.mounts import PATIENCE, until
from support.system import opened, read, write

LIMIT = 256


@contextlib.contextmanager
def injected(needs, view, call, what):
    """Has each such call of the running provfs, and of the threads that it starts, fail."""
    tracer = subprocess.Popen(
        [needs("strace"), "-f", "-p", str(view.pid), "-o", "/dev/null", "-e", f"trace={call}", "-e",
         "signal=none", "-e", f"inject={call}:{what}"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: all(is_traced(view.pid, task) for task in os.listdir(f"/proc/{view.pid}/task")),
              "strace attaches")
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(PATIENCE)


def is_traced(pid, task):
    with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as status:
        return "TracerPid:\t0\n" not in status.read()


@pytest.mark.parametrize("options", ["ring=off", "ring=on"])
def test_threads_that_cannot_serve_are_done_without(mount, tree, needs, options):
    """A thread needs memory for a umask of its own. Those that have one serve on."""
    if "ring=on" in options and modes.missing(modes.RING):
        options = "ring=off"
    source, mountpoint = tree
    view = mount(source, mountpoint, options=options)
    with injected(needs, view, "unshare", "error=ENOMEM"):
        def work(number):
            for turn in range(20):
                with opened(mountpoint / f"{number}-{turn}", os.O_CREAT | os.O_WRONLY) as descriptor:
                    os.write(descriptor, b"content")
                    os.fsync(descriptor)

        children = [identity.fork(work, number) for number in range(8)]
        for child in children:
            child.join()
        assert view.process.poll() is None
    assert read(source / "7-19") == b"content"


def opens(directory):
    try:
        os.close(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
        return True
    except OSError:
        return False


def test_directories_are_opened_without_a_free_descriptor(mount, tree, needs):
    """What provfs keeps open for later is closed for them."""
    source, mountpoint = tree
    for number in range(2 * LIMIT):
        write(source / f"{number}")
    mount(source, mountpoint, prefix=[needs("prlimit"), f"--nofile={LIMIT}"])
    held = []
    numbers = iter(range(2 * LIMIT))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open(mountpoint / f"{next(numbers)}", os.O_WRONLY))
        for _ in range(40):
            os.close(held.pop())
        # RELEASE follows close(2) in its own time.
        until(lambda: opens(mountpoint), "there is room")
        # Each that is looked up takes one more, until none is free.
        for number in numbers:
            os.stat(mountpoint / f"{number}")
            os.close(os.open(mountpoint, os.O_RDONLY | os.O_DIRECTORY))
    finally:
        for descriptor in held:
            os.close(descriptor)


def test_an_open_that_does_not_wait_does_not_meet_provfss_own_lease(mount, tree, needs):
    """It asks by a lease whether a mapping has ended, here slowly; another's would be EWOULDBLOCK."""
    source, mountpoint = tree
    write(source / "file", bytes(4096))
    mount(source, mountpoint, prefix=[
        needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=openat,fcntl", "-e", "signal=none",
        "-e", "inject=openat:delay_enter=60000", "-e", "inject=fcntl:delay_exit=150000"])
    for _ in range(5):
        with opened(mountpoint / "file", os.O_RDWR) as descriptor:
            mapping = mmap.mmap(descriptor, 4096)
        child = identity.fork(lambda: os.close(os.open(mountpoint / "file", os.O_WRONLY | os.O_NONBLOCK)))
        mapping.close()
        child.join()


MAKERS = {
    "mkdirat": ("mkdir", "os.mkdir(path)"),
    "symlinkat": ("symlink", "os.symlink('target', path)"),
    "mknodat": ("mkfifo", "os.mkfifo(path)"),
}


@pytest.mark.parametrize("call", MAKERS)
def test_what_takes_the_place_of_something_new_behind_the_view(mount, tree, session, needs, call):
    """It was not made by whoever made the other."""
    source, mountpoint = tree
    make = getattr(os, MAKERS[call][0])
    arguments = ["target", source / "older"] if call == "symlinkat" else [source / "older"]
    make(*arguments)
    mount(source, mountpoint, prefix=[
        needs("strace"), "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", "signal=none", "-e",
        f"inject={call}:delay_exit=500000"])
    one = session()
    one.begin("python", "import os; " + MAKERS[call][1], {"path": str(mountpoint / "new")})
    until(lambda: os.path.lexists(source / "new"), "it is made")
    os.rename(source / "older", source / "new")
    one.finish()
    assert stamps.read(source / "new") is None
    one.python("import os; " + MAKERS[call][1], path=str(mountpoint / "another"))
    assert stamps.read(source / "another").session == one.id
