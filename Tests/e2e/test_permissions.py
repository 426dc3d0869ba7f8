# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the caller's rights decide, in a view as in its source."""

import errno
import mmap
import os
import shutil
import stat
import subprocess

import pytest

from support import identity, places
from support.identity import Identity
from support.system import (
    FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE, append, fails, fallocate, mode, opened, read, umask, write)

pytestmark = pytest.mark.modes

OWNER = Identity("owner", 61011, 61011)
GROUP_MEMBER = Identity("member", 61012, 61013)
SUPPLEMENTARY = Identity("supplementary", 61014, 61015, (61016, 61011, 61017))
OTHER = Identity("other", 61018, 61018)
OWNER_AND_OTHERS_GROUP = Identity("owner", 61011, 61011, (61011, 61018))
as_root = pytest.mark.places(*places.AS_ROOT)
as_user = pytest.mark.places(*places.AS_USER)


def owned(name, permissions, owner=OWNER):
    write(name, b"#!/bin/sh\nexit 0\n")
    os.chown(name, owner.uid, owner.gid)
    os.chmod(name, permissions)


def may(who, name, access):
    def attempt():
        os.close(os.open(name, access))
    try:
        who.call(attempt)
    except Exception as failure:
        assert "PermissionError" in str(failure), failure
        return False
    return True


@as_root
@pytest.mark.parametrize("permissions,allowed", [
    (0o400, [OWNER]), (0o040, [SUPPLEMENTARY]), (0o004, [OTHER]), (0o044, [SUPPLEMENTARY, OTHER]),
    (0o444, [OWNER, SUPPLEMENTARY, OTHER]), (0o000, []),
])
def test_read_permission(place, permissions, allowed):
    owned("file", permissions)
    for who in (OWNER, SUPPLEMENTARY, OTHER):
        assert may(who, "file", os.O_RDONLY) == (who in allowed), who


@as_root
def test_write_permission(place):
    owned("file", 0o620)
    assert may(OWNER, "file", os.O_WRONLY)
    assert may(SUPPLEMENTARY, "file", os.O_WRONLY)
    assert not may(SUPPLEMENTARY, "file", os.O_RDWR)
    assert not may(OTHER, "file", os.O_WRONLY)


@as_root
def test_access_agrees_with_open(place):
    owned("file", 0o640)
    assert OWNER.call(os.access, "file", os.R_OK | os.W_OK)
    assert SUPPLEMENTARY.call(os.access, "file", os.R_OK)
    assert not SUPPLEMENTARY.call(os.access, "file", os.W_OK)
    assert not OTHER.call(os.access, "file", os.R_OK)


@as_root
def test_execute_permission(place):
    owned("script", 0o750)
    assert OWNER.run(["./script"]).returncode == 0
    assert SUPPLEMENTARY.run(["./script"]).returncode == 0
    with pytest.raises(PermissionError):
        OTHER.run(["./script"])


@as_root
def test_search_permission(place):
    os.mkdir("closed")
    write("closed/file", b"x")
    os.chown("closed", OWNER.uid, OWNER.gid)
    os.chmod("closed", 0o600)
    assert not may(OWNER, "closed/file", os.O_RDONLY)
    assert not may(OTHER, "closed/file", os.O_RDONLY)
    assert OWNER.call(os.listdir, "closed") == ["file"]
    os.chmod("closed", 0o711)
    assert may(OTHER, "closed/file", os.O_RDONLY)
    assert not may(OTHER, "closed", os.O_RDONLY)


@as_root
def test_a_revoked_permission_counts_at_once(place):
    owned("file", 0o644)
    assert may(OTHER, "file", os.O_RDONLY)
    os.chmod("file", 0o600)
    assert not may(OTHER, "file", os.O_RDONLY)
    os.chmod("file", 0o644)
    assert may(OTHER, "file", os.O_RDONLY)


@as_root
def test_only_the_owner_changes_mode_and_times(place):
    owned("file", 0o666)

    def attempt():
        with fails(errno.EPERM):
            os.chmod("file", 0o777)
        with fails(errno.EPERM):
            os.utime("file", (1, 1))
        os.utime("file")  # now: write permission is enough
        with fails(errno.EPERM):
            os.chown("file", OTHER.uid, -1)

    OTHER.call(attempt)
    OWNER.call(os.chmod, "file", 0o600)
    assert mode("file") == 0o600


@as_root
def test_the_owner_gives_a_file_only_to_own_groups(place):
    owned("file", 0o644, SUPPLEMENTARY)
    SUPPLEMENTARY.call(os.chown, "file", -1, 61017)
    assert os.stat("file").st_gid == 61017

    def attempt():
        with fails(errno.EPERM):
            os.chown("file", -1, OTHER.gid)
        with fails(errno.EPERM):
            os.chown("file", OTHER.uid, -1)

    SUPPLEMENTARY.call(attempt)


@as_root
def test_sticky_directory(place):
    os.mkdir("sticky")
    os.chmod("sticky", 0o1777)
    owned("sticky/file", 0o666)

    def attempt():
        with fails(errno.EPERM, errno.EACCES):
            os.unlink("sticky/file")
        with fails(errno.EPERM, errno.EACCES):
            os.rename("sticky/file", "sticky/other")
        write("sticky/mine")
        os.unlink("sticky/mine")

    OTHER.call(attempt)
    OWNER.call(os.unlink, "sticky/file")


@as_root
@pytest.mark.parametrize("kind", ["file", "directory", "symlink", "fifo"])
def test_what_a_user_makes_is_the_users(place, kind):
    make = {
        "file": lambda: write("new"),
        "directory": lambda: os.mkdir("new"),
        "symlink": lambda: os.symlink("target", "new"),
        "fifo": lambda: os.mkfifo("new"),
    }[kind]
    os.chmod(".", 0o777)
    GROUP_MEMBER.call(make)
    made = os.lstat("new")
    assert (made.st_uid, made.st_gid) == (GROUP_MEMBER.uid, GROUP_MEMBER.gid)


@as_root
def test_setgid_directory(place):
    os.mkdir("shared")
    os.chown("shared", 0, 61011)
    os.chmod("shared", 0o2777)

    def make():
        write("shared/file")
        os.mkdir("shared/directory")

    OTHER.call(make)
    assert os.stat("shared/file").st_gid == 61011
    assert not mode("shared/file") & stat.S_ISGID
    assert os.stat("shared/directory").st_gid == 61011
    assert mode("shared/directory") & stat.S_ISGID


@as_root
def test_setgid_is_not_given_to_who_is_not_in_the_group(place):
    os.mkdir("shared")
    os.chown("shared", 0, 61011)
    os.chmod("shared", 0o2777)

    def make():
        with umask(0):
            write("shared/file", mode=0o2775)

    OTHER.call(make)
    assert mode("shared/file") == 0o775
    SUPPLEMENTARY.call(lambda: os.close(os.open("shared/member", os.O_CREAT | os.O_WRONLY, 0o2755)))
    assert mode("shared/member") == 0o2755


@as_root
def test_chmod_clears_setgid_of_a_foreign_group(place):
    owned("file", 0o644)
    os.chown("file", OTHER.uid, 61011)
    OTHER.call(os.chmod, "file", 0o2755)
    assert mode("file") == 0o755


def test_umask(place):
    with umask(0o027):
        write("file", mode=0o666)
        os.mkdir("directory", 0o777)
        os.mkfifo("fifo", 0o666)
    assert mode("file") == 0o640
    assert mode("directory") == 0o750
    assert mode("fifo") == 0o640


def test_a_file_made_without_permissions_is_open_to_its_maker(place):
    with opened("file", os.O_CREAT | os.O_RDWR, 0) as descriptor:
        assert os.write(descriptor, b"written") == 7
        assert os.pread(descriptor, 7, 0) == b"written"
    assert mode("file") == 0


@as_user
def test_a_read_only_file_refuses_its_owner(place):
    write("file", b"x", 0o444)
    with fails(errno.EACCES):
        os.open("file", os.O_WRONLY)
    with fails(errno.EACCES):
        os.truncate("file", 0)
    os.chmod("file", 0o644)
    append("file", b"y")
    assert read("file") == b"xy"


@as_user
def test_an_open_descriptor_outlives_its_permission(place):
    write("file", b"before")
    with opened("file", os.O_RDWR) as descriptor:
        os.chmod("file", 0)
        assert os.pwrite(descriptor, b"after!", 0) == 6
        os.ftruncate(descriptor, 5)
        assert os.pread(descriptor, 10, 0) == b"after"


@as_user
def test_a_directory_without_write_permission(place):
    os.mkdir("closed")
    write("closed/file")
    os.chmod("closed", 0o555)
    for attempt in (lambda: write("closed/new"), lambda: os.mkdir("closed/new"),
                    lambda: os.unlink("closed/file"), lambda: os.symlink("x", "closed/new"),
                    lambda: os.rename("closed/file", "moved"), lambda: os.mkfifo("closed/new"),
                    lambda: os.link("closed/file", "closed/link")):
        with fails(errno.EACCES):
            attempt()
    assert os.listdir("closed") == ["file"]
    os.chmod("closed", 0o755)


def setuid_program(name, permissions, owner):
    write(name, b"program")
    os.chown(name, owner.uid, owner.gid)
    os.chmod(name, permissions)


CHANGES = {
    "write": lambda: append("file", b"more"),
    "truncate": lambda: os.truncate("file", 3),
    "ftruncate": lambda: _with_descriptor(lambda fd: os.ftruncate(fd, 3)),
    "fallocate": lambda: _with_descriptor(lambda fd: os.posix_fallocate(fd, 0, 100)),
    "pwrite": lambda: _with_descriptor(lambda fd: os.pwrite(fd, b"x", 1)),
    "open-truncating": lambda: os.close(os.open("file", os.O_WRONLY | os.O_TRUNC)),
    "punch": lambda: _with_descriptor(
        lambda fd: fallocate(fd, FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, 0, 3)),
    "copy": lambda: _with_descriptor(_copy_into),
    "direct": lambda: _with_descriptor(_write_directly, os.O_DIRECT),
}


def _copy_into(descriptor):
    with opened("/etc/hostname") as source:
        assert os.sendfile(descriptor, source, 0, 3) == 3


def _write_directly(descriptor):
    with mmap.mmap(-1, 4096) as page:
        assert os.writev(descriptor, [page]) == 4096


def _with_descriptor(change, flags=0):
    with opened("file", os.O_RDWR | flags) as descriptor:
        change(descriptor)


@as_root
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_content_clears_setuid_and_setgid(place, change):
    setuid_program("file", 0o6777, OWNER)
    OTHER.call(CHANGES[change])
    assert mode("file") == 0o777


@as_root
@pytest.mark.parametrize("change", CHANGES)
def test_root_may_change_content_and_keep_setuid(place, change):
    setuid_program("file", 0o6777, OWNER)
    CHANGES[change]()
    assert mode("file") == 0o6777


@as_root
@pytest.mark.parametrize("permissions", [0o2777, 0o2767, 0o2666, 0o4666, 0o4711, 0o6766, 0o1777])
@pytest.mark.parametrize("change", ["write", "truncate", "fallocate", "punch", "chown"])
def test_which_bits_a_change_clears_is_as_in_a_plain_directory(place, permissions, change):
    """The rules differ with the group's permission to execute and with the kernel's version."""
    act = CHANGES.get(change) or (lambda: os.chown("file", -1, OTHER.gid))
    worker = OTHER if change != "chown" else OWNER_AND_OTHERS_GROUP
    seen = []
    for directory in (place.path, place.scratch):
        os.chdir(directory)
        setuid_program("file", permissions, OWNER)
        os.chmod("file", permissions | 0o006)
        worker.call(act)
        seen.append(oct(mode("file")))
    assert seen[0] == seen[1]


@as_root
def test_a_descriptor_that_is_open_clears_the_bits_each_time(place):
    """The kernel remembers that a file has nothing to clear; it must notice when that changes."""
    write("file", b"program" * 100)
    os.chown("file", OWNER.uid, OWNER.gid)
    os.chmod("file", 0o777)
    asked, done = os.pipe(), os.pipe()

    def writer():
        os.close(asked[1])
        with opened("file", os.O_RDWR) as descriptor:
            os.write(done[1], b"x")
            while os.read(asked[0], 1) == b"w":
                os.pwrite(descriptor, b"change", 0)
                os.write(done[1], b"x")

    child = identity.fork(writer, identity=OTHER)
    os.close(asked[0])
    os.close(done[1])
    assert os.read(done[0], 1) == b"x"
    for _ in range(3):
        os.chmod("file", 0o6777)
        subprocess.run(["setcap", "cap_net_raw+ep", "file"], check=True)
        os.write(asked[1], b"w")
        assert os.read(done[0], 1) == b"x"
        assert mode("file") == 0o777
        with fails(errno.ENODATA):
            os.getxattr("file", "security.capability")
    os.close(asked[1])
    child.join()


@as_root
def test_chown_clears_setuid_and_setgid(place):
    setuid_program("file", 0o6755, OWNER)
    os.chown("file", OTHER.uid, OTHER.gid)
    assert mode("file") == 0o755


@as_root
@pytest.mark.parametrize("change", ["write", "truncate", "ftruncate", "pwrite", "open-truncating",
                                    "copy", "direct"])
def test_a_change_of_content_drops_file_capabilities(place, change):
    shutil.copy("/bin/true", "file")
    os.chmod("file", 0o777)
    subprocess.run(["setcap", "cap_net_raw+ep", "file"], check=True)
    assert os.getxattr("file", "security.capability")
    OTHER.call(CHANGES[change])
    with fails(errno.ENODATA):
        os.getxattr("file", "security.capability")


@as_root
def test_chown_drops_file_capabilities(place):
    shutil.copy("/bin/true", "file")
    subprocess.run(["setcap", "cap_net_raw+ep", "file"], check=True)
    os.chown("file", OTHER.uid, OTHER.gid)
    with fails(errno.ENODATA):
        os.getxattr("file", "security.capability")
