# SPDX-License-Identifier: Apache-2.0
"""The bytes of files: where they are, where none are, and how they get there."""

import errno
import mmap
import os
import resource
import signal

import pytest

from support.system import (
    FALLOC_COLLAPSE_RANGE, FALLOC_INSERT_RANGE, FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE,
    FALLOC_ZERO_RANGE, fails, fallocate, opened, read, write)

pytestmark = pytest.mark.modes

NEW = os.O_CREAT | os.O_RDWR
BLOCK = 4096


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 131072, 131073, 1 << 20, (1 << 20) + 1])
def test_what_is_written_is_read(place, size):
    content = os.urandom(size)
    write("file", content)
    assert read("file") == content
    assert os.stat("file").st_size == size
    assert (place.source / "file").stat().st_size == size


def test_every_size_of_write(place):
    """Writes that begin and end anywhere in a page give what a model gives."""
    model = bytearray(65536)
    with opened("file", NEW) as descriptor:
        os.ftruncate(descriptor, len(model))
        for step in range(200):
            at, length = step * 317 % 65000, step * 131 % 536
            piece = bytes([step]) * length
            model[at:at + length] = piece
            assert os.pwrite(descriptor, piece, at) == length
        assert os.pread(descriptor, 70000, 0) == bytes(model)
    assert read("file") == bytes(model)


def test_reading_at_and_beyond_the_end(place):
    write("file", b"0123456789")
    with opened("file") as descriptor:
        assert os.pread(descriptor, 100, 5) == b"56789"
        assert os.pread(descriptor, 100, 10) == b""
        assert os.pread(descriptor, 100, 1 << 40) == b""
        with fails(errno.EINVAL):
            os.pread(descriptor, 1, -1)


def test_writing_beyond_the_end(place):
    with opened("file", NEW) as descriptor:
        os.pwrite(descriptor, b"end", 100_000)
        assert os.fstat(descriptor).st_size == 100_003
        assert os.pread(descriptor, 100_010, 0) == bytes(100_000) + b"end"


def test_vectors(place):
    with opened("file", NEW) as descriptor:
        assert os.pwritev(descriptor, [b"one", b"", b"three"], 4) == 8
        parts = [bytearray(4), bytearray(3), bytearray(10)]
        assert os.preadv(descriptor, parts, 0) == 12
        assert parts[0] + parts[1] + parts[2][:5] == b"\0\0\0\0onethree"


def test_truncate(place):
    write("file", b"0123456789")
    os.truncate("file", 4)
    assert read("file") == b"0123"
    os.truncate("file", 8)
    assert read("file") == b"0123\0\0\0\0"
    with opened("file", os.O_RDWR) as descriptor:
        os.ftruncate(descriptor, 0)
        assert os.read(descriptor, 1) == b""
        with fails(errno.EINVAL):
            os.ftruncate(descriptor, -1)


def test_truncate_within_a_page_clears_the_rest(place):
    write("file", b"x" * 8192)
    os.truncate("file", 5000)
    os.truncate("file", 8192)
    assert read("file") == b"x" * 5000 + bytes(3192)


def test_sparse_files_larger_than_4_gib(place):
    size = (5 << 30) + 7
    with opened("file", NEW) as descriptor:
        os.pwrite(descriptor, b"first", 0)
        os.pwrite(descriptor, b"beyond", (4 << 30) + 5)
        os.ftruncate(descriptor, size)
        assert os.pread(descriptor, 6, (4 << 30) + 5) == b"beyond"
        assert os.pread(descriptor, 10, 3 << 30) == bytes(10)
    seen = os.stat("file")
    assert seen.st_size == size
    assert seen.st_blocks * 512 < 1 << 20


def test_holes_are_found(place):
    with opened("file", NEW) as descriptor:
        os.pwrite(descriptor, b"x" * BLOCK, 1 << 20)
        os.ftruncate(descriptor, 4 << 20)
        os.fsync(descriptor)
        assert os.lseek(descriptor, 0, os.SEEK_DATA) == 1 << 20
        assert os.lseek(descriptor, 1 << 20, os.SEEK_HOLE) == (1 << 20) + BLOCK
        assert os.lseek(descriptor, 0, os.SEEK_HOLE) == 0
        assert os.lseek(descriptor, 0, os.SEEK_END) == 4 << 20
        with fails(errno.ENXIO):
            os.lseek(descriptor, 2 << 20, os.SEEK_DATA)
        with fails(errno.ENXIO):
            os.lseek(descriptor, 5 << 20, os.SEEK_HOLE)
        with fails(errno.EINVAL):
            os.lseek(descriptor, -1, os.SEEK_SET)


def test_preallocation(place):
    with opened("file", NEW) as descriptor:
        fallocate(descriptor, 0, 0, 1 << 20)
        assert os.fstat(descriptor).st_size == 1 << 20
        assert os.fstat(descriptor).st_blocks * 512 >= 1 << 20
        fallocate(descriptor, FALLOC_KEEP_SIZE, 1 << 20, 1 << 20)
        assert os.fstat(descriptor).st_size == 1 << 20
        assert os.fstat(descriptor).st_blocks * 512 >= 2 << 20
        assert os.pread(descriptor, 10, 500_000) == bytes(10)


def test_punching_a_hole(place):
    with opened("file", NEW) as descriptor:
        os.write(descriptor, b"x" * (4 * BLOCK))
        assert os.pread(descriptor, 2, BLOCK) == b"xx"
        fallocate(descriptor, FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, BLOCK, 2 * BLOCK)
        assert os.fstat(descriptor).st_size == 4 * BLOCK
        assert os.pread(descriptor, 4 * BLOCK, 0) == (
            b"x" * BLOCK + bytes(2 * BLOCK) + b"x" * BLOCK)
        with fails(errno.EOPNOTSUPP):
            fallocate(descriptor, FALLOC_PUNCH_HOLE, 0, BLOCK)


def test_zeroing_a_range(place):
    with opened("file", NEW) as descriptor:
        os.write(descriptor, b"x" * (2 * BLOCK))
        fallocate(descriptor, FALLOC_ZERO_RANGE, BLOCK, 2 * BLOCK)
        assert os.pread(descriptor, 4 * BLOCK, 0) == b"x" * BLOCK + bytes(2 * BLOCK)


@pytest.mark.parametrize("mode", [FALLOC_COLLAPSE_RANGE, FALLOC_INSERT_RANGE])
def test_moving_a_range_does_what_the_source_does(place, mode):
    """FUSE has no such mode; where it is refused it is refused by name and changes nothing."""
    content = b"a" * BLOCK + b"b" * BLOCK + b"c" * BLOCK
    write("file", content)
    with opened("file", os.O_RDWR) as descriptor:
        try:
            fallocate(descriptor, mode, BLOCK, BLOCK)
        except OSError as error:
            assert place.is_view and error.errno == errno.EOPNOTSUPP, error
            assert read("file") == content
            return
    moved = (b"a" * BLOCK + b"c" * BLOCK if mode == FALLOC_COLLAPSE_RANGE
             else b"a" * BLOCK + bytes(BLOCK) + b"b" * BLOCK + b"c" * BLOCK)
    assert read("file") == moved


def test_fallocate_errors(place):
    with opened("file", NEW) as descriptor:
        with fails(errno.EINVAL):
            fallocate(descriptor, 0, 0, 0)
        with fails(errno.EINVAL):
            fallocate(descriptor, 0, -1, 10)
    with opened("file") as descriptor, fails(errno.EBADF):
        fallocate(descriptor, 0, 0, 10)


def test_copy_file_range(place):
    content = os.urandom(300_000)
    write("from", content)
    with opened("from") as source, opened("to", NEW) as target:
        os.pwrite(target, b"before", 0)
        copied = 0
        while copied < len(content):
            step = os.copy_file_range(source, target, len(content) - copied, copied, 6 + copied)
            assert step > 0
            copied += step
        assert os.copy_file_range(source, target, 100, len(content), 0) == 0
    assert read("to") == b"before" + content


def test_copy_file_range_out_of_and_into_the_place(place):
    """Between filesystems it copies or says EXDEV; never anything else."""
    write("from", b"content")
    path = str(place.source / "plain") if place.is_view else "plain"
    with opened("from") as source, opened(path, NEW) as target:
        try:
            assert os.copy_file_range(source, target, 7) == 7
        except OSError as error:
            assert error.errno == errno.EXDEV and place.is_view
        else:
            assert read(path) == b"content"


def test_sendfile_and_splice(place):
    content = os.urandom(200_000)
    write("from", content)
    with opened("from") as source, opened("to", NEW) as target:
        sent = 0
        while sent < len(content):
            sent += os.sendfile(target, source, sent, len(content) - sent)
    assert read("to") == content
    receive, send = os.pipe()
    with opened("from") as source, opened("spliced", NEW) as target:
        moved = 0
        while moved < len(content):
            step = os.splice(source, send, 65536)
            while step:
                done = os.splice(receive, target, step)
                step, moved = step - done, moved + done
    assert read("spliced") == content


def test_direct_io(place):
    with mmap.mmap(-1, 4 * BLOCK) as buffer:
        buffer[:] = b"d" * len(buffer)
        with opened("file", NEW | os.O_DIRECT) as descriptor:
            assert os.pwritev(descriptor, [buffer], BLOCK) == 4 * BLOCK
            buffer[:] = bytes(len(buffer))
            assert os.preadv(descriptor, [buffer], 0) == 4 * BLOCK
            assert buffer[:BLOCK] == bytes(BLOCK) and buffer[BLOCK:] == b"d" * (3 * BLOCK)
    assert read("file") == bytes(BLOCK) + b"d" * (4 * BLOCK)


def test_direct_and_buffered_io_agree(place):
    write("file", b"b" * (2 * BLOCK))
    with mmap.mmap(-1, BLOCK) as buffer, opened("file", os.O_RDWR) as buffered, \
            opened("file", os.O_RDWR | os.O_DIRECT) as direct:
        buffer[:] = b"d" * BLOCK
        os.pwritev(direct, [buffer], 0)
        assert os.pread(buffered, 4, 0) == b"dddd"
        os.pwrite(buffered, b"B" * BLOCK, 0)
        os.preadv(direct, [buffer], 0)
        assert buffer[:] == b"B" * BLOCK


def test_syncing(place):
    with opened("file", NEW) as descriptor:
        os.write(descriptor, b"x")
        os.fsync(descriptor)
        os.fdatasync(descriptor)
    with opened(".", os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)
        os.fdatasync(descriptor)
    os.unlink("file")


def test_file_size_limit(place):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    with opened("file", NEW) as descriptor:
        assert os.write(descriptor, b"x" * 20_000) == 10_000
        with fails(errno.EFBIG):
            os.write(descriptor, b"x")
        with fails(errno.EFBIG):
            os.ftruncate(descriptor, 10_001)
    assert os.stat("file").st_size == 10_000


def test_advice_is_taken_or_ignored(place):
    write("file", b"x" * 100_000)
    with opened("file") as descriptor:
        for advice in (os.POSIX_FADV_SEQUENTIAL, os.POSIX_FADV_WILLNEED, os.POSIX_FADV_DONTNEED):
            os.posix_fadvise(descriptor, 0, 0, advice)
        assert os.read(descriptor, 3) == b"xxx"
