# SPDX-License-Identifier: Apache-2.0
"""The stamp as its bytes say, decoded here anew: the tests do not trust the code under test.

Layout: include/uapi/linux/provfs.h. 64 bytes, little endian.
"""

import errno
import os
import struct
from dataclasses import dataclass

LAYOUT = struct.Struct("<BBHII4s16sQQ16s")
SIZE = 64
LOG_MAX = 15
VERSION = 1
STAMPER_PROVFS = 2
CREATED, MAPPED, OPEN = 1, 2, 4
NO_SESSION = "0" * 32
SECURITY = "security.prov"
USER = "user.prov"
NAMES = (SECURITY, USER, SECURITY + ".log", USER + ".log")

assert LAYOUT.size == SIZE


@dataclass(frozen=True)
class Stamp:
    version: int
    stamper: int
    flags: int
    pid: int
    uid: int
    root: str
    session: str
    time: int
    inode: int
    comm: str

    @property
    def created(self):
        return bool(self.flags & CREATED)

    @property
    def mapped(self):
        return bool(self.flags & MAPPED)

    @property
    def open(self):
        return bool(self.flags & OPEN)


def decode(value):
    """The stamp in 64 bytes. Asserts what holds for every stamp that provfs sets."""
    assert len(value) == SIZE, f"a stamp is {SIZE} bytes, not {len(value)}: {value!r}"
    version, stamper, flags, pid, uid, root, session, time, inode, comm = LAYOUT.unpack(value)
    stamp = Stamp(version, stamper, flags, pid, uid, root.hex(), session.hex(), time, inode,
                  comm.rstrip(b"\0").decode("utf-8", "surrogateescape"))
    assert stamp.version == VERSION
    assert stamp.stamper == STAMPER_PROVFS
    assert stamp.flags & ~(CREATED | MAPPED | OPEN) == 0, f"unknown flags {flags:#x}"
    assert stamp.session == NO_SESSION or session[:4] != b"\0\0\0\0"
    assert stamp.root == "0" * 8 or stamp.session != NO_SESSION, "a root without a session"
    return stamp


def attribute(path, name):
    """The value of an extended attribute of the file itself (not of a link's target), or None."""
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.EOPNOTSUPP):
            return None
        raise


def read(path, name=None):
    """The stamp on a file, or None: under `name`, else security.prov before user.prov."""
    for candidate in (name,) if name else (SECURITY, USER):
        value = attribute(path, candidate)
        if value is not None:
            return decode(value)
    return None


def log(path, name=None):
    """The stamps of earlier writers, newest first."""
    for candidate in (name,) if name else (SECURITY, USER):
        value = attribute(path, candidate + ".log")
        if value is not None:
            assert value, "an empty log is no log"
            assert len(value) % SIZE == 0, f"{len(value)} bytes are no whole number of stamps"
            assert len(value) <= LOG_MAX * SIZE
            return [decode(value[at:at + SIZE]) for at in range(0, len(value), SIZE)]
    return []
