# SPDX-License-Identifier: Apache-2.0
"""Views as a whole: how they are mounted and unmounted, and what goes on behind them."""

import errno
import os
import pathlib
import signal
import subprocess

import pytest

from support import identity
from support.filesystems import small_filesystem
from support.mounts import unmount, until
from support.system import DIED, append, fails, opened, read, write


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_unmounts_and_loses_nothing(mount, tree, owner, number):
    source, mountpoint = tree
    view = mount(source, mountpoint, owner)

    def fill():
        for index in range(50):
            write(mountpoint / f"file{index}", b"content" * 1000)

    owner.call(fill)
    view.terminate(number)
    assert len(os.listdir(source)) == 50
    assert all((source / f"file{index}").read_bytes() == b"content" * 1000 for index in range(50))
    assert os.listdir(mountpoint) == []


def test_read_only(mount, tree, owner):
    source, mountpoint = tree
    owner.call(write, source / "file", b"content")
    mount(source, mountpoint, owner, options="ro")

    def attempts():
        assert read(mountpoint / "file") == b"content"
        for attempt in (lambda: os.open(mountpoint / "file", os.O_WRONLY),
                        lambda: write(mountpoint / "new"), lambda: os.mkdir(mountpoint / "new"),
                        lambda: os.unlink(mountpoint / "file"),
                        lambda: os.chmod(mountpoint / "file", 0o600),
                        lambda: os.truncate(mountpoint / "file", 0),
                        lambda: os.utime(mountpoint / "file"),
                        lambda: os.setxattr(mountpoint / "file", "user.name", b"x")):
            with fails(errno.EROFS):
                attempt()

    owner.call(attempts)


def test_a_users_view_is_closed_to_others(mount, tree, user):
    source, mountpoint = tree
    for directory in tree:
        os.chown(directory, user.uid, user.gid)
    mount(source, mountpoint, user)
    with fails(errno.EACCES):
        os.listdir(mountpoint)

    def attempt():
        with fails(errno.EACCES):
            os.listdir(mountpoint)

    identity.STRANGER.call(attempt)


def test_root_can_refuse_others(mount, tree, user):
    source, mountpoint = tree
    source.chmod(0o777)
    mount(source, mountpoint, options="noallow_other")

    def attempt():
        with fails(errno.EACCES):
            os.listdir(mountpoint)

    user.call(attempt)


def test_set_user_id_programs_in_a_users_view_have_no_effect(mount, tree, user):
    """Else anybody with a source of somebody else's files had a way to be them."""
    source, mountpoint = tree
    source.chmod(0o755)
    os.chown(mountpoint, user.uid, user.gid)
    copy_of_id = source / "id"
    copy_of_id.write_bytes(pathlib.Path("/usr/bin/id").read_bytes())
    copy_of_id.chmod(0o4755)
    mount(source, mountpoint, user)
    assert user.run([str(mountpoint / "id"), "-u"]).stdout.decode().strip() == str(user.uid)


def test_changes_behind_the_view_become_visible(mount, tree, owner):
    source, mountpoint = tree
    owner.call(write, source / "file", b"before")
    mount(source, mountpoint, owner)
    see = owner.call
    assert see(read, mountpoint / "file") == b"before"
    assert not see(os.path.exists, mountpoint / "new")
    write(source / "file", b"after, and longer")
    write(source / "new", b"new")
    until(lambda: see(os.path.exists, mountpoint / "new"), "the new file shows")
    until(lambda: see(lambda: os.stat(mountpoint / "file").st_size) == 17, "the new size shows")
    assert see(read, mountpoint / "file") == b"after, and longer"
    os.rename(source / "new", source / "moved")
    until(lambda: not see(os.path.exists, mountpoint / "new"), "the old name goes")
    assert see(read, mountpoint / "moved") == b"new"
    os.unlink(source / "file")
    os.mkdir(source / "file")
    until(lambda: see(os.path.isdir, mountpoint / "file"), "the directory shows")
    assert sorted(see(os.listdir, mountpoint)) == ["file", "moved"]


@pytest.fixture
def inner(tree):
    """A filesystem mounted inside the source; `below` is what it covers."""
    directory = tree[0] / "inner"
    directory.mkdir()
    write(directory / "below", b"covered")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(directory)], check=True)
    write(directory / "file", b"inner")
    yield directory
    unmount(directory)


def test_mounts_inside_the_source(inner, mount, tree):
    source, mountpoint = tree
    mount(source, mountpoint)
    assert os.listdir(mountpoint / "inner") == ["file"]
    assert read(mountpoint / "inner/file") == b"inner"
    write(mountpoint / "inner/new", b"new")
    assert read(inner / "new") == b"new"
    write(mountpoint / "outer", b"x")
    with fails(errno.EXDEV):
        os.rename(mountpoint / "outer", mountpoint / "inner/outer")
    with fails(errno.EXDEV):
        os.link(mountpoint / "outer", mountpoint / "inner/outer")
    with fails(errno.EBUSY):
        os.rmdir(mountpoint / "inner")


def test_one_file_system(inner, mount, tree):
    source, mountpoint = tree
    mount(source, mountpoint, options="one_file_system")
    write(mountpoint / "outer", b"x")
    assert os.listdir(mountpoint) != []
    with fails(errno.EXDEV):
        os.stat(mountpoint / "inner/file")
    with fails(errno.EXDEV):
        os.listdir(mountpoint / "inner")
    assert os.listdir(inner) == ["file"]


@pytest.mark.timeout(180)
def test_a_tree_larger_than_the_descriptor_limit(mount, tree, owner):
    source, mountpoint = tree

    def fill():
        for directory in range(10):
            os.mkdir(source / f"d{directory}")
            for number in range(500):
                write(source / f"d{directory}/f{number}", b"%d" % number)

    owner.call(fill)
    mount(source, mountpoint, owner, prefix=["prlimit", "--nofile=256:256"])

    def walk():
        for _ in range(2):
            seen = 0
            for directory, _, files in os.walk(mountpoint):
                for name in files:
                    seen += 1
                    path = os.path.join(directory, name)
                    assert os.stat(path).st_size == len(name) - 1
                    if seen % 7 == 0:
                        assert read(path) == name[1:].encode()
            assert seen == 5000
        for number in range(500):
            append(mountpoint / f"d3/f{number}", b"!")
            os.rename(mountpoint / f"d3/f{number}", mountpoint / f"d4/moved{number}")
        assert read(mountpoint / "d4/moved499") == b"499!"

    owner.call(walk)


def test_many_open_files_under_a_descriptor_limit(mount, tree):
    """Each open file of a client costs the daemon one; the limit is an error and not the end."""
    source, mountpoint = tree
    mount(source, mountpoint, prefix=["prlimit", "--nofile=256:256"])
    descriptors = []
    try:
        for number in range(300):
            descriptors.append(os.open(mountpoint / f"f{number}", os.O_CREAT | os.O_RDWR))
            os.write(descriptors[-1], b"x")
    except OSError as error:
        assert error.errno in (errno.EMFILE, errno.ENFILE), error
        assert len(descriptors) > 100
    for descriptor in descriptors:
        os.close(descriptor)
    until(lambda: _works(mountpoint / "after"), "the view works again")
    assert read(source / "after") == b"after"


def _works(path):
    try:
        write(path, b"after")
        return True
    except OSError as error:
        assert error.errno in (errno.EMFILE, errno.ENFILE), error
        return False


@pytest.mark.timeout(120)
def test_kill_9_loses_no_acknowledged_write(mount, tree, owner):
    """A client writes and notes what was acknowledged; provfs is killed; a new one serves on."""
    source, mountpoint = tree
    view = mount(source, mountpoint, owner)
    receive, send = os.pipe()

    def client():
        try:
            for number in range(1_000_000):
                write(mountpoint / f"f{number % 500}", b"%d" % number)
                os.write(send, b"%d\n" % number)
        except OSError as error:
            assert error.errno in DIED, error
            return True

    child = identity.fork(client, identity=owner)
    os.close(send)
    acknowledged = b""
    while acknowledged.count(b"\n") < 300:
        acknowledged += os.read(receive, 65536)
    view.kill()
    while more := os.read(receive, 65536):
        acknowledged += more
    assert child.join()
    last = int(acknowledged.split(b"\n")[-2])
    for number in range(max(0, last - 499), last + 1):
        content = read(source / f"f{number % 500}")
        # The write that was under way when provfs died may have been done, or begun.
        assert content in (b"%d" % number, b"%d" % (number + 500), b"") and (
            content == b"%d" % number or number + 500 == last + 1)
    # A new start on the dead mountpoint cleans it up by itself.
    mount(source, mountpoint, owner)
    assert owner.call(read, mountpoint / f"f{last % 500}") == b"%d" % last
    owner.call(write, mountpoint / "after", b"after")


def test_a_full_disk_is_an_error_and_not_the_end(mount, private):
    with small_filesystem(private, 8) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint)
        with opened(mountpoint / "file", os.O_CREAT | os.O_WRONLY) as descriptor:
            with fails(errno.ENOSPC):
                while True:
                    os.write(descriptor, b"x" * 65536)
        os.unlink(mountpoint / "file")
        write(mountpoint / "file", b"again")
        assert read(source / "file") == b"again"
        view.unmount()


def test_a_source_that_becomes_read_only(mount, private):
    with small_filesystem(private, 8) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint)
        write(mountpoint / "file", b"before")
        # RELEASE follows close(2) in its own time: until then a writer has the source open.
        until(lambda: subprocess.run(["mount", "-o", "remount,ro", str(source)], check=False,
                                     capture_output=True).returncode == 0, "it becomes read-only")
        with fails(errno.EROFS):
            write(mountpoint / "file", b"after")
        with fails(errno.EROFS):
            os.mkdir(mountpoint / "directory")
        assert read(mountpoint / "file") == b"before"
        subprocess.run(["mount", "-o", "remount,rw", str(source)], check=True)
        write(mountpoint / "file", b"after")
        assert read(source / "file") == b"after"
        view.unmount()


@pytest.mark.parametrize("call,attempt", [
    ("fsync", lambda descriptor: os.fsync(descriptor)),
    ("fdatasync", lambda descriptor: os.fdatasync(descriptor)),
    ("fallocate", lambda descriptor: os.posix_fallocate(descriptor, 0, 4096)),
    ("pwrite64,pwritev,pwritev2,splice", lambda descriptor: os.write(descriptor, b"x")),
])
def test_an_error_of_the_source_is_the_callers(mount, tree, needs, call, attempt):
    """The call fails below provfs, and so for the caller; the view goes on."""
    source, mountpoint = tree
    mount(source, mountpoint, prefix=[
        needs("strace"), "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", "signal=none",
        "-e", f"inject={call}:error=EIO"])
    with opened(mountpoint / "file", os.O_CREAT | os.O_RDWR) as descriptor:
        with fails(errno.EIO):
            attempt(descriptor)
    assert os.listdir(mountpoint) == ["file"]
