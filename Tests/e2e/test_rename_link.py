# SPDX-License-Identifier: Apache-2.0
"""rename with its flags, hard links, and what the inode numbers and link counts say."""

import errno
import os

import pytest

from support import identity, places
from support.system import (
    RENAME_EXCHANGE, RENAME_NOREPLACE, RENAME_WHITEOUT, fails, read, renameat2, write)

pytestmark = pytest.mark.modes("ring")


def test_rename_replaces(place):
    write("one", b"1")
    write("two", b"2")
    inode = os.stat("one").st_ino
    os.rename("one", "two")
    assert os.listdir(".") == ["two"]
    assert read("two") == b"1"
    assert os.stat("two").st_ino == inode


def test_rename_of_directories(place):
    os.makedirs("one/below")
    write("one/below/file", b"x")
    os.mkdir("empty")
    os.rename("one", "empty")
    assert read("empty/below/file") == b"x"
    os.makedirs("full/below")
    with fails(errno.ENOTEMPTY, errno.EEXIST):
        os.rename("empty", "full")
    write("file")
    with fails(errno.ENOTDIR):
        os.rename("full", "file")
    with fails(errno.EISDIR):
        os.rename("file", "full")


def test_rename_to_itself_and_to_its_link(place):
    write("file", b"x")
    os.rename("file", "file")
    os.link("file", "link")
    os.rename("file", "link")
    assert sorted(os.listdir(".")) == ["file", "link"]


def test_rename_between_directories(place):
    os.makedirs("a/deep")
    os.makedirs("b")
    write("a/deep/file", b"x")
    before = (os.stat("a").st_nlink, os.stat("b").st_nlink)
    os.rename("a/deep", "b/deep")
    assert (os.stat("a").st_nlink, os.stat("b").st_nlink) == (before[0] - 1, before[1] + 1)
    assert read("b/deep/file") == b"x"
    assert not os.path.exists("a/deep")


def test_exchange(place):
    write("file", b"file")
    os.makedirs("directory/below")
    inodes = os.stat("file").st_ino, os.stat("directory").st_ino
    renameat2("file", "directory", RENAME_EXCHANGE)
    assert read("directory") == b"file"
    assert os.listdir("file") == ["below"]
    assert (os.stat("directory").st_ino, os.stat("file").st_ino) == inodes
    with fails(errno.ENOENT):
        renameat2("file", "absent", RENAME_EXCHANGE)


def test_exchange_between_directories(place):
    os.mkdir("a")
    os.mkdir("b")
    write("a/x", b"a")
    write("b/x", b"b")
    renameat2("a/x", "b/x", RENAME_EXCHANGE)
    assert (read("a/x"), read("b/x")) == (b"b", b"a")


def test_no_replace(place):
    write("one", b"1")
    write("two", b"2")
    with fails(errno.EEXIST):
        renameat2("one", "two", RENAME_NOREPLACE)
    assert (read("one"), read("two")) == (b"1", b"2")
    renameat2("one", "three", RENAME_NOREPLACE)
    assert sorted(os.listdir(".")) == ["three", "two"]


def test_flags_that_exclude_each_other(place):
    write("one")
    write("two")
    with fails(errno.EINVAL):
        renameat2("one", "two", RENAME_EXCHANGE | RENAME_NOREPLACE)
    with fails(errno.EINVAL):
        renameat2("one", "two", RENAME_EXCHANGE | RENAME_WHITEOUT)
    with fails(errno.EINVAL):
        renameat2("one", "two", 1 << 20)


def test_hard_links(place):
    write("file", b"content")
    os.link("file", "link")
    assert os.stat("file").st_nlink == 2
    assert os.path.samestat(os.stat("file"), os.stat("link"))
    write("link", b"changed")
    assert read("file") == b"changed"
    assert os.stat("file").st_size == os.stat("link").st_size == 7
    os.chmod("link", 0o600)
    assert os.stat("file").st_mode == os.stat("link").st_mode
    os.unlink("file")
    assert os.stat("link").st_nlink == 1
    assert read("link") == b"changed"


def test_what_cannot_be_linked(place):
    os.mkdir("directory")
    with fails(errno.EPERM):
        os.link("directory", "link")
    os.symlink("target", "symlink")
    os.link("symlink", "link", follow_symlinks=False)
    assert os.readlink("link") == "target"
    assert os.lstat("symlink").st_nlink == 2


def test_many_links_to_one_file(place):
    write("file")
    for number in range(200):
        os.link("file", f"link{number}")
    assert os.stat("link7").st_nlink == 201
    for number in range(200):
        os.unlink(f"link{number}")
    assert os.stat("file").st_nlink == 1


def test_directory_link_counts(place):
    os.mkdir("directory")
    assert os.stat("directory").st_nlink == 2
    for name in ("a", "b", "c"):
        os.mkdir(f"directory/{name}")
    assert os.stat("directory").st_nlink == 5
    write("directory/file")
    assert os.stat("directory").st_nlink == 5
    os.rmdir("directory/a")
    assert os.stat("directory").st_nlink == 4


def test_inode_numbers_are_the_sources(place):
    write("file")
    os.mkdir("directory")
    os.symlink("x", "symlink")
    os.mkfifo("fifo")
    write("directory/below")
    names = ["file", "directory", "symlink", "fifo", "directory/below", "."]
    for name in names:
        seen, wanted = os.lstat(name), os.lstat(place.source / name)
        for field in ("st_ino", "st_nlink", "st_mode", "st_uid", "st_gid", "st_size", "st_blocks",
                      "st_mtime_ns", "st_ctime_ns", "st_rdev", "st_blksize"):
            assert getattr(seen, field) == getattr(wanted, field), (name, field)
    with os.scandir(".") as entries:
        for entry in entries:
            assert entry.inode() == os.lstat(place.source / entry.name).st_ino


def test_a_parent_is_found_by_its_number(place):
    os.makedirs("a/b")
    os.chdir("a/b")
    assert os.stat("..").st_ino == os.stat(place.path / "a").st_ino
    assert os.stat("../..").st_ino == os.stat(place.path).st_ino


@pytest.mark.places(*places.AS_ROOT)
def test_whiteout(place):
    write("file", b"x")
    renameat2("file", "moved", RENAME_WHITEOUT)
    left = os.lstat("file")
    assert left.st_rdev == 0 and left.st_mode & 0o170000 == 0o020000
    assert read("moved") == b"x"


def test_renames_in_a_race_lose_nothing(place):
    """A file renamed over by several at once is always there, whole, and one of theirs."""
    write("target", b"start")

    def replace(letter):
        for number in range(100):
            write(f"new-{letter}", letter.encode() * 1000)
            os.rename(f"new-{letter}", "target")
            assert len(set(read("target"))) == 1 or read("target") == b"start", number

    for child in [identity.fork(replace, letter) for letter in "abc"]:
        child.join()
    assert os.listdir(".") == ["target"]
