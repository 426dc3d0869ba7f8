# SPDX-License-Identifier: Apache-2.0
"""Reading directories: whole, while they change, by seeking, and with very many entries."""

import ctypes
import errno
import os
import random
import threading

import pytest

from support import identity, places
from support.system import write

pytestmark = pytest.mark.modes("ring")

_libc = ctypes.CDLL(None, use_errno=True)


class Entry(ctypes.Structure):
    _fields_ = [("inode", ctypes.c_uint64), ("offset", ctypes.c_int64),
                ("length", ctypes.c_ushort), ("kind", ctypes.c_ubyte), ("name", ctypes.c_char * 256)]


_libc.opendir.restype = ctypes.c_void_p
_libc.readdir.restype = ctypes.POINTER(Entry)
_libc.readdir.argtypes = _libc.rewinddir.argtypes = _libc.closedir.argtypes = [ctypes.c_void_p]
_libc.telldir.argtypes = [ctypes.c_void_p]
_libc.telldir.restype = ctypes.c_long
_libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]


class Stream:
    """opendir(3) and its kin."""

    def __init__(self, name):
        self.handle = _libc.opendir(os.fsencode(name))
        assert self.handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _libc.closedir(self.handle)

    def next(self):
        """(name, inode) of the next entry, or None."""
        entry = _libc.readdir(self.handle)
        return (entry.contents.name, entry.contents.inode) if entry else None

    def rest(self):
        return list(iter(self.next, None))

    def tell(self):
        return _libc.telldir(self.handle)

    def seek(self, position):
        _libc.seekdir(self.handle, position)

    def rewind(self):
        _libc.rewinddir(self.handle)


def populate(directory, count):
    os.mkdir(directory)
    for number in range(count):
        write(f"{directory}/{number:06}")


def test_dot_and_dot_dot(place):
    os.mkdir("directory")
    with Stream("directory") as stream:
        entries = dict(stream.rest())
    assert set(entries) == {b".", b".."}
    assert entries[b"."] == os.stat("directory").st_ino


def test_types_of_entries(place):
    write("file")
    os.mkdir("directory")
    os.symlink("x", "symlink")
    os.mkfifo("fifo")
    with os.scandir(".") as entries:
        kinds = {entry.name: (entry.is_file(follow_symlinks=False),
                              entry.is_dir(follow_symlinks=False), entry.is_symlink())
                 for entry in entries}
    assert kinds == {"file": (True, False, False), "directory": (False, True, False),
                     "symlink": (False, False, True), "fifo": (False, False, False)}


def test_rewinding_shows_what_is_new(place):
    populate("directory", 10)
    with Stream("directory") as stream:
        assert len(stream.rest()) == 12
        assert stream.next() is None
        write("directory/new")
        stream.rewind()
        assert b"new" in dict(stream.rest())


def test_seeking(place):
    populate("directory", 500)
    with Stream("directory") as stream:
        positions, names = [], []
        while True:
            position = stream.tell()
            entry = stream.next()
            if entry is None:
                break
            positions.append(position)
            names.append(entry[0])
        for index in (0, 1, 250, 499, 77, 501):
            stream.seek(positions[index])
            assert stream.next()[0] == names[index]
        stream.seek(positions[490])
        assert [name for name, _ in stream.rest()] == names[490:]


def test_entries_that_stay_are_seen_once_while_others_come_and_go(place):
    populate("directory", 1000)
    with Stream("directory") as stream:
        seen = [stream.next()[0] for _ in range(300)]
        for number in range(0, 1000, 2):
            os.unlink(f"directory/{number:06}")
        for number in range(300):
            write(f"directory/late{number}")
        seen += [name for name, _ in stream.rest()]
    assert len(seen) == len(set(seen))
    stayed = {f"{number:06}".encode() for number in range(1, 1000, 2)}
    assert stayed <= set(seen)


def test_removing_while_reading(place):
    """As rm -r does it: every entry is removed in one pass."""
    populate("directory", 1200)
    with os.scandir("directory") as entries:
        for entry in entries:
            os.unlink(entry.path)
    assert os.listdir("directory") == []
    os.rmdir("directory")


def test_several_readers_at_once(place):
    populate("directory", 1200)
    wanted = sorted(f"{number:06}" for number in range(1200))
    results = []
    readers = [threading.Thread(target=lambda: results.append(sorted(os.listdir("directory"))))
               for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert results == [wanted] * 4


def test_a_removed_directory_reads_empty(place):
    os.mkdir("directory")
    with Stream("directory") as stream:
        os.rmdir("directory")
        assert [name for name, _ in stream.rest() if name not in (b".", b"..")] == []


@pytest.mark.timeout(240)
@pytest.mark.places(places.PLAIN_USER, places.VIEW_USER, places.OWN_VIEW_USER)
def test_100_000_entries(place):
    """Made in the source, so that the test is about reading; and then about single names."""
    count = 100_000
    os.mkdir(place.source / "directory")
    first = place.source / "directory" / "000000"
    write(first, b"x")
    for number in range(1, count):
        # A hard link costs no inode; the source's limit of links is 65000.
        if number % 50_000 == 0:
            first = place.source / "directory" / f"{number:06}"
            write(first, b"x")
        else:
            os.link(first, place.source / "directory" / f"{number:06}")
    names = os.listdir("directory")
    assert len(names) == count
    assert len(set(names)) == count
    with os.scandir("directory") as entries:
        assert sum(entry.is_file(follow_symlinks=False) for entry in entries) == count
    for number in range(0, count, 997):
        assert os.stat(f"directory/{number:06}").st_size == 1
    os.unlink("directory/050001")
    write("directory/new")
    left = set(os.listdir("directory"))
    assert "new" in left and "050001" not in left and len(left) == count


def test_storm_of_making_and_removing(place):
    """Eight processes make and remove the same few names; errors are the expected ones alone."""
    def storm(seed):
        choose = random.Random(seed)
        for _ in range(150):
            name = f"d{choose.randrange(4)}"
            try:
                choose.choice((
                    lambda: os.mkdir(name), lambda: os.rmdir(name),
                    lambda: os.mkdir(f"{name}/below"), lambda: os.rmdir(f"{name}/below"),
                    lambda: os.rename(name, f"d{choose.randrange(4)}"),
                    lambda: os.listdir(name)))()
            except (FileExistsError, FileNotFoundError):
                pass
            except OSError as error:
                assert error.errno in (errno.ENOTEMPTY, errno.EINVAL), error

    for child in [identity.fork(storm, seed) for seed in range(8)]:
        child.join()
    seen = sorted((path, sorted(names)) for path, names, _ in os.walk("."))
    os.chdir(place.source)
    assert seen == sorted((path, sorted(names)) for path, names, _ in os.walk("."))
