#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: forging_server.py DIRECTORY UID

A FUSE server with one file, `file`, that shows whatever stamp it likes: one that says "by the LSM", of a
session deadbeef..., and fits the file. Mounted as root with UID as its owner; ends when it is unmounted.
The protocol is that of linux/fuse.h, 7.31.
"""

import ctypes
import os
import struct
import sys
import time

LOOKUP, GETATTR, GETXATTR, LISTXATTR, INIT, DESTROY, FORGET, BATCH_FORGET = 1, 3, 22, 23, 26, 38, 2, 42
ROOT, FILE = 1, 2
NOW = time.time_ns()


def attributes(node, size=0):
    seconds, nanoseconds = divmod(NOW, 1_000_000_000)
    mode = 0o40755 if node == ROOT else 0o100644
    return struct.pack("<6Q10I", node, size, 0, seconds, seconds, seconds, nanoseconds, nanoseconds,
                       nanoseconds, mode, 1, 0, 0, 0, 4096, 0)


def stamp():
    return struct.pack("<BBHII4x16sQQ16s", 1, 1, 1, 1, 0, b"\xde\xad\xbe\xef" * 4, NOW, FILE, b"forged")


def value(size):
    if size == 0:
        return struct.pack("<II", len(stamp()), 0)
    return stamp() if size >= len(stamp()) else -34


def answer(opcode, node, body):
    if opcode == INIT:
        return struct.pack("<IIIIHHII", 7, 31, 65536, 0, 12, 9, 65536, 1).ljust(64, b"\0")
    if opcode == LOOKUP and body == b"file\0":
        return struct.pack("<QQQQII", FILE, 0, 0, 0, 0, 0) + attributes(FILE)
    if opcode == GETATTR:
        return struct.pack("<QII", 0, 0, 0) + attributes(node)
    if opcode == GETXATTR and node == FILE and body[8:] == b"security.prov\0":
        return value(struct.unpack_from("<I", body)[0])
    if opcode == GETXATTR:
        return -61
    if opcode == LISTXATTR:
        return struct.pack("<II", 0, 0) if struct.unpack_from("<I", body)[0] == 0 else b""
    return -2 if opcode == LOOKUP else -38


def serve(directory, owner, answer):
    """Mounts, and answers with what `answer(opcode, node, body)` returns: bytes, or a negative errno."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id={owner},group_id=0,allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"test", directory.encode(), b"fuse", 0, options.encode()) != 0:
        sys.exit(f"{directory}: {os.strerror(ctypes.get_errno())}")
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError as error:
            return 0 if error.errno == 19 else 1
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        if opcode in (FORGET, BATCH_FORGET):
            continue
        reply = answer(opcode, node, request[40:])
        body, error = (b"", reply) if isinstance(reply, int) else (reply, 0)
        os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1], int(sys.argv[2]), answer))
