# SPDX-License-Identifier: Apache-2.0
"""Stamps as a test wants them, put on files by hand: what provstamp is asked about."""

import os
import time

from . import stamps

SESSION = "3f2a99c10102030405060708090a0b0c"
OTHER = "77aa0000" + "1" * 24
NONE = stamps.NO_SESSION


def encode(session=SESSION, comm=b"sed", pid=4242, uid=0, root="0" * 8, flags=stamps.CREATED,
           stamper=stamps.STAMPER_PROVFS, version=1, when=None, inode=0):
    """The 64 bytes of a stamp; now, unless `when` is given in nanoseconds."""
    when = time.clock_gettime_ns(time.CLOCK_REALTIME) if when is None else when
    return stamps.LAYOUT.pack(version, stamper, flags, pid, uid, bytes.fromhex(root),
                              bytes.fromhex(session), when, inode, comm)


def put(path, attribute=stamps.USER, **fields):
    """Stamp a file, which is made where it is not there; returns the stored bytes."""
    if not os.path.lexists(path):
        with open(path, "xb") as file:
            file.write(b"content\n")
    fields.setdefault("inode", os.lstat(path).st_ino)
    value = encode(**fields)
    os.setxattr(path, attribute, value, follow_symlinks=False)
    return value


def tick():
    """Let the coarse clock that files are dated by move on, past what counts as the same moment."""
    time.sleep(0.05)
