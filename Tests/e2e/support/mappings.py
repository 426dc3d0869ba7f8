# SPDX-License-Identifier: Apache-2.0
"""Shared mappings as a C program has them: Python's own keeps a descriptor beside it."""

import ctypes

PROT_READ_WRITE, MAP_SHARED, MS_SYNC = 3, 1, 4

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p


class Mapping:
    """A shared mapping of a file from its beginning, which needs no descriptor once it is there."""

    def __init__(self, descriptor, size):
        self._size = ctypes.c_size_t(size)
        self._at = _libc.mmap(None, self._size, PROT_READ_WRITE, MAP_SHARED, descriptor,
                              ctypes.c_long(0))
        assert self._at not in (None, ctypes.c_void_p(-1).value), ctypes.get_errno()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert _libc.munmap(ctypes.c_void_p(self._at), self._size) == 0

    def store(self, content, where=0):
        ctypes.memmove(self._at + where, content, len(content))

    def sync(self):
        assert _libc.msync(ctypes.c_void_p(self._at), self._size, MS_SYNC) == 0


# The same as steps of a session, which have nothing but Python's own modules.
MAP = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
fd = os.open(path, os.O_RDWR)
kept['at'] = libc.mmap(None, ctypes.c_size_t(8192), 3, 1, fd, ctypes.c_long(0))
assert kept['at'] not in (None, ctypes.c_void_p(-1).value), ctypes.get_errno()
os.close(fd)
"""
STORE = """
import ctypes
ctypes.memmove(kept['at'] + where, content, len(content))
if synced:
    assert ctypes.CDLL(None).msync(ctypes.c_void_p(kept['at']), ctypes.c_size_t(8192), 4) == 0
"""
UNMAP = """
import ctypes
assert ctypes.CDLL(None).munmap(ctypes.c_void_p(kept.pop('at')), ctypes.c_size_t(8192)) == 0
"""
