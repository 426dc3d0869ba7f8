# SPDX-License-Identifier: Apache-2.0
"""Every flag of open(2), and what a descriptor still does when its name is gone."""

import contextlib
import errno
import fcntl
import os
import resource
import stat

import pytest

from support import identity, places
from support.system import (
    FUSE_HAS_NAMELESS_FILES, append, fails, link_descriptor, link_descriptor_directly, mode, opened,
    read, write)

pytestmark = pytest.mark.modes


def test_create_exclusively(place):
    with opened("file", os.O_CREAT | os.O_EXCL | os.O_WRONLY):
        pass
    with fails(errno.EEXIST):
        os.open("file", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    os.symlink("nowhere", "link")
    with fails(errno.EEXIST):
        os.open("link", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    assert not os.path.exists("nowhere")


def test_one_of_many_creates_exclusively(place):
    def attempt():
        made = 0
        for number in range(50):
            try:
                os.close(os.open(f"lock{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                made += 1
            except FileExistsError:
                pass
        return made

    children = [identity.fork(attempt) for _ in range(4)]
    assert sum(child.join() for child in children) == 50


def test_create_keeps_what_is_there(place):
    write("file", b"content", 0o640)
    with opened("file", os.O_CREAT | os.O_RDWR, 0o777) as descriptor:
        assert os.read(descriptor, 100) == b"content"
    assert mode("file") == 0o640


def test_truncate_on_open(place):
    write("file", b"content")
    with opened("file", os.O_WRONLY | os.O_TRUNC) as descriptor:
        assert os.fstat(descriptor).st_size == 0
        os.write(descriptor, b"new")
    assert read("file") == b"new"


def test_access_modes(place):
    write("file", b"content")
    with opened("file", os.O_RDONLY) as descriptor:
        with fails(errno.EBADF):
            os.write(descriptor, b"x")
        with fails(errno.EINVAL, errno.EBADF):
            os.ftruncate(descriptor, 0)
    with opened("file", os.O_WRONLY) as descriptor, fails(errno.EBADF):
        os.read(descriptor, 1)
    assert read("file") == b"content"


def test_append_by_several_writers(place):
    write("file")
    lines = 200

    def appender(letter):
        with opened("file", os.O_WRONLY | os.O_APPEND) as descriptor:
            for _ in range(lines):
                assert os.write(descriptor, letter * 99 + b"\n") == 100

    letters = (b"a", b"b", b"c", b"d")
    for child in [identity.fork(appender, letter) for letter in letters]:
        child.join()
    content = read("file").split(b"\n")[:-1]
    assert sorted(content) == sorted(letter * 99 for letter in letters for _ in range(lines))


def test_append_ignores_the_offset(place):
    write("file", b"begin")
    with opened("file", os.O_RDWR | os.O_APPEND) as descriptor:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b"-end")
        assert os.lseek(descriptor, 0, os.SEEK_CUR) == 9
        append("file", b"-other")
        os.write(descriptor, b"-again")
    assert read("file") == b"begin-end-other-again"


def test_no_follow(place):
    write("file", b"x")
    os.symlink("file", "link")
    with fails(errno.ELOOP):
        os.open("link", os.O_RDONLY | os.O_NOFOLLOW)
    with fails(errno.ELOOP):
        os.open("link", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW)
    with opened("file", os.O_RDONLY | os.O_NOFOLLOW):
        pass


def test_directory_flag(place):
    os.mkdir("directory")
    write("file")
    with opened("directory", os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        assert stat.S_ISDIR(os.fstat(descriptor).st_mode)
        assert os.listdir(descriptor) == []
        with opened_at("inner", os.O_CREAT | os.O_WRONLY, descriptor):
            pass
        assert os.listdir("directory") == ["inner"]
    with fails(errno.ENOTDIR):
        os.open("file", os.O_RDONLY | os.O_DIRECTORY)


def opened_at(name, flags, directory):
    return os.fdopen(os.open(name, flags, 0o666, dir_fd=directory), "wb")


def test_path_descriptor(place):
    write("file", b"content", 0o600)
    os.symlink("file", "link")
    with opened("file", os.O_PATH) as descriptor:
        assert os.fstat(descriptor).st_size == 7
        with fails(errno.EBADF):
            os.read(descriptor, 1)
        os.rename("file", "moved")
        assert read(f"/proc/self/fd/{descriptor}") == b"content"
    with opened("link", os.O_PATH | os.O_NOFOLLOW) as descriptor:
        assert stat.S_ISLNK(os.fstat(descriptor).st_mode)
        assert os.readlink("", dir_fd=descriptor) == "file"


@contextlib.contextmanager
def nameless(place, flags, mode=0o666):
    """A descriptor of a file without a name; None where the kernel's FUSE has no such thing."""
    if place.is_view and not FUSE_HAS_NAMELESS_FILES:
        with fails(errno.EOPNOTSUPP):
            os.open(".", os.O_TMPFILE | flags, mode)
        yield None
    else:
        with opened(".", os.O_TMPFILE | flags, mode) as descriptor:
            yield descriptor


def test_a_file_without_a_name(place):
    with nameless(place, os.O_RDWR, 0o640) as descriptor:
        if descriptor is None:
            return
        os.write(descriptor, b"content")
        assert os.fstat(descriptor).st_nlink == 0
        assert os.listdir(".") == []
        link_descriptor(descriptor, "named")
        os.write(descriptor, b"-more")
    assert read("named") == b"content-more"
    assert mode("named") == 0o640
    assert os.stat("named").st_nlink == 1


@pytest.mark.places(*places.AS_ROOT)
def test_a_file_without_a_name_gets_one_by_descriptor(place):
    with nameless(place, os.O_RDWR, 0o640) as descriptor:
        if descriptor is None:
            return
        os.write(descriptor, b"content")
        link_descriptor_directly(descriptor, "named")
    assert read("named") == b"content"


def test_a_file_that_may_never_have_a_name(place):
    with nameless(place, os.O_EXCL | os.O_RDWR) as descriptor:
        if descriptor is None:
            return
        os.write(descriptor, b"content")
        with fails(errno.ENOENT):
            link_descriptor(descriptor, "named")
        assert os.pread(descriptor, 7, 0) == b"content"


def test_unlink_while_open(place):
    write("file", b"content")
    with opened("file", os.O_RDWR) as descriptor:
        inode = os.fstat(descriptor).st_ino
        os.unlink("file")
        assert os.listdir(".") == []
        assert os.fstat(descriptor).st_nlink == 0
        assert os.fstat(descriptor).st_ino == inode
        os.pwrite(descriptor, b"CONT", 0)
        os.ftruncate(descriptor, 6)
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
        assert os.pread(descriptor, 100, 0) == b"CONTen"
        write("file", b"another")
        assert os.pread(descriptor, 100, 0) == b"CONTen"
    assert read("file") == b"another"


def test_unlink_while_open_by_another_process(place):
    write("file", b"content")
    ready, go = os.pipe(), os.pipe()

    def holder():
        with opened("file") as descriptor:
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            return os.read(descriptor, 100)

    child = identity.fork(holder)
    os.read(ready[0], 1)
    os.unlink("file")
    os.write(go[1], b"x")
    assert child.join() == b"content"


def test_rename_while_open(place):
    write("file", b"content")
    os.mkdir("directory")
    with opened("file", os.O_RDWR) as descriptor:
        os.rename("file", "directory/moved")
        os.pwrite(descriptor, b"CON", 0)
        assert os.fstat(descriptor).st_ino == os.stat("directory/moved").st_ino
    assert read("directory/moved") == b"CONtent"


def test_rename_over_an_open_file(place):
    write("old", b"old content")
    write("new", b"new content")
    with opened("old", os.O_RDWR) as descriptor:
        os.rename("new", "old")
        assert read("old") == b"new content"
        assert os.pread(descriptor, 100, 0) == b"old content"
        os.pwrite(descriptor, b"OLD", 0)
        assert os.fstat(descriptor).st_nlink == 0
        assert os.pread(descriptor, 3, 0) == b"OLD"
    assert read("old") == b"new content"


def test_descriptors_share_and_do_not_share_an_offset(place):
    write("file", b"0123456789")
    with opened("file") as one, opened("file") as two:
        shared = os.dup(one)
        assert os.read(one, 3) == b"012"
        assert os.read(shared, 3) == b"345"
        assert os.read(two, 3) == b"012"
        os.close(shared)
        assert os.read(one, 3) == b"678"


def test_writes_are_seen_at_once_by_other_descriptors(place):
    write("file", b"x" * 8192)
    with opened("file", os.O_RDWR) as one, opened("file") as two:
        assert os.pread(two, 4, 4094) == b"xxxx"
        os.pwrite(one, b"seen", 4094)
        assert os.pread(two, 4, 4094) == b"seen"
        os.ftruncate(one, 4096)
        assert os.pread(two, 10, 4094) == b"se"
        assert os.fstat(two).st_size == 4096


def test_reopening_through_proc(place):
    write("file", b"content")
    with opened("file") as descriptor:
        os.unlink("file")
        with opened(f"/proc/self/fd/{descriptor}", os.O_RDWR) as again:
            os.write(again, b"CONT")
        assert os.pread(descriptor, 100, 0) == b"CONTent"


def test_many_open_files(place):
    count = 1100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    descriptors = []
    for number in range(count):
        descriptors.append(os.open(f"file{number}", os.O_CREAT | os.O_RDWR))
        os.write(descriptors[-1], str(number).encode())
    for number, descriptor in enumerate(descriptors):
        assert os.pread(descriptor, 10, 0) == str(number).encode()
        os.close(descriptor)
    assert len(os.listdir(".")) == count


def test_flags_of_a_descriptor(place):
    write("file", b"content")
    with opened("file", os.O_RDWR | os.O_APPEND | os.O_NONBLOCK) as descriptor:
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        assert flags & os.O_APPEND and flags & os.O_NONBLOCK and flags & os.O_ACCMODE == os.O_RDWR
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags & ~os.O_APPEND)
        os.pwrite(descriptor, b"C", 0)
    assert read("file") == b"Content"


@pytest.mark.parametrize("flag", ["O_SYNC", "O_DSYNC"])
def test_synchronous_writes(place, flag):
    with opened("file", os.O_CREAT | os.O_WRONLY | getattr(os, flag)) as descriptor:
        assert os.write(descriptor, b"synchronous") == 11
    assert read("file") == b"synchronous"
