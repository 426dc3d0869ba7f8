# SPDX-License-Identifier: Apache-2.0
"""Timestamps: to the nanosecond, and moved by what moves them in the source. (atime is not asked.)"""

import errno
import mmap
import os
import subprocess
import time

import pytest

from support import identity, places
from support.mounts import until
from support.system import append, fails, fallocate, opened, read, write

pytestmark = pytest.mark.modes

CLOCK_REALTIME_COARSE = 5
OLD = 1_000_000_000_123_456_789


def age(name):
    os.utime(name, ns=(OLD, OLD))


def moments(name):
    seen = os.lstat(name)
    return seen.st_mtime_ns, seen.st_ctime_ns


def wait_for_a_later_moment(moment):
    """Before Linux 6.13 two changes within one tick of the clock bear the same time."""
    until(lambda: time.clock_gettime_ns(CLOCK_REALTIME_COARSE) > moment, "the clock ticks")


def changes_of(action, name):
    """Which of mtime and ctime the action moves. The file's mtime is made old first."""
    age(name)
    before = moments(name)
    wait_for_a_later_moment(before[1])
    action()
    after = moments(name)
    return {what for what, old, new in zip(("mtime", "ctime"), before, after) if old != new}


def test_nanoseconds(place):
    write("file")
    os.utime("file", ns=(OLD, OLD + 1))
    seen = os.stat("file")
    assert (seen.st_atime_ns, seen.st_mtime_ns) == (OLD, OLD + 1)
    assert os.stat(place.source / "file").st_mtime_ns == OLD + 1


@pytest.mark.parametrize("moment", [0, 1, -1_500_000_001, 2**31 * 10**9, 2**33 * 10**9 + 999_999_999])
def test_moments_far_away(place, moment):
    write("file")
    os.utime("file", ns=(moment, moment))
    assert os.stat("file").st_mtime_ns == moment
    assert os.stat(place.source / "file").st_mtime_ns == moment


def test_now_is_now(place):
    write("file")
    age("file")
    with opened("marker", os.O_CREAT | os.O_WRONLY) as descriptor:
        os.write(descriptor, b"x")
    marker = os.stat("marker").st_mtime_ns
    os.utime("file")
    assert os.stat("file").st_mtime_ns >= marker


def test_times_of_links_and_directories(place):
    os.symlink("nowhere", "link")
    os.utime("link", ns=(OLD, OLD), follow_symlinks=False)
    assert os.lstat("link").st_mtime_ns == OLD
    os.mkdir("directory")
    age("directory")
    assert os.stat("directory").st_mtime_ns == OLD
    write("directory/file")
    assert os.stat("directory").st_mtime_ns != OLD


def test_omitting_one_of_the_times(place):
    """UTIME_OMIT, as touch -m and touch -a use it."""
    write("file")
    age("file")
    subprocess.run(["touch", "-a", "file"], check=True)
    assert os.stat("file").st_mtime_ns == OLD
    os.utime("file", ns=(OLD, OLD))
    subprocess.run(["touch", "-m", "-d", "@5", "file"], check=True)
    assert os.stat("file").st_mtime_ns == 5 * 10**9
    assert os.stat("file").st_atime_ns == OLD


def _through_descriptor(change):
    with opened("file", os.O_RDWR) as descriptor:
        change(descriptor)


CONTENT_CHANGES = {
    "write": lambda: append("file", b"more"),
    "pwrite": lambda: _through_descriptor(lambda fd: os.pwrite(fd, b"C", 0)),
    "truncate": lambda: os.truncate("file", 3),
    "extend": lambda: os.truncate("file", 300),
    "open-truncating": lambda: os.close(os.open("file", os.O_WRONLY | os.O_TRUNC)),
    "fallocate": lambda: _through_descriptor(lambda fd: fallocate(fd, 0, 0, 5000)),
    "punch": lambda: _through_descriptor(lambda fd: fallocate(fd, 3, 0, 4096)),
}


@pytest.mark.parametrize("change", CONTENT_CHANGES)
def test_a_change_of_content_moves_both(place, change):
    write("file", b"content" * 1000)
    assert changes_of(CONTENT_CHANGES[change], "file") == {"mtime", "ctime"}
    assert os.stat("file").st_mtime_ns == os.stat(place.source / "file").st_mtime_ns


INODE_CHANGES = {
    "chmod": lambda: os.chmod("file", 0o600),
    "chown": lambda: os.chown("file", -1, os.getgid()),
    "link": lambda: os.link("file", "link"),
    "rename": lambda: (os.rename("file", "moved"), os.rename("moved", "file")),
    "setxattr": lambda: os.setxattr("file", "user.name", b"value"),
}


@pytest.mark.parametrize("change", INODE_CHANGES)
def test_a_change_of_the_inode_moves_ctime_alone(place, change):
    write("file", b"content")
    assert changes_of(INODE_CHANGES[change], "file") == {"ctime"}


def test_unlinking_one_of_two_names_moves_ctime(place):
    write("file")
    os.link("file", "other")
    assert changes_of(lambda: os.unlink("other"), "file") == {"ctime"}


def test_reading_moves_neither(place):
    write("file", b"content")
    assert changes_of(lambda: read("file"), "file") == set()


def test_opening_for_write_moves_neither(place):
    write("file", b"content")
    assert changes_of(lambda: os.close(os.open("file", os.O_RDWR)), "file") == set()


def test_truncating_to_the_same_size_moves_both(place):
    write("file", b"content")
    assert changes_of(lambda: os.truncate("file", 7), "file") == {"mtime", "ctime"}


DIRECTORY_CHANGES = {
    "create": lambda: write("directory/new"),
    "mkdir": lambda: os.mkdir("directory/new"),
    "symlink": lambda: os.symlink("x", "directory/new"),
    "mkfifo": lambda: os.mkfifo("directory/new"),
    "link": lambda: os.link("file", "directory/new"),
    "unlink": lambda: os.unlink("directory/file"),
    "rename-in": lambda: os.rename("file", "directory/new"),
    "rename-out": lambda: os.rename("directory/file", "new"),
    "rename-within": lambda: os.rename("directory/file", "directory/new"),
    "rmdir": lambda: os.rmdir("directory/below"),
}


@pytest.mark.parametrize("change", DIRECTORY_CHANGES)
def test_a_change_of_names_moves_the_directorys_times(place, change):
    os.makedirs("directory/below")
    write("directory/file")
    write("file")
    assert changes_of(DIRECTORY_CHANGES[change], "directory") == {"mtime", "ctime"}


def test_stores_through_a_mapping_move_the_times(place):
    write("file", b"x" * 8192)
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, 8192) as mapping:
        def store():
            mapping[5000] = ord("y")
            mapping.flush()
        assert changes_of(store, "file") == {"mtime", "ctime"}
    assert read("file")[5000:5001] == b"y"


def test_a_mapping_moves_the_times_again_after_a_sync(place):
    write("file", b"x" * 8192)
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, 8192) as mapping:
        for letter in b"yz":
            def store():
                mapping[0] = letter
                mapping.flush()
            assert changes_of(store, "file") == {"mtime", "ctime"}


def test_an_open_writer_is_seen_by_stat(place):
    """Size and mtime are true for everyone while the file is still open, not only at close."""
    write("file")
    with opened("file", os.O_WRONLY) as descriptor:
        for size in range(1, 20):
            age("file")
            os.write(descriptor, b"x")
            seen = identity.fork(lambda: (os.stat("file").st_size, os.stat("file").st_mtime_ns))
            assert seen.join()[0] == size
            assert os.stat("file").st_mtime_ns != OLD


def test_explicit_times_outlive_close(place):
    """As tar, cp -p and rsync do it: write, set the times, close."""
    with opened("file", os.O_CREAT | os.O_WRONLY) as descriptor:
        os.write(descriptor, b"content")
        os.utime(descriptor, ns=(OLD, OLD))
    assert os.stat("file").st_mtime_ns == OLD
    assert os.stat(place.source / "file").st_mtime_ns == OLD


@pytest.mark.places(*places.AS_ROOT)
def test_explicit_times_need_the_owner(place):
    write("file", mode=0o644)
    os.chmod("file", 0o644)

    def attempt():
        with fails(errno.EPERM):
            os.utime("file", ns=(1, 1))
        with fails(errno.EACCES):
            os.utime("file")

    identity.STRANGER.call(attempt)
