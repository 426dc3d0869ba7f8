# SPDX-License-Identifier: Apache-2.0
"""Locks between processes: flock and fcntl, in the view and against the source's own users."""

import errno
import fcntl
import os
import signal
import struct

import pytest

from support import identity
from support.mounts import until
from support.system import fails, opened, write

pytestmark = pytest.mark.modes("ring")

F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW = 36, 37, 38


class Peer:
    """A process that holds what `hold` took until it is told to go on."""

    def __init__(self, hold):
        ready, go = os.pipe(), os.pipe()

        def body():
            held = hold()
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            return held is not None

        self.child = identity.fork(body)
        self._go = go[1]
        os.close(ready[1])
        assert os.read(ready[0], 1) == b"x", self.child.join()

    def end(self):
        os.write(self._go, b"x")
        return self.child.join()


def flock(operation):
    def take():
        descriptor = os.open("file", os.O_RDWR)
        fcntl.flock(descriptor, operation)
        return descriptor
    return take


def record_lock(kind, start=0, length=0):
    def take():
        descriptor = os.open("file", os.O_RDWR)
        fcntl.lockf(descriptor, kind, length, start)
        return descriptor
    return take


def test_flock_excludes(place):
    write("file")
    peer = Peer(flock(fcntl.LOCK_EX))
    with opened("file", os.O_RDWR) as descriptor:
        with fails(errno.EWOULDBLOCK):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with fails(errno.EWOULDBLOCK):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        peer.end()
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_flock_shares(place):
    write("file")
    peer = Peer(flock(fcntl.LOCK_SH))
    with opened("file", os.O_RDONLY) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        with fails(errno.EWOULDBLOCK):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        peer.end()
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def test_flock_belongs_to_the_open_file(place):
    write("file")
    with opened("file") as one, opened("file") as two:
        shared = os.dup(one)
        fcntl.flock(one, fcntl.LOCK_EX)
        fcntl.flock(shared, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with fails(errno.EWOULDBLOCK):
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(shared)
        with fails(errno.EWOULDBLOCK):
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_record_locks_exclude_by_range(place):
    write("file", b"x" * 100)
    peer = Peer(record_lock(fcntl.LOCK_EX, 10, 10))
    with opened("file", os.O_RDWR) as descriptor:
        with fails(errno.EAGAIN, errno.EACCES):
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 19)
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 0)
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 0, 20)
        peer.end()
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 0, 0)


def test_the_holder_of_a_record_lock_is_named(place):
    write("file", b"x" * 100)
    peer = Peer(record_lock(fcntl.LOCK_EX, 10, 5))
    with opened("file", os.O_RDWR) as descriptor:
        asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, start, length, holder = struct.unpack(
            "hhqqi", fcntl.fcntl(descriptor, fcntl.F_GETLK, asked)[:struct.calcsize("hhqqi")])
    assert (kind, start, length, holder) == (fcntl.F_WRLCK, 10, 5, peer.child.pid)
    peer.end()


def test_any_close_frees_a_processs_record_locks(place):
    write("file")
    with opened("file", os.O_RDWR) as kept:
        fcntl.lockf(kept, fcntl.LOCK_EX)
        os.close(os.open("file", os.O_RDONLY))

        def attempt():
            with opened("file", os.O_RDWR) as descriptor:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

        identity.fork(attempt).join()


def test_locks_of_open_file_descriptions(place):
    write("file")
    lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with opened("file", os.O_RDWR) as one, opened("file", os.O_RDWR) as two:
        fcntl.fcntl(one, F_OFD_SETLK, lock)
        with fails(errno.EAGAIN):
            fcntl.fcntl(two, F_OFD_SETLK, lock)


@pytest.mark.parametrize("take", [flock(fcntl.LOCK_EX), record_lock(fcntl.LOCK_EX)],
                         ids=["flock", "fcntl"])
def test_a_waiting_locker_gets_its_turn(place, take):
    write("file")
    holder = Peer(take)
    waiter = identity.fork(lambda: take() is not None)
    until_waits_for_lock(waiter)
    holder.end()
    assert waiter.join()


@pytest.mark.parametrize("take", [flock(fcntl.LOCK_EX), record_lock(fcntl.LOCK_EX)],
                         ids=["flock", "fcntl"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_waiting_locker_can_be_killed(place, take, number):
    write("file")
    holder = Peer(take)
    waiter = identity.fork(lambda: take() is not None)
    until_waits_for_lock(waiter)
    waiter.kill(number)
    assert os.WTERMSIG(waiter.wait()) == number
    os.stat("file")
    holder.end()
    Peer(take).end()


@pytest.mark.parametrize("take", [flock(fcntl.LOCK_EX), record_lock(fcntl.LOCK_EX)],
                         ids=["flock", "fcntl"])
def test_a_killed_holder_frees_its_lock(place, take):
    write("file")
    holder = Peer(take)
    holder.child.kill()
    holder.child.wait()
    Peer(take).end()


def test_a_deadlock_is_refused(place):
    write("file", b"xx")
    with opened("file", os.O_RDWR) as descriptor:
        fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, 0)
        ready = os.pipe()

        def cross():
            with opened("file", os.O_RDWR) as other:
                fcntl.lockf(other, fcntl.LOCK_EX, 1, 1)
                os.write(ready[1], b"x")
                fcntl.lockf(other, fcntl.LOCK_EX, 1, 0)

        child = identity.fork(cross)
        os.read(ready[0], 1)
        until_waits_for_lock(child)
        with fails(errno.EDEADLK):
            fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, 1)
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, 0)
        child.join()


def until_waits_for_lock(child):
    """Until the kernel lists the process as waiting ("->") for a lock."""
    def waits():
        with open("/proc/locks") as table:
            return any("->" in line and f" {child.pid} " in line for line in table)
    until(waits, f"process {child.pid} waits for a lock")
