# SPDX-License-Identifier: Apache-2.0
"""Files that the kernel reads and writes itself are opened, kept for the next open, and let go."""

import errno
import os

import pytest

from support import identity, modes
from support.filesystems import image
from support.mounts import unmount, until
from support.system import descriptor_of, fails, opened, read, write


@pytest.fixture(autouse=True)
def with_passthrough():
    assert modes.passthrough_is_default(), modes.account()


def open_and_close(path):
    with opened(path):
        return True


def test_rights_that_were_taken_away_behind_the_view(mount, tree, user):
    """The kernel goes by the attributes that it remembers; whether one may read is asked each time."""
    source, mountpoint = tree
    write(source / "file", b"content")
    mount(source, mountpoint, options="attr_timeout=3600,entry_timeout=3600")
    path = mountpoint / "file"
    assert user.call(read, path) == b"content"
    # Reading has moved atime; now the kernel remembers the attributes.
    assert os.stat(path).st_mode & 0o777 == 0o644
    os.chmod(source / "file", 0o600)

    def refused():
        with fails(errno.EACCES):
            os.open(path, os.O_RDONLY)

    user.call(refused)
    assert read(path) == b"content"


def test_what_is_asked_of_a_file_that_is_open_for_reading(mount, tree):
    """provfs opens the file only for what the kernel does not do itself."""
    source, mountpoint = tree
    with opened(source / "sparse", os.O_CREAT | os.O_WRONLY) as descriptor:
        os.pwrite(descriptor, b"data", 1 << 20)
    mount(source, mountpoint)
    with opened(mountpoint / "sparse") as descriptor:
        assert os.lseek(descriptor, 0, os.SEEK_DATA) == 1 << 20
        os.fsync(descriptor)
        with opened(mountpoint / "copy", os.O_CREAT | os.O_WRONLY) as copy:
            assert os.copy_file_range(descriptor, copy, 4, 1 << 20, 0) == 4
        os.unlink(mountpoint / "sparse")
        assert os.lseek(descriptor, 0, os.SEEK_HOLE) == 0
    with opened(mountpoint / "copy") as descriptor:
        os.unlink(mountpoint / "copy")
        assert os.lseek(descriptor, 0, os.SEEK_END) == 4
        assert os.lseek(descriptor, 0, os.SEEK_DATA) == 0
        assert os.pread(descriptor, 9, 0) == b"data"


def test_a_removed_file_gives_its_room_back(mount, private):
    """What is kept for the next open does not outlive the file's name."""
    with image(private / "image", private / "source", 64) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint)
        free = os.statvfs(source).f_bfree
        for name in ("one", "two"):
            write(mountpoint / name, bytes(16 << 20))
            assert open_and_close(mountpoint / name)
        os.unlink(mountpoint / "one")
        write(mountpoint / "new", b"")
        os.rename(mountpoint / "new", mountpoint / "two")
        until(lambda: free - os.statvfs(source).f_bfree < 1024, "the blocks are free again")
        view.unmount()


def test_the_source_can_be_unmounted_once_the_view_has_ended(mount, private, view_mode):
    """Also while the kernel has the connection still, as it has for a while after the end of a ring."""
    with image(private / "image", private / "source", 16) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint, options=view_mode.options)
        write(mountpoint / "file", b"content")
        assert open_and_close(mountpoint / "file")
        connection = descriptor_of(view.pid, "/dev/fuse")
        try:
            view.unmount()
            unmount(source)
        finally:
            os.close(connection)


def test_each_user_has_the_room_that_is_his(mount, private, user):
    """What root has opened before is not written with root's right to the reserved blocks."""
    with image(private / "image", private / "source", 64,
               make=("mkfs.ext4", "-m", "40")) as source:
        write(source / "file")
        os.chmod(source / "file", 0o666)
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint)

        def fill(path):
            with opened(path, os.O_WRONLY) as descriptor, fails(errno.ENOSPC):
                for _ in range(100):
                    os.write(descriptor, bytes(1 << 20))
            return True

        with opened(mountpoint / "file", os.O_WRONLY) as descriptor:
            os.write(descriptor, b"root's")
        assert user.call(fill, mountpoint / "file")
        room = os.statvfs(source)
        assert room.f_bavail * room.f_frsize < 2 << 20
        assert room.f_bfree * room.f_frsize > 20 << 20, "the reserved blocks are left"
        # And the other way round.
        with opened(mountpoint / "file", os.O_WRONLY | os.O_APPEND) as descriptor:
            assert os.write(descriptor, bytes(4 << 20)) == 4 << 20
        view.unmount()


def test_more_files_than_descriptors(mount, tree):
    """Each is opened, and again; what is kept for the next open does not run out."""
    source, mountpoint = tree
    count = 1500
    for number in range(count):
        write(source / f"file-{number}", b"%d" % number)
    limited = ("prlimit", "--nofile=400:400")
    view = mount(source, mountpoint, prefix=limited)
    for _ in range(2):
        for number in range(count):
            assert read(mountpoint / f"file-{number}") == b"%d" % number
    assert len(os.listdir(f"/proc/{view.pid}/fd")) < 400
    for number in range(0, count, 2):
        os.unlink(mountpoint / f"file-{number}")
    for number in range(1, count, 2):
        assert identity.ROOT.call(read, mountpoint / f"file-{number}") == b"%d" % number
