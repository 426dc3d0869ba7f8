# SPDX-License-Identifier: GPL-2.0-only
"""A disk with a volatile write cache, as a server of the NBD protocol for QEMU.

What was written and not flushed is in the cache. When the connection ends, the power has failed: of each write
in the cache, each block of 4 KiB gets to the disk or does not, at random and in no order. What was written with
FUA, or before a flush that was answered, is there. With `keeps_all` the cache is lost to nobody: all gets to the
disk, as when the machine is reset and the disk keeps its power.
"""

import mmap
import os
import random
import socket
import struct
import threading

BLOCK = 4096
GREETING = struct.Struct(">8sQQI124x")
REQUEST = struct.Struct(">IHHQQI")
REPLY = struct.Struct(">IIQ")
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
FUA = 1
HAS_FLAGS, SEND_FLUSH, SEND_FUA = 1, 4, 8


class VolatileDisk:
    def __init__(self, path, image, seed, keeps_all):
        self.random = random.Random(seed)
        self.keeps_all = keeps_all
        self.disk = self._map(image)
        self.seen = mmap.mmap(-1, len(self.disk))
        self.seen[:] = self.disk[:]
        self.cached = []
        self.lost = self.kept = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.failed = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    @staticmethod
    def _map(image):
        descriptor = os.open(image, os.O_RDWR)
        return mmap.mmap(descriptor, os.fstat(descriptor).st_size)

    def wait_for_failure(self):
        self.failed.wait()
        self.failed.clear()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            try:
                self._talk(connection)
            except OSError:
                pass
            connection.close()
            self._fail()

    @staticmethod
    def _receive(connection, size):
        data = bytearray()
        while len(data) < size:
            part = connection.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return bytes(data)

    def _talk(self, connection):
        connection.sendall(GREETING.pack(
            b"NBDMAGIC", 0x00420281861253, len(self.disk), HAS_FLAGS | SEND_FLUSH | SEND_FUA))
        while True:
            _, flags, kind, handle, offset, size = REQUEST.unpack(self._receive(connection, REQUEST.size))
            reply = REPLY.pack(0x67446698, 0, handle)
            if kind == DISCONNECT:
                return
            if kind == READ:
                reply += self.seen[offset:offset + size]
            elif kind == WRITE:
                data = self._receive(connection, size)
                self.seen[offset:offset + size] = data
                # In order, so that what was written to the same place before does not come after it.
                self.cached.append((offset, data, bool(flags & FUA)))
            elif kind == FLUSH:
                self._flush()
            connection.sendall(reply)

    def _flush(self):
        for offset, data, _ in self.cached:
            self.disk[offset:offset + len(data)] = data
        self.cached.clear()

    def _fail(self):
        for offset, data, is_safe in self.cached:
            for start in range(0, len(data), BLOCK):
                part = data[start:start + BLOCK]
                at = offset + start
                if is_safe or self.keeps_all or self.random.random() < 0.5:
                    self.disk[at:at + len(part)] = part
                    self.kept += 1
                else:
                    self.lost += 1
        for offset, data, _ in self.cached:
            self.seen[offset:offset + len(data)] = self.disk[offset:offset + len(data)]
        self.cached.clear()
        self.failed.set()
