# SPDX-License-Identifier: Apache-2.0
"""Views of filesystems that are themselves stacked: what the kernel will not pass through is served.

The kernel lets a filesystem pass through to another only where that is not stacked too deep: provfs
must notice by itself. Everything works, and no session is named for what another wrote.
"""

import mmap
import os

import pytest

from support import stamps
from support.filesystems import overlay
from support.system import opened, read, write

SIZE = 4 * mmap.PAGESIZE


@pytest.fixture
def stacked_source(private):
    """A source that is stacked on something already."""
    with overlay(private, lambda lower, _: write(lower / "below", b"below\n")) as merged:
        yield merged


@pytest.fixture
def stacked(stacked_source, private, mount, session):
    mountpoint = private / "top"
    mountpoint.mkdir()
    view = mount(stacked_source, mountpoint)
    yield mountpoint, session
    # Before what it stands on.
    view.unmount()


def test_data_through_every_layer(stacked, stacked_source):
    mountpoint, _ = stacked
    with opened(mountpoint / "file", os.O_CREAT | os.O_RDWR) as one:
        assert os.write(one, b"x" * SIZE) == SIZE
        with opened(mountpoint / "file", os.O_RDWR) as two, mmap.mmap(two, SIZE) as mapping:
            mapping[5000:5005] = b"store"
            mapping.flush()
            assert os.pwrite(one, b"write", 9000) == 5
            assert mapping[9000:9005] == b"write"
        os.ftruncate(one, SIZE + 10)
        os.fsync(one)
    expected = bytearray(b"x" * SIZE + bytes(10))
    expected[5000:5005], expected[9000:9005] = b"store", b"write"
    assert read(mountpoint / "file") == read(stacked_source / "file") == bytes(expected)


def test_writers_above_an_overlay(stacked, stacked_source):
    mountpoint, session = stacked
    first, second = session(), session()
    first.shell("echo one > file; mkdir directory; echo x > directory/inner", cwd=mountpoint)
    second.shell("echo two >> file; echo y >> below", cwd=mountpoint)
    for name, writer in (("file", second), ("below", second), ("directory/inner", first),
                         ("directory", first)):
        stamp = stamps.read(mountpoint / name)
        assert stamp is not None and stamp.session == writer.id, (name, stamp)
        assert stamp.inode == os.lstat(stacked_source / name).st_ino
    assert [one.session for one in stamps.log(mountpoint / "file")] == [first.id]
    assert read(stacked_source / "below") == b"below\ny\n"


def test_files_open_on_several_layers_at_once(stacked, stacked_source):
    mountpoint, session = stacked
    write(mountpoint / "file", b"begin")
    with opened(stacked_source / "file", os.O_RDWR) as lower:
        with opened(mountpoint / "file", os.O_RDWR) as upper:
            assert os.pwrite(upper, b"upper", 0) == 5
            assert os.pread(upper, 5, 0) == b"upper"
        assert os.pread(lower, 5, 0) == b"upper"
