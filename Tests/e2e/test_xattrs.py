# SPDX-License-Identifier: Apache-2.0
"""Extended attributes: every name but the stamp's own behaves as in the source."""

import ctypes
import errno
import os
import shutil
import subprocess

import pytest

from support import places, stamps
from support.system import fails, opened, write

pytestmark = pytest.mark.modes("ring")

as_root = pytest.mark.places(*places.AS_ROOT)


def others(path):
    """The attributes of a file, those of the stamp left out."""
    return sorted(set(os.listxattr(path)) - set(stamps.NAMES))


def test_an_attributes_life(place):
    write("file")
    with fails(errno.ENODATA):
        os.getxattr("file", "user.name")
    os.setxattr("file", "user.name", b"value", os.XATTR_CREATE)
    with fails(errno.EEXIST):
        os.setxattr("file", "user.name", b"other", os.XATTR_CREATE)
    os.setxattr("file", "user.name", b"other", os.XATTR_REPLACE)
    assert os.getxattr("file", "user.name") == b"other"
    assert os.getxattr(place.source / "file", "user.name") == b"other"
    with fails(errno.ENODATA):
        os.setxattr("file", "user.absent", b"x", os.XATTR_REPLACE)
    os.setxattr("file", "user.second", b"")
    assert others("file") == ["user.name", "user.second"]
    assert os.getxattr("file", "user.second") == b""
    os.removexattr("file", "user.name")
    assert others("file") == ["user.second"]
    with fails(errno.ENODATA):
        os.removexattr("file", "user.name")


def test_values_are_bytes(place):
    write("file")
    value = bytes(range(256)) * 8
    os.setxattr("file", "user.value", value)
    assert os.getxattr("file", "user.value") == value
    os.setxattr("file", b"user.\xff\xfe", b"odd name")
    assert os.getxattr("file", b"user.\xff\xfe") == b"odd name"


def test_attributes_of_a_descriptor_and_of_a_directory(place):
    os.mkdir("directory")
    os.setxattr("directory", "user.name", b"directory")
    assert os.getxattr("directory", "user.name") == b"directory"
    with opened("file", os.O_CREAT | os.O_RDWR) as descriptor:
        os.setxattr(descriptor, "user.name", b"descriptor")
        assert os.getxattr(descriptor, "user.name") == b"descriptor"
        os.unlink("file")
        assert os.getxattr(descriptor, "user.name") == b"descriptor"


def test_what_is_too_large(place):
    write("file")
    with fails(errno.E2BIG):
        os.setxattr("file", "user.name", bytes(65537))
    with fails(errno.ERANGE):
        os.setxattr("file", "user." + "n" * 251, b"x")
    with fails(errno.ENOSPC, errno.E2BIG):
        os.setxattr("file", "user.name", bytes(65536))
    assert others("file") == []


def test_a_buffer_that_is_too_small(place):
    """getfattr asks for the length first; a program that guesses gets ERANGE."""
    libc = ctypes.CDLL(None, use_errno=True)
    write("file")
    os.setxattr("file", "user.name", b"0123456789")
    small = ctypes.create_string_buffer(4)
    assert libc.getxattr(b"file", b"user.name", small, 4) == -1
    assert ctypes.get_errno() == errno.ERANGE
    assert libc.getxattr(b"file", b"user.name", None, 0) == 10
    assert libc.listxattr(b"file", small, 4) == -1
    assert ctypes.get_errno() == errno.ERANGE
    assert libc.listxattr(b"file", None, 0) == libc.listxattr(
        os.fsencode(place.source / "file"), None, 0)


def test_a_list_is_the_sources(place):
    write("file")
    os.setxattr("file", "user.one", b"1")
    assert sorted(os.listxattr("file")) == sorted(os.listxattr(place.source / "file"))


def test_symlinks_have_no_user_attributes(place):
    os.symlink("target", "link")
    with fails(errno.EPERM):
        os.setxattr("link", "user.name", b"x", follow_symlinks=False)


@pytest.mark.places(*places.AS_USER)
def test_namespaces_that_need_privilege(place):
    write("file")
    with fails(errno.EPERM):
        os.setxattr("file", "trusted.name", b"x")
    with fails(errno.EPERM):
        os.setxattr("file", "security.name", b"x")
    with fails(errno.EOPNOTSUPP):
        os.setxattr("file", "nonsense.name", b"x")


@as_root
def test_trusted_attributes(place):
    write("file")
    os.setxattr("file", "trusted.name", b"value")
    assert os.getxattr("file", "trusted.name") == b"value"
    assert "trusted.name" in os.listxattr("file")
    os.removexattr("file", "trusted.name")


@as_root
def test_security_attributes(place):
    write("file")
    os.setxattr("file", "security.name", b"value")
    assert os.getxattr("file", "security.name") == b"value"
    os.removexattr("file", "security.name")


@as_root
def test_file_capabilities(place):
    shutil.copy("/bin/true", "program")
    subprocess.run(["setcap", "cap_net_raw+ep", "program"], check=True)
    shown = subprocess.run(["getcap", "program"], capture_output=True, text=True, check=True)
    assert "cap_net_raw" in shown.stdout
    subprocess.run(["setcap", "-r", "program"], check=True)
    with fails(errno.ENODATA):
        os.getxattr("program", "security.capability")


def test_setfattr_and_getfattr(place):
    write("file")
    subprocess.run(["setfattr", "-n", "user.name", "-v", "value", "file"], check=True)
    shown = subprocess.run(["getfattr", "--absolute-names", "-d", "file"], capture_output=True,
                           text=True, check=True)
    assert 'user.name="value"' in shown.stdout
    subprocess.run(["setfattr", "-x", "user.name", "file"], check=True)
    assert others("file") == []


def test_copying_attributes(place):
    write("file", b"x")
    os.setxattr("file", "user.name", b"value")
    subprocess.run(["cp", "-a", "file", "copy"], check=True)
    assert os.getxattr("copy", "user.name") == b"value"
    # Asked for the attributes by name, cp also says which one a user may not set: root's stamp.
    done = subprocess.run(["cp", "--preserve=xattr", "file", "second"], capture_output=True,
                          env={"LC_ALL": "C"}, check=False)
    assert os.getxattr("second", "user.name") == b"value"
    complaints = [line for line in done.stderr.decode().split("\n") if line]
    assert len(complaints) == (place.attribute == stamps.SECURITY and os.geteuid() != 0)
    assert all(place.attribute in line for line in complaints)
