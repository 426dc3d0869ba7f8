# SPDX-License-Identifier: Apache-2.0
"""Messages between a test and its sessions: a pickle behind a 4-byte length."""

import pickle
import struct


def receive(stream):
    head = stream.read(4)
    if len(head) < 4:
        return None
    return pickle.loads(stream.read(struct.unpack("<I", head)[0]))


def send(stream, message):
    payload = pickle.dumps(message)
    stream.write(struct.pack("<I", len(payload)) + payload)
    stream.flush()
