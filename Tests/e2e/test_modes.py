# SPDX-License-Identifier: Apache-2.0
"""What a mode is: who reads and writes, the kernel by itself or the daemon when asked."""

import os
import select
import signal
import subprocess

import pytest

from support import identity, mappings, modes, stamps
from support.mounts import MountFailed, mounted, unmount, until
from support.questions import ask, objects  # noqa: F401  (ask is a fixture)
from support.system import read, write

READ, WRITE = "read", "write"


def act(what, descriptor, done):
    """Something with an open file that needs nothing but its data; then it tells so.

    Its end waits for provfs in any case: that closes the descriptor that it has inherited.
    """
    if what == READ:
        assert os.pread(descriptor, 5, 0) == b"begin"
    else:
        assert os.pwrite(descriptor, b"after", 100_000) == 5
    os.write(done, b"x")


def has_done(done):
    return bool(select.select([done], [], [], 0)[0])


def has_stopped(pid):
    """Whether each thread of the process stands still."""
    states = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8") as status:
            states.append(status.read().rpartition(")")[2].split()[0])
    return set(states) == {"T"}


def waits_for_an_answer(pid):
    """Whether the process waits for a filesystem in user space, or for a page that it is to fill."""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as place:
        where = place.read()
    return "request_wait_answer" in where or "folio_wait" in where


# For each: the options, and what goes on while provfs is stopped.
IN_FORCE = {
    "default": ("", {READ, WRITE}),
    "on": ("passthrough=on", {READ, WRITE}),
    "auto": ("passthrough=auto", {READ, WRITE}),
    "off": ("passthrough=off", set()),
    # What is open for writing is read by request too: its data go one way.
    "exact": ("attribution=exact", set()),
}


@pytest.mark.parametrize("what", [READ, WRITE])
@pytest.mark.parametrize("name", IN_FORCE)
def test_what_goes_on_without_the_daemon(mount, tree, name, what):
    """provfs is stopped: what the kernel does by itself ends, and what needs the daemon waits."""
    assert modes.passthrough_is_default(), modes.account()
    source, mountpoint = tree
    options, alone = IN_FORCE[name]
    write(source / "file", b"begin" + bytes(200_000))
    view = mount(source, mountpoint, options=options)
    descriptor = os.open(mountpoint / "file", os.O_RDWR)
    # The first write asks once whether there are capabilities to clear.
    assert os.pwrite(descriptor, b"x", 150_000) == 1
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    receive, send = os.pipe()
    view.process.send_signal(signal.SIGSTOP)
    until(lambda: has_stopped(view.pid), "provfs stops")
    try:
        child = identity.fork(act, what, descriptor, send)
        until(lambda: has_done(receive) or waits_for_an_answer(child.pid), "it ends or waits")
        if what in alone:
            until(lambda: has_done(receive), "it needs no provfs")
        assert has_done(receive) == (what in alone)
    finally:
        view.process.send_signal(signal.SIGCONT)
        child.join()
        for one in (descriptor, receive, send):
            os.close(one)


def test_a_users_view_reads_and_writes_by_request(mount, tree, user):
    """The kernel passes nothing through without privilege: auto knows, and on is refused."""
    source, mountpoint = tree
    for directory in tree:
        os.chown(directory, user.uid, user.gid)
    view = mount(source, mountpoint, user)
    user.call(write, mountpoint / "file", b"content")
    assert (source / "file").read_bytes() == b"content"
    view.unmount()
    with pytest.raises(Exception, match="passthrough"):
        mount(source, mountpoint, user, options="passthrough=on")


@pytest.mark.parametrize("options,told", [
    ("ring=off", "passthrough=on ring=off attribution=default"),
    ("ring=off,passthrough=off", "passthrough=off ring=off attribution=default"),
    ("ring=off,attribution=exact", "passthrough=on ring=off attribution=exact"),
])
def test_the_doctor_tells(mount, tree, ask, options, told):
    assert modes.passthrough_is_default(), modes.account()
    mount(*tree, options=options)
    found = {entry["name"]: entry for entry in objects(ask("doctor", "--json", tree[1]))}
    assert found["watched"]["status"] == "ok"
    for word in told.split():
        assert word in found["watched"]["detail"]


@pytest.fixture
def memory(private):
    """A directory on a tmpfs, whose mtime does not tell of stores through mappings."""
    directory = private / "memory"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(directory)], check=True)
    yield directory
    unmount(directory)


@pytest.fixture
def view_of_memory(memory, tree, mount):
    """The view ends before its source does."""
    view = mount(memory, tree[1])
    yield view
    view.close()


def test_a_source_whose_times_do_not_tell_is_served_by_request(memory, view_of_memory, session):
    view = view_of_memory
    assert b"passthrough=off" in os.getxattr(view.mountpoint, "user.prov.view")
    assert "the times of SOURCE's filesystem do not tell of every change" in view.output()
    first, second = session(), session()
    first.shell("head -c 8192 /dev/zero > file", cwd=view.mountpoint)
    path = str(view.mountpoint / "file")
    second.python(mappings.MAP, path=path)
    second.python(mappings.STORE, content=b"store", where=0, synced=True)
    second.python(mappings.UNMAP)
    os.stat(path)
    assert (memory / "file").read_bytes()[:5] == b"store"
    stamp = stamps.read(memory / "file")
    assert stamp is None or stamp.session == second.id or (
        stamp.time < os.stat(memory / "file").st_mtime_ns)
    first.shell("echo after > file", cwd=view.mountpoint)
    assert stamps.read(memory / "file").session == first.id


def test_passthrough_is_refused_where_times_do_not_tell(memory, tree, mount):
    with pytest.raises(MountFailed, match="the times of SOURCE's filesystem do not tell"):
        mount(memory, tree[1], options="passthrough=on")
    assert mounted(tree[1]) is None


def test_a_source_without_handles_is_warned_of(mount, tree, needs):
    view = mount(*tree, prefix=[
        needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=open_by_handle_at", "-e",
        "inject=open_by_handle_at:error=EOPNOTSUPP"])
    write(tree[1] / "file", b"content")
    assert read(tree[0] / "file") == b"content"
    until(lambda: "warning: the files of" in view.output(), "it warns")
    assert "takes a descriptor" in view.output()


def test_a_source_with_handles_is_not_warned_of(mount, tree):
    view = mount(*tree)
    until(lambda: "is shown at" in view.output(), "it serves")
    view.unmount()
    assert "takes a descriptor" not in view.output()
