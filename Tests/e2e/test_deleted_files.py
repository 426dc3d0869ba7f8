# SPDX-License-Identifier: Apache-2.0
"""Files that somebody deletes in SOURCE, past the view: their space comes free although nobody asks for them."""

import errno
import os

import pytest

from support import identity
from support.filesystems import small_filesystem
from support.mounts import until
from support.system import fails, opened, read, write

MEGABYTE = 1 << 20


def free(directory):
    seen = os.statvfs(directory)
    return seen.f_bavail * seen.f_frsize


@pytest.mark.parametrize("is_users", [False, True], ids=["root", "user"])
def test_a_file_deleted_past_the_view_takes_no_space(mount, private, user, view_mode, is_users):
    who = user if is_users else identity.ROOT
    with small_filesystem(private, 32) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        for directory in (source, mountpoint):
            os.chown(directory, who.uid, who.gid)
        view = mount(source, mountpoint, who, options=view_mode.options)
        before = free(source)
        who.call(write, mountpoint / "file", bytes(8 * MEGABYTE))
        who.call(read, mountpoint / "file")
        who.call(os.symlink, "file", mountpoint / "link")
        who.call(os.lstat, mountpoint / "link")
        os.sync()
        assert free(source) < before - 7 * MEGABYTE
        for name in ("file", "link"):
            os.unlink(source / name)
        # Nobody looks the names up.
        until(lambda: free(source) > before - MEGABYTE, "the space is free")
        who.call(write, mountpoint / "file", b"again")
        assert (source / "file").read_bytes() == b"again"
        view.unmount()


def test_a_file_that_is_used_stays(mount, private, view_mode):
    """As natively: an open file outlives its name, and goes with its last descriptor."""
    with small_filesystem(private, 32) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint, options=view_mode.options)
        before = free(source)
        write(mountpoint / "file", bytes(8 * MEGABYTE))
        write(mountpoint / "other", bytes(MEGABYTE))
        with opened(mountpoint / "file") as descriptor:
            os.unlink(source / "file")
            os.unlink(source / "other")
            until(lambda: free(source) > before - 8 * MEGABYTE - MEGABYTE // 2, "what nobody uses is gone")
            assert os.fstat(descriptor).st_size == 8 * MEGABYTE
            assert os.pread(descriptor, 4, 8 * MEGABYTE - 4) == bytes(4)
        until(lambda: free(source) > before - MEGABYTE, "the space is free")
        with fails(errno.ENOENT):
            os.stat(mountpoint / "file")
        view.unmount()
