# SPDX-License-Identifier: Apache-2.0
"""Memory mappings: shared, private, beyond their descriptor, beside read and write."""

import errno
import mmap
import os
import signal

import pytest

from support import identity
from support.system import fails, opened, read, write

pytestmark = pytest.mark.modes

PAGE = mmap.PAGESIZE


def test_a_shared_mapping_writes_the_file(place):
    write("file", b"x" * (3 * PAGE))
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, 3 * PAGE) as mapping:
        mapping[PAGE:PAGE + 4] = b"page"
        assert os.pread(descriptor, 4, PAGE) == b"page"
        assert read("file")[PAGE:PAGE + 4] == b"page"
        mapping.flush()
        assert (place.source / "file").read_bytes()[PAGE:PAGE + 4] == b"page"


def test_a_shared_mapping_shows_writes(place):
    write("file", b"x" * PAGE)
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, PAGE) as mapping:
        assert mapping[:1] == b"x"
        os.pwrite(descriptor, b"written", 10)
        assert mapping[10:17] == b"written"


def test_a_mapping_outlives_its_descriptor(place):
    write("file", b"x" * PAGE)
    descriptor = os.open("file", os.O_RDWR)
    mapping = mmap.mmap(descriptor, PAGE)
    os.close(descriptor)
    mapping[:5] = b"after"
    assert read("file")[:5] == b"after"
    mapping.close()
    assert read("file")[:5] == b"after"


def test_a_mapping_outlives_the_files_name(place):
    write("file", b"x" * PAGE)
    with opened("file", os.O_RDWR) as descriptor:
        mapping = mmap.mmap(descriptor, PAGE)
    os.unlink("file")
    write("file", b"another")
    mapping[:5] = b"after"
    mapping.flush()
    assert mapping[:6] == b"afterx"
    mapping.close()
    assert read("file") == b"another"


def test_a_private_mapping_keeps_its_stores(place):
    write("file", b"x" * PAGE)
    with opened("file", os.O_RDONLY) as descriptor:
        with mmap.mmap(descriptor, PAGE, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as own:
            own[:7] = b"private"
            assert own[:7] == b"private"
            assert read("file")[:7] == b"x" * 7


def test_a_mapping_needs_the_access_it_asks(place):
    write("file", b"x" * PAGE)
    with opened("file", os.O_RDONLY) as descriptor, fails(errno.EACCES):
        mmap.mmap(descriptor, PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    with opened("file", os.O_WRONLY) as descriptor, fails(errno.EACCES):
        mmap.mmap(descriptor, PAGE, mmap.MAP_SHARED, mmap.PROT_WRITE)


def test_processes_share_a_mapping(place):
    write("file", bytes(PAGE))
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, PAGE) as mapping:
        def store():
            with opened("file", os.O_RDWR) as other, mmap.mmap(other, PAGE) as theirs:
                theirs[:6] = b"theirs"

        identity.fork(store).join()
        assert mapping[:6] == b"theirs"


def test_bytes_beyond_the_end_of_the_last_page(place):
    write("file", b"abc")
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, 3) as mapping:
        mapping[:3] = b"ABC"
        os.ftruncate(descriptor, 10)
        assert os.pread(descriptor, 10, 0) == b"ABC" + bytes(7)


def test_a_mapping_beyond_the_end_is_a_bus_error(place):
    write("file", b"x" * (2 * PAGE))

    def touch():
        with opened("file", os.O_RDWR) as descriptor:
            mapping = mmap.mmap(descriptor, 2 * PAGE)
            os.ftruncate(descriptor, 10)
            return mapping[PAGE]

    assert os.WTERMSIG(identity.fork(touch).wait()) == signal.SIGBUS


def test_truncation_and_growth_under_a_mapping(place):
    write("file", b"x" * (2 * PAGE))
    with opened("file", os.O_RDWR) as descriptor, mmap.mmap(descriptor, 2 * PAGE) as mapping:
        os.ftruncate(descriptor, 10)
        os.ftruncate(descriptor, 2 * PAGE)
        assert mapping[:10] == b"x" * 10
        assert mapping[10:] == bytes(2 * PAGE - 10)
        mapping[PAGE:PAGE + 3] = b"new"
    assert read("file")[PAGE:PAGE + 3] == b"new"


def test_a_large_mapping_of_a_sparse_file(place):
    size = 1 << 30
    with opened("file", os.O_CREAT | os.O_RDWR) as descriptor:
        os.ftruncate(descriptor, size)
        with mmap.mmap(descriptor, size) as mapping:
            for at in range(0, size, 100 << 20):
                mapping[at:at + 4] = b"here"
        for at in range(0, size, 100 << 20):
            assert os.pread(descriptor, 5, at) == b"here\0"
