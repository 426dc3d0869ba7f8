# SPDX-License-Identifier: Apache-2.0
"""Requests over io_uring: when there is a ring, and that what waits in one request stops no other."""

import fcntl
import os
import signal
import subprocess

import pytest

from support import identity, modes, mounts, programs
from support.mounts import unmount, until
from support.questions import ask, objects  # noqa: F401  (ask is a fixture)
from support.system import DIED, read, write

MODE = b"user.prov.view"
F_SETLEASE = 1024


def uses_ring(mountpoint):
    return b"ring=on" in os.getxattr(mountpoint, MODE).split()


def refused(mount, tree, who=identity.ROOT, **how):
    """What provfs says when it does not mount."""
    with pytest.raises(mounts.MountFailed) as failure:
        mount(*tree, who, **how)
    assert mounts.mounted(tree[1]) is None
    return str(failure.value)


# --- when there is one


def test_auto_takes_what_the_kernel_offers(mount, tree, owner):
    for offered in (True, False):
        with modes.rings_offered(offered):
            view = mount(*tree, owner)
            assert modes.are_rings_offered() == offered, "auto decides nothing for the machine"
        assert owner.call(uses_ring, tree[1]) == offered
        view.unmount()
        assert ("ring is on" in view.output()) == offered
        assert ("echo Y > /sys/module/fuse/parameters/enable_uring" in view.output()) != offered


def test_off_takes_none(mount, tree):
    with modes.rings_offered(True):
        view = mount(*tree, options="ring=off")
    assert not uses_ring(tree[1])
    view.unmount()
    assert "as ring=off asks" in view.output()


def test_root_can_have_the_kernel_offer_them(mount, tree):
    with modes.rings_offered(False):
        mount(*tree, options="ring=on")
        assert modes.are_rings_offered()
    assert uses_ring(tree[1])


def test_a_user_cannot(mount, tree, user):
    for directory in tree:
        os.chown(directory, user.uid, user.gid)
    with modes.rings_offered(False):
        assert "ring=on: the kernel does not offer rings" in refused(
            mount, tree, user, options="ring=on")
        assert not modes.are_rings_offered()


def test_a_view_that_is_given_up_has_answered_nobody(mount, tree, needs):
    """However long it takes to go: what is written meanwhile might have no stamp."""
    inject = [needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=io_uring_setup,umount2", "-e",
              "inject=io_uring_setup:error=EPERM", "-e", "inject=umount2:delay_enter=1000000"]
    with modes.rings_offered(True):
        refused(mount, tree, options="ring=on", prefix=inject)


def test_one_request_at_a_time_is_no_ring(mount, tree):
    with modes.rings_offered(True):
        assert "one request at a time" in refused(
            mount, tree, options="ring=on", arguments=["-s"])
        mount(*tree, arguments=["-s"])
    assert not uses_ring(tree[1])


def test_without_io_uring_requests_come_as_ever(mount, tree, needs):
    """A container whose seccomp filter forbids it, for instance."""
    inject = [needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=io_uring_setup",
              "-e", "inject=io_uring_setup:error=EPERM"]
    with modes.rings_offered(True):
        assert "ring=on: this process cannot use io_uring" in refused(
            mount, tree, options="ring=on", prefix=inject)
        mount(*tree, prefix=inject)
    assert not uses_ring(tree[1])
    write(tree[1] / "file", b"content")
    assert read(tree[0] / "file") == b"content"


def test_who_insists_on_a_ring_goes_without_a_view(mount, tree, owner, needs):
    """That there is no room for the entries shows once it is mounted, and somebody may wait for an answer."""
    with modes.rings_offered(True):
        assert "ring=on: cannot offer entries of processor 0" in refused(
            mount, tree, owner, options="ring=on,max_threads=1024",
            prefix=[needs("prlimit"), f"--as={1 << 30}"])


@pytest.mark.parametrize("queues", [0, 1])
def test_rings_that_do_not_suffice_are_given_back(mount, tree, needs, queues):
    """There is address space for the entries of so many processors: a GiB each."""
    if queues >= len(os.sched_getaffinity(0)):
        pytest.fail("the machine has one processor: this needs two")
    limit = [needs("prlimit"), f"--as={(queues + 1) << 30}"]
    with modes.rings_offered(True):
        view = mount(*tree, options="max_threads=1024", prefix=limit)
    assert not uses_ring(tree[1])
    write(tree[1] / "file", b"content")
    assert read(tree[0] / "file") == b"content"
    view.unmount()
    assert f"cannot offer entries of processor {queues}" in view.output()


def test_in_the_background(tree):
    """No thread survives the fork: they and their rings come after it."""
    source, mountpoint = tree
    with modes.rings_offered(True):
        subprocess.run([programs.provfs(), source, mountpoint, "-o", "ring=on"], check=True)
        # It begins to serve after the fork; whoever asks waits for that.
        has_ring = uses_ring(mountpoint)
    try:
        assert has_ring
        write(mountpoint / "file", b"content")
        assert read(source / "file") == b"content"
    finally:
        unmount(mountpoint)
    until(lambda: not serves(source), "the daemon ends")


def serves(source):
    """Whether a process has been asked to show this directory."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.fsencode(source) in read(f"/proc/{process}/cmdline").split(b"\0"):
                return True
        except OSError:
            pass  # it has ended
    return False


def test_the_doctor_tells(mount, tree, ask):
    def findings():
        told = objects(ask("doctor", "--json", tree[1]))
        return {entry["name"]: (entry["status"], entry["detail"]) for entry in told}

    with modes.rings_offered(True):
        mount(*tree)
        status, detail = findings()["fuse-ring"]
        assert status == "ok" and "come over io_uring" in detail
        assert "ring=on" in findings()["watched"][1]
    with modes.rings_offered(False):
        status, detail = findings()["fuse-ring"]
        assert status == "ok" and "echo Y > " in detail


def test_a_view_that_ends_before_all_entries_are_offered(mount, tree, needs):
    """The first entry of the last queue is enough for the kernel to use the ring, and to be unmounted."""
    slow = [needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=io_uring_enter",
            "-e", "inject=io_uring_enter:delay_enter=10000"]
    everywhere = os.sched_getaffinity(0)
    # On the first processor, whose entries have been offered.
    os.sched_setaffinity(0, {0})
    try:
        # So slowed down provfs may still look at its own mount, which is busy then: close() tries again.
        mount(*tree, options="ring=on", prefix=slow).close()
    finally:
        os.sched_setaffinity(0, everywhere)


# --- what goes through it


def test_every_size_of_data(mount, tree):
    """Names, attributes, directories and writes, to the largest that the kernel sends at once."""
    source, mountpoint = tree
    mount(source, mountpoint, options="ring=on,passthrough=off")
    for size in (0, 1, 4095, 4096, 4097, 1 << 16, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20):
        content = os.urandom(size)
        write(mountpoint / "data", content)
        assert read(source / "data") == content
        os.unlink(mountpoint / "data")
        write(source / f"other-{size}", content)
        assert read(mountpoint / f"other-{size}") == content
        os.unlink(mountpoint / f"other-{size}")
    write(mountpoint / "file")
    for size in (0, 1, 64, 1024, 3000):
        value = os.urandom(size)
        os.setxattr(mountpoint / "file", b"user.value", value)
        assert os.getxattr(source / "file", b"user.value") == value
        assert os.getxattr(mountpoint / "file", b"user.value") == value
    names = sorted(b"%03d" % number + b"\xff" * 252 for number in range(600))
    for name in names:
        write(os.fsencode(mountpoint / "file") + b"s")
        os.rename(os.fsencode(mountpoint / "files"), os.fsencode(mountpoint) + b"/" + name)
    assert sorted(os.listdir(os.fsencode(mountpoint))) == sorted([*names, b"file"])
    target = b"t" * 4095
    os.symlink(target, os.fsencode(mountpoint / "link"))
    assert os.readlink(os.fsencode(source / "link")) == target
    assert os.readlink(os.fsencode(mountpoint / "link")) == target


# --- what waits


def tasks_in(pid, place):
    """How many threads of a process sleep in this function of the kernel."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/wchan", encoding="ascii") as where:
                count += place in where.read()
        except OSError:
            pass  # it has ended
    return count


def waits(child):
    return tasks_in(child.pid, "request_wait_answer") == 1


class Lease:
    """Whoever opens the file for writing waits until the lease is given back: in provfs, for a view."""

    def __init__(self, path):
        self.path = path
        self._is_held = True
        ready, self._go = os.pipe(), os.pipe()
        self._child = identity.fork(self._hold, ready[1])
        os.close(ready[1])
        assert os.read(ready[0], 1) == b"x", self._child.join()
        os.close(ready[0])

    def _hold(self, ready):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        descriptor = os.open(self.path, os.O_RDONLY)
        fcntl.fcntl(descriptor, F_SETLEASE, fcntl.F_RDLCK)
        os.write(ready, b"x")
        os.read(self._go[0], 1)

    def end(self):
        if not self._is_held:
            return
        self._is_held = False
        os.write(self._go[1], b"x")
        self._child.join()
        for end in self._go:
            os.close(end)


def on_processor(number, function, *arguments):
    os.sched_setaffinity(0, {number})
    return function(*arguments)


def opened_for_writing(path):
    """Not closed: the view may have ended by then."""
    os.open(path, os.O_WRONLY)
    return True


def everyday_work(directory):
    path = os.path.join(directory, "everyday")
    write(path, b"content")
    assert read(path) == b"content"
    os.rename(path, path + "2")
    assert os.stat(path + "2").st_size == 7
    os.unlink(path + "2")
    return True


@pytest.fixture(params=["ring=off", "ring=on"])
def transport(request):
    return request.param


@pytest.fixture
def blocked(tree):
    """blocked(view, count) has openers of one file wait in provfs, all on one processor."""
    source, mountpoint = tree
    leases, children = [], []

    def begin(view, count, in_provfs, who=identity.ROOT):
        write(source / "leased")
        os.chmod(source / "leased", 0o666)
        leases.append(Lease(source / "leased"))
        children.extend(
            identity.fork(on_processor, 0, opened_for_writing, mountpoint / "leased", identity=who)
            for _ in range(count))
        until(lambda: all(map(waits, children)), "all wait for provfs")
        until(lambda: tasks_in(view.pid, "break_lease") == in_provfs, "provfs waits for the lease")
        return leases[0], children

    yield begin
    for lease in leases:
        lease.end()
    for child in children:
        child.reap()


def test_requests_that_wait_stop_no_other(mount, tree, transport, blocked):
    """Twelve on one processor wait for long; what else is asked there is answered."""
    view = mount(*tree, options=transport)
    lease, openers = blocked(view, 12, in_provfs=12)
    assert identity.fork(on_processor, 0, everyday_work, tree[1]).join()
    assert all(map(waits, openers))
    for opener in openers[:4]:
        opener.kill()
    assert identity.fork(on_processor, 0, everyday_work, tree[1]).join()
    lease.end()
    for opener in openers[4:]:
        assert opener.join()
    for opener in openers[:4]:
        assert os.WTERMSIG(opener.wait()) == signal.SIGKILL
    assert everyday_work(tree[1])
    view.unmount()


def test_beyond_the_limit_requests_wait_for_their_turn(mount, tree, blocked):
    """With two threads for a processor, the third request there waits until one of them is free."""
    view = mount(*tree, options="ring=on,max_threads=2")
    lease, openers = blocked(view, 5, in_provfs=2)
    late = identity.fork(on_processor, 0, everyday_work, tree[1])
    until(lambda: waits(late), "it waits for its turn")
    others = sorted(os.sched_getaffinity(0) - {0})
    for processor in others[:1]:
        # Nothing that needs the directory's lock: whoever is late creates a file there.
        assert identity.fork(on_processor, processor, uses_ring, tree[1]).join()
    assert waits(late)
    lease.end()
    for child in (*openers, late):
        assert child.join()


def test_kill_9_frees_those_who_wait(mount, tree, transport, blocked):
    view = mount(*tree, options=transport)
    lease, openers = blocked(view, 6, in_provfs=6)
    view.kill()
    for opener in openers:
        with pytest.raises(identity.ChildFailed) as failure:
            opener.join()
        assert any(f"[Errno {number}]" in str(failure.value) for number in DIED), failure.value
    lease.end()
    mount(*tree, options=transport)
    assert everyday_work(tree[1])


@pytest.mark.parametrize("ordered", [True, False], ids=["SIGTERM", "umount"])
def test_the_end_answers_what_was_asked(mount, tree, transport, blocked, ordered):
    """A request that provfs has taken is answered before it ends, and its stamp is set."""
    view = mount(*tree, options=transport)
    lease, openers = blocked(view, 3, in_provfs=3)
    if ordered:
        view.process.send_signal(signal.SIGTERM)
        until(lambda: mounts.mounted(tree[1]) is None, "the view is taken out of the tree")
    else:
        mounts.detach(tree[1])
    lease.end()
    for opener in openers:
        assert opener.join()
    view.assert_gone(0)


def test_a_new_thread_acts_for_nobody_before_it_is_asked(mount, tree, transport, user):
    """Threads are started by ones that have just written for somebody with less rights."""
    source, mountpoint = tree
    (source / "private").mkdir(mode=0o700)
    names = [f"file-{number}" for number in range(200)]
    for name in names:
        write(source / "private" / name, b"secret")
    (source / "public").mkdir()
    os.chmod(source / "public", 0o777)
    mount(source, mountpoint, options=f"{transport},passthrough=off,entry_timeout=0")

    def write_often(name, ready, go):
        descriptor = os.open(mountpoint / "public" / name, os.O_CREAT | os.O_WRONLY)
        os.pwrite(descriptor, b"mine", 0)
        os.write(ready, b"x")
        os.read(go, 1)
        for number in range(200):
            os.pwrite(descriptor, b"mine" * 1000, number)
        return True

    def read_all():
        return {read(mountpoint / "private" / name) for name in names}

    (ready, is_ready), (go, goes) = os.pipe(), os.pipe()
    writers = [identity.fork(write_often, name, is_ready, go, identity=user) for name in names[:24]]
    for _ in writers:
        assert os.read(ready, 1) == b"x"
    os.write(goes, b"x" * len(writers))
    readers = [identity.fork(read_all) for _ in range(4)]
    for reader in readers:
        assert reader.join() == {b"secret"}
    for writer in writers:
        assert writer.join()
    for end in (ready, is_ready, go, goes):
        os.close(end)
