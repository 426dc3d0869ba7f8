#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: slow_server.py DIRECTORY ASKED GO

A FUSE server with one file, `file`, of one page. Whoever reads it waits: the server makes the file ASKED, and
answers when there is a file GO. Ends when it is unmounted.
"""

import os
import struct
import sys
import time

import forging_server
from forging_server import FILE, GETATTR, LOOKUP, attributes

READ = 15
PAGE = 4096


def answer(opcode, node, body):
    if opcode == LOOKUP and body == b"file\0":
        return struct.pack("<QQQQII", FILE, 0, 0, 0, 0, 0) + attributes(FILE, PAGE)
    if opcode == GETATTR and node == FILE:
        return struct.pack("<QII", 0, 0, 0) + attributes(FILE, PAGE)
    if opcode != READ:
        return forging_server.answer(opcode, node, body)
    asked, go = sys.argv[2:]
    with open(asked, "wb"):
        pass
    while not os.path.exists(go):
        time.sleep(0.01)
    return b"s" * PAGE


if __name__ == "__main__":
    sys.exit(forging_server.serve(sys.argv[1], 0, answer))
