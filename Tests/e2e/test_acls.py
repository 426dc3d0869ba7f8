# SPDX-License-Identifier: Apache-2.0
"""POSIX ACLs: they decide, they are inherited, and they and the mode are one thing."""

import errno
import os
import subprocess

import pytest

from support import places
from support.identity import Identity
from support.system import fails, mode, umask, write

pytestmark = pytest.mark.modes("ring")

NAMED = Identity("named", 61021, 61021)
OTHER = Identity("other", 61022, 61022)
as_root = pytest.mark.places(*places.AS_ROOT)


def setfacl(*arguments):
    subprocess.run(["setfacl", *arguments], check=True)


def getfacl(name):
    done = subprocess.run(["getfacl", "--omit-header", "--absolute-names", "--numeric", name],
                          check=True, capture_output=True, text=True)
    return [line.split("\t")[0] for line in done.stdout.split("\n") if line]


def test_setfacl_changes_the_mode(place):
    write("file", mode=0o640)
    setfacl("-m", "u:61021:rw,g::r,o::-,m::rw", "file")
    assert mode("file") == 0o660
    setfacl("-m", "m::r", "file")
    assert mode("file") == 0o640
    assert "user:61021:rw-" in getfacl("file")


def test_a_minimal_acl_is_the_mode_alone(place):
    write("file", mode=0o600)
    setfacl("-m", "g::rw,o::r", "file")
    assert mode("file") == 0o664
    with fails(errno.ENODATA):
        os.getxattr("file", "system.posix_acl_access")


def test_chmod_changes_the_mask(place):
    write("file", mode=0o640)
    setfacl("-m", "u:61021:rwx", "file")
    os.chmod("file", 0o610)
    assert "mask::--x" in getfacl("file")
    assert "user:61021:rwx" in getfacl("file")


def test_removing_an_acl(place):
    write("file", mode=0o640)
    setfacl("-m", "u:61021:r", "file")
    setfacl("-b", "file")
    assert getfacl("file") == ["user::rw-", "group::r--", "other::---"]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000])
def test_a_default_acl_takes_the_place_of_the_umask(place, mask):
    os.mkdir("directory")
    setfacl("-d", "-m", "u::rwx,u:61021:rwx,g::r-x,o::r-x,m::rwx", "directory")
    with umask(mask):
        write("directory/file", mode=0o664)
        os.mkdir("directory/below", 0o770)
        os.mkfifo("directory/fifo", 0o644)
    assert mode("directory/file") == 0o664
    assert "user:61021:rwx" in getfacl("directory/file")
    assert "mask::rw-" in getfacl("directory/file")
    assert mode("directory/below") == 0o770
    assert "default:user:61021:rwx" in getfacl("directory/below")
    assert mode("directory/fifo") == 0o644
    assert "mask::r--" in getfacl("directory/fifo")


def test_without_a_default_acl_the_umask_holds(place):
    os.mkdir("directory")
    setfacl("-m", "u:61021:rwx", "directory")
    with umask(0o077):
        write("directory/file", mode=0o666)
    assert mode("directory/file") == 0o600
    assert getfacl("directory/file") == ["user::rw-", "group::---", "other::---"]


@as_root
def test_a_named_user_gets_what_the_acl_grants(place):
    write("file", b"x", 0o600)
    setfacl("-m", "u:61021:r", "file")
    NAMED.call(lambda: os.close(os.open("file", os.O_RDONLY)))
    NAMED.call(_refused, os.O_WRONLY)
    OTHER.call(_refused, os.O_RDONLY)
    setfacl("-m", "m::-", "file")
    NAMED.call(_refused, os.O_RDONLY)


@as_root
def test_a_named_user_can_be_kept_out(place):
    write("file", b"x", 0o644)
    setfacl("-m", "u:61021:-", "file")
    NAMED.call(_refused, os.O_RDONLY)
    OTHER.call(lambda: os.close(os.open("file", os.O_RDONLY)))


def _refused(access):
    with fails(errno.EACCES):
        os.open("file", access)


@as_root
def test_only_the_owner_sets_an_acl(place):
    write("file", mode=0o666)

    def attempt():
        assert subprocess.run(["setfacl", "-m", "u:61021:rwx", "file"], check=False,
                              capture_output=True).returncode != 0

    OTHER.call(attempt)
    assert getfacl("file") == ["user::rw-", "group::r--", "other::r--"]


@as_root
def test_setting_an_acl_clears_setgid_of_a_foreign_group(place):
    write("file")
    os.chown("file", OTHER.uid, 61021)
    os.chmod("file", 0o2755)
    OTHER.call(setfacl, "-m", "u:61021:r", "file")
    assert not mode("file") & 0o2000
