#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: quota.py DEVICE UID KIB

Limits what UID may keep on the filesystem on DEVICE, mounted with usrquota, to what it keeps now and KIB more.
"""

import ctypes
import os
import struct
import sys

# linux/quota.h: commands for users' quotas, and struct if_dqblk with which field is meant
GET_QUOTA, SET_QUOTA = 0x800007 << 8, 0x800008 << 8
BLOCKS_LIMITED = 1
RECORD = "<8QI4x"


def main(device, uid, kib):
    libc = ctypes.CDLL(None, use_errno=True)
    record = ctypes.create_string_buffer(struct.calcsize(RECORD))

    def quotactl(command):
        if libc.quotactl(ctypes.c_uint(command), device.encode(), uid, record) != 0:
            sys.exit(f"{device}: quotas of uid {uid}: {os.strerror(ctypes.get_errno())}")

    quotactl(GET_QUOTA)
    fields = list(struct.unpack(RECORD, record.raw[:struct.calcsize(RECORD)]))
    bytes_kept = fields[2]
    # The limit is in KiB.
    fields[0], fields[1], fields[8] = -(-bytes_kept // 1024) + kib, 0, BLOCKS_LIMITED
    struct.pack_into(RECORD, record, 0, *fields)
    quotactl(SET_QUOTA)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
