# SPDX-License-Identifier: Apache-2.0
"""What is neither a file nor a directory, running programs, and the filesystem as a whole."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import stat
import subprocess
import threading

import pytest

from support import identity, places
from support.system import (
    KERNEL, append, fails, mode, name_to_handle, open_by_handle, opened, read, write)

pytestmark = pytest.mark.modes

as_root = pytest.mark.places(*places.AS_ROOT)


def test_fifos_carry_data(place):
    os.mkfifo("fifo", 0o600)
    assert stat.S_ISFIFO(os.lstat("fifo").st_mode)

    def sender():
        with opened("fifo", os.O_WRONLY) as descriptor:
            os.write(descriptor, b"through")

    child = identity.fork(sender)
    assert read("fifo") == b"through"
    child.join()
    with fails(errno.ENXIO):
        os.open("fifo", os.O_WRONLY | os.O_NONBLOCK)


def test_sockets_carry_data(place):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        listener.listen()
        assert stat.S_ISSOCK(os.lstat("socket").st_mode)

        def peer():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect("socket")
                client.sendall(b"through")

        child = identity.fork(peer)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(100) == b"through"
        child.join()
    with fails(errno.ENXIO):
        os.open("socket", os.O_RDWR)
    with socket.socket(socket.AF_UNIX) as client, fails(errno.ECONNREFUSED):
        client.connect("socket")


@as_root
def test_devices(place):
    os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod("loop", stat.S_IFBLK | 0o600, os.makedev(7, 99))
    assert os.lstat("null").st_rdev == os.makedev(1, 3)
    assert stat.S_ISBLK(os.lstat("loop").st_mode)
    assert os.lstat("loop").st_rdev == os.makedev(7, 99)
    write("null", b"swallowed")
    assert read("null") == b""


@pytest.mark.places(*places.AS_USER)
def test_a_user_makes_no_devices(place):
    with fails(errno.EPERM):
        os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))


def test_mknod_makes_files(place):
    os.mknod("file", stat.S_IFREG | 0o640)
    assert mode("file") == 0o640
    assert read("file") == b""


def test_programs_run(place):
    shutil.copy("/bin/echo", "program")
    assert subprocess.run(["./program", "ran"], capture_output=True, check=True).stdout == b"ran\n"
    write("script", b"#!/bin/sh\necho $0\n", 0o755)
    assert subprocess.run(["./script"], capture_output=True, check=True).stdout == b"./script\n"
    os.chmod("script", 0o644)
    with fails(errno.EACCES):
        os.execv("./script", ["script"])


def test_a_program_that_is_open_for_write_does_not_run(place):
    shutil.copy("/bin/true", "program")
    with opened("program", os.O_WRONLY):
        with pytest.raises(OSError) as failure:
            subprocess.run(["./program"], check=True)
        assert failure.value.errno == errno.ETXTBSY
    assert subprocess.run(["./program"], check=True)


def test_a_program_that_runs_is_not_written(place):
    shutil.copy("/bin/sleep", "program")
    process = subprocess.Popen(["./program", "100"])
    try:
        with fails(errno.ETXTBSY):
            os.open("program", os.O_WRONLY)
        with fails(errno.ETXTBSY):
            os.truncate("program", 0)
        os.unlink("program")
    finally:
        process.kill()
        process.wait()


def test_statfs(place):
    seen, wanted = os.statvfs("."), os.statvfs(place.source)
    for field in ("f_bsize", "f_frsize", "f_blocks", "f_files", "f_namemax"):
        assert getattr(seen, field) == getattr(wanted, field), field
    assert 0 < seen.f_bavail <= seen.f_bfree <= seen.f_blocks
    write("file")
    with opened("file") as descriptor:
        assert os.fstatvfs(descriptor).f_blocks == wanted.f_blocks


def test_other_filesystems_are_other_filesystems(place):
    write("file")
    with fails(errno.EXDEV):
        os.rename("file", "/dev/shm/provfs-test-never")
    with fails(errno.EXDEV):
        os.link("file", "/dev/shm/provfs-test-never")


def test_descriptors_name_their_file_in_proc(place):
    write("file")
    with opened("file") as descriptor:
        link = f"/proc/self/fd/{descriptor}"
        assert os.readlink(link) == f"{place.path}/file"
        os.rename("file", "moved")
        assert os.readlink(link) == f"{place.path}/moved"
        os.unlink("moved")
        assert os.readlink(link) == f"{place.path}/moved (deleted)"


def lsattr(name):
    done = subprocess.run(["lsattr", "-d", name], capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def test_inode_flags_are_read(place):
    write("file")
    os.mkdir("directory")
    assert lsattr("file") == lsattr(str(place.source / "file"))
    assert lsattr("directory") == lsattr(str(place.source / "directory"))


def test_inode_flags_are_set_by_the_owner(place):
    write("file")
    subprocess.run(["chattr", "+d", "file"], check=True)
    assert "d" in lsattr("file") and "d" in lsattr(str(place.source / "file"))
    subprocess.run(["chattr", "-d", "file"], check=True)
    assert "d" not in lsattr("file")


@pytest.mark.places(*places.AS_USER)
def test_a_user_makes_nothing_immutable(place):
    write("file")
    assert subprocess.run(["chattr", "+i", "file"], capture_output=True, check=False).returncode
    write("file", b"still")


@as_root
def test_immutable_and_append_only_files(place):
    write("file", b"x")
    subprocess.run(["chattr", "+i", "file"], check=True)
    try:
        for attempt in (lambda: os.open("file", os.O_WRONLY), lambda: os.unlink("file"),
                        lambda: os.truncate("file", 0), lambda: os.chmod("file", 0o600),
                        lambda: os.link("file", "link"), lambda: os.rename("file", "moved")):
            with fails(errno.EPERM):
                attempt()
    finally:
        subprocess.run(["chattr", "-i", "file"], check=True)
    subprocess.run(["chattr", "+a", "file"], check=True)
    try:
        append("file", b"y")
        with fails(errno.EPERM):
            os.open("file", os.O_WRONLY)
        with fails(errno.EPERM):
            os.truncate("file", 0)
    finally:
        subprocess.run(["chattr", "-a", "file"], check=True)
    assert read("file") == b"xy"


def test_an_ioctl_that_is_not_known_is_refused(place):
    write("file")
    with opened("file") as descriptor, fails(errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL):
        fcntl.ioctl(descriptor, 0x5401, bytes(64))


def test_threads_work_beside_each_other(place):
    """Many threads of one process, each with its own files and all with one directory."""
    failures = []

    def work(number):
        try:
            for step in range(30):
                name = f"t{number}-{step}"
                write(name, name.encode() * 100)
                os.rename(name, f"{name}.moved")
                assert read(f"{name}.moved") == name.encode() * 100
                os.listdir(".")
                os.unlink(f"{name}.moved")
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert os.listdir(".") == []


def test_file_handles_work_or_are_refused(place):
    """name_to_handle_at(2): a handle that would go stale is worse than none."""
    write("file", b"content")
    if place.is_view and KERNEL >= (6, 9):
        with fails(errno.EOPNOTSUPP):
            name_to_handle("file")
        return
    handle = name_to_handle("file")
    with opened(".") as directory:
        if os.geteuid() != 0:
            with fails(errno.EPERM), open_by_handle(directory, handle):
                pass
            return
        with open_by_handle(directory, handle) as descriptor:
            assert os.read(descriptor, 10) == b"content"
        write("/proc/sys/vm/drop_caches", b"2")
        # Earlier kernels cannot be asked not to give any.
        with contextlib.suppress(OSError) if place.is_view else contextlib.nullcontext():
            with open_by_handle(directory, handle) as descriptor:
                assert os.read(descriptor, 10) == b"content"
