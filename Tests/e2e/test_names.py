# SPDX-License-Identifier: Apache-2.0
"""Names are bytes: any of them, of any length that the source takes, and links among them."""

import errno
import os

import pytest

from support.system import fails, opened, read, write

pytestmark = pytest.mark.modes("ring")

ODD_NAMES = {
    "not-utf8": b"\xff\xfe\x80name",
    "newline": b"two\nlines",
    "control": bytes(range(1, 32)),
    "blank": b" ",
    "backslash": b"a\\012b",
    "dash": b"-rf",
    "quote": b"it's \"quoted\"",
    "longest": b"n" * 255,
    "longest-not-utf8": b"\xc3" * 255,
    "dots": b"...",
    "combining": "é vs é".encode(),
}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(place, name):
    name = ODD_NAMES[name]
    write(name, b"content")
    assert os.listdir(b".") == [name]
    assert read(name) == b"content"
    os.rename(name, b"plain")
    os.rename(b"plain", name)
    os.link(name, b"link")
    assert os.stat(b"link").st_ino == os.stat(name).st_ino
    os.unlink(name)
    assert os.listdir(b".") == [b"link"]
    os.mkdir(name)
    write(name + b"/" + b"inner")
    assert os.listdir(name) == [b"inner"]
    os.unlink(name + b"/inner")
    os.rmdir(name)
    os.symlink(name, b"symlink")
    assert os.readlink(b"symlink") == name


def test_case_is_kept_apart(place):
    for name in ("name", "Name", "NAME"):
        write(name, name.encode())
    assert sorted(os.listdir(".")) == ["NAME", "Name", "name"]
    assert read("Name") == b"Name"


def test_a_name_that_is_too_long(place):
    long = b"n" * 256
    for attempt in (lambda: os.open(long, os.O_CREAT | os.O_WRONLY), lambda: os.mkdir(long),
                    lambda: os.stat(long), lambda: os.symlink(b"x", long), lambda: os.mkfifo(long),
                    lambda: os.unlink(long), lambda: os.rmdir(long), lambda: os.chmod(long, 0o600)):
        with fails(errno.ENAMETOOLONG):
            attempt()
    write(b"file")
    with fails(errno.ENAMETOOLONG):
        os.rename(b"file", long)
    with fails(errno.ENAMETOOLONG):
        os.link(b"file", long)


def test_a_path_that_is_too_long(place):
    with fails(errno.ENAMETOOLONG):
        os.stat("./" * 2048 + "x")


def test_deep_paths(place):
    """Deeper than PATH_MAX can say, made and left step by step."""
    name = "d" * 200
    depth = 40
    for _ in range(depth):
        os.mkdir(name)
        os.chdir(name)
    write("bottom", b"deep")
    assert read("bottom") == b"deep"
    assert len(os.listdir("..")) == 1
    os.unlink("bottom")
    for _ in range(depth):
        os.chdir("..")
        os.rmdir(name)
    assert os.listdir(".") == []


def test_getcwd_and_chdir(place):
    os.makedirs("a/b")
    os.chdir("a/b")
    assert os.getcwd() == f"{place.path}/a/b"
    os.chdir("..")
    assert os.getcwd() == f"{place.path}/a"
    os.rename(f"{place.path}/a", f"{place.path}/moved")
    assert os.getcwd() == f"{place.path}/moved"
    with fails(errno.ENOENT):
        os.chdir("absent")
    write("file")
    with fails(errno.ENOTDIR):
        os.chdir("file")


def test_getcwd_in_a_removed_directory(place):
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")
    with fails(errno.ENOENT):
        os.getcwd()
    with fails(errno.ENOENT):
        write("file")


def test_symlinks(place):
    write("target", b"content")
    os.symlink("target", "link")
    assert os.readlink("link") == "target"
    assert read("link") == b"content"
    assert os.lstat("link").st_size == len("target")
    assert os.stat("link").st_ino == os.stat("target").st_ino
    os.unlink("target")
    assert os.path.lexists("link") and not os.path.exists("link")
    write("link", b"through")
    assert read("target") == b"through"
    with fails(errno.EEXIST):
        os.symlink("x", "link")


def test_long_symlinks(place):
    for length in (1, 59, 60, 255, 1024, 4095):
        target = "t" * length
        os.symlink(target, f"link{length}")
        assert os.readlink(f"link{length}") == target
        assert os.lstat(f"link{length}").st_size == length


def test_symlink_to_a_directory(place):
    os.mkdir("directory")
    os.symlink("directory", "link")
    write("link/file", b"x")
    assert os.listdir("directory") == ["file"]
    with fails(errno.ENOTDIR):
        os.rmdir("link")
    os.unlink("link")
    assert os.listdir("directory") == ["file"]


def test_symlink_loop(place):
    os.symlink("two", "one")
    os.symlink("one", "two")
    for attempt in (lambda: os.stat("one"), lambda: os.open("one", os.O_RDONLY),
                    lambda: os.open("two", os.O_WRONLY | os.O_CREAT), lambda: os.chmod("one", 0o600),
                    lambda: os.stat("one/below"), lambda: os.chdir("two")):
        with fails(errno.ELOOP):
            attempt()
    assert os.lstat("one")


def test_too_many_symlinks(place):
    write("link0", b"x")
    for number in range(1, 42):
        os.symlink(f"link{number - 1}", f"link{number}")
    assert read("link40") == b"x"
    with fails(errno.ELOOP):
        os.stat("link41")


def test_absent(place):
    for attempt in (lambda: os.stat("absent"), lambda: os.open("absent", os.O_RDONLY),
                    lambda: os.unlink("absent"), lambda: os.rmdir("absent"),
                    lambda: os.rename("absent", "x"), lambda: os.link("absent", "x"),
                    lambda: os.chmod("absent", 0o600), lambda: os.truncate("absent", 0),
                    lambda: os.readlink("absent"), lambda: os.mkdir("absent/below"),
                    lambda: os.utime("absent"), lambda: os.open("absent/x", os.O_CREAT)):
        with fails(errno.ENOENT):
            attempt()


def test_a_name_that_was_absent_appears(place):
    """A name looked up in vain is seen as soon as it is there, and is gone as soon as it is not."""
    for _ in range(20):
        assert not os.path.exists("name")
        write("name", b"x")
        assert os.path.exists("name")
        os.unlink("name")
    assert not os.path.exists("name")


def test_a_file_is_no_directory(place):
    write("file")
    for attempt in (lambda: os.stat("file/below"), lambda: os.open("file/below", os.O_CREAT),
                    lambda: os.listdir("file"), lambda: os.rmdir("file"),
                    lambda: os.mkdir("file/below"), lambda: os.stat("file/")):
        with fails(errno.ENOTDIR):
            attempt()


def test_a_directory_is_no_file(place):
    os.mkdir("directory")
    with fails(errno.EISDIR):
        os.open("directory", os.O_WRONLY)
    with fails(errno.EISDIR):
        os.open("directory", os.O_RDWR | os.O_CREAT)
    with fails(errno.EISDIR):
        os.unlink("directory")
    with fails(errno.EISDIR):
        os.truncate("directory", 0)
    with opened("directory", os.O_RDONLY | os.O_DIRECTORY) as descriptor, fails(errno.EISDIR):
        os.read(descriptor, 1)
    with fails(errno.EINVAL):
        os.readlink("directory")


def test_exists_already(place):
    write("file")
    os.mkdir("directory")
    for attempt in (lambda: os.mkdir("file"), lambda: os.mkdir("directory"),
                    lambda: os.symlink("x", "file"), lambda: os.mkfifo("file"),
                    lambda: os.link("file", "directory"),
                    lambda: os.open("file", os.O_CREAT | os.O_EXCL)):
        with fails(errno.EEXIST):
            attempt()
    with fails(errno.EEXIST):
        os.mkdir(".")
    with fails(errno.EEXIST):
        os.mkdir("..")


def test_directories_that_cannot_go(place):
    os.makedirs("full/below")
    with fails(errno.ENOTEMPTY):
        os.rmdir("full")
    with fails(errno.EINVAL):
        os.rmdir("full/.")
    with fails(errno.ENOTEMPTY):
        os.rmdir("full/below/..")
    with fails(errno.EINVAL):
        os.rename("full", "full/below/inside")
    assert os.listdir("full") == ["below"]
