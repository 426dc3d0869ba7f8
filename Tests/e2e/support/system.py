# SPDX-License-Identifier: Apache-2.0
"""System calls that Python's os lacks, and what the tests say often."""

import contextlib
import ctypes
import errno
import os
import re
import stat
import struct

RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE, FALLOC_COLLAPSE_RANGE = 1, 2, 8
FALLOC_ZERO_RANGE, FALLOC_INSERT_RANGE = 16, 32
SYS_PIDFD_GETFD = 438  # on every architecture; glibc has it since 2.36
AT_FDCWD, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH = -100, 0x400, 0x1000

KERNEL = tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())
FUSE_HAS_NAMELESS_FILES = KERNEL >= (6, 2)  # FUSE_TMPFILE; before that O_TMPFILE is EOPNOTSUPP

# What a request fails with whose view dies; the last, on its way to a ring.
DIED = (errno.ENOTCONN, errno.ECONNABORTED, errno.ECANCELED)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.lseek.restype = ctypes.c_int64


def _checked(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def renameat2(source, target, flags):
    return _checked(_libc.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target),
                                    ctypes.c_uint(flags)), source)


def fallocate(descriptor, mode, offset, length):
    return _checked(_libc.fallocate(descriptor, mode, ctypes.c_int64(offset),
                                    ctypes.c_int64(length)), "fallocate")


def link_descriptor(descriptor, target):
    """Give the file behind a descriptor a name, as an ordinary user may: by its link in /proc.

    (os.link does not follow, whatever its follow_symlinks says.)
    """
    source = f"/proc/self/fd/{descriptor}".encode()
    return _checked(_libc.linkat(AT_FDCWD, source, AT_FDCWD, os.fsencode(target),
                                 AT_SYMLINK_FOLLOW), target)


def link_descriptor_directly(descriptor, target):
    """The same by AT_EMPTY_PATH, as root may."""
    return _checked(_libc.linkat(descriptor, b"", AT_FDCWD, os.fsencode(target), AT_EMPTY_PATH),
                    target)


def descriptor_of(pid, path):
    """A duplicate of the descriptor that the process has of `path`."""
    number = next(int(name) for name in os.listdir(f"/proc/{pid}/fd")
                  if os.readlink(f"/proc/{pid}/fd/{name}") == path)
    process = os.pidfd_open(pid)
    try:
        return _checked(_libc.syscall(SYS_PIDFD_GETFD, process, number, 0), path)
    finally:
        os.close(process)


def name_to_handle(name):
    """The file handle of a name: its type and bytes."""
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 8 + 128)
    mount = ctypes.c_int()
    _checked(_libc.name_to_handle_at(AT_FDCWD, os.fsencode(name), handle, ctypes.byref(mount), 0),
             name)
    length, kind = struct.unpack_from("Ii", handle.raw)
    return kind, handle.raw[8:8 + length]


@contextlib.contextmanager
def open_by_handle(mount, handle):
    """A descriptor of the file with this handle, on the filesystem of the descriptor `mount`."""
    kind, data = handle
    packed = ctypes.create_string_buffer(struct.pack("Ii", len(data), kind) + data, 8 + len(data))
    descriptor = _checked(_libc.open_by_handle_at(mount, packed, os.O_RDONLY), "open_by_handle_at")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def fails(*numbers):
    """The block fails with one of these errors."""
    names = "/".join(errno.errorcode[number] for number in numbers)
    try:
        yield
    except OSError as error:
        seen = errno.errorcode.get(error.errno, error.errno)
        assert error.errno in numbers, f"{seen} instead of {names}: {error}"
    else:
        raise AssertionError(f"it succeeded instead of failing with {names}")


@contextlib.contextmanager
def opened(name, flags=os.O_RDONLY, mode=0o666):
    descriptor = os.open(name, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def umask(mask):
    previous = os.umask(mask)
    try:
        yield
    finally:
        os.umask(previous)


def write(name, content=b"", mode=0o666):
    with opened(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode) as descriptor:
        assert os.write(descriptor, content) == len(content)


def append(name, content):
    with opened(name, os.O_WRONLY | os.O_APPEND) as descriptor:
        assert os.write(descriptor, content) == len(content)


def read(name):
    with opened(name) as descriptor:
        parts = []
        while part := os.read(descriptor, 1 << 20):
            parts.append(part)
        return b"".join(parts)


def mode(name):
    return stat.S_IMODE(os.lstat(name).st_mode)
