# SPDX-License-Identifier: Apache-2.0
"""A source that fails: the caller gets the source's error, no stamp turns false, and provfs lives."""

import contextlib
import errno
import fcntl
import os
import struct
import subprocess

import pytest

from support import stamps
from support.filesystems import btrfs, image, small_filesystem
from support.mounts import unmount, until
from support.system import fails, opened, read, write

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


@pytest.fixture
def view_of(mount, private, view_mode):
    """view_of(source) mounts a view in the mode of this test: (view, mountpoint)."""
    def start(source):
        mountpoint = private / "view"
        mountpoint.mkdir(exist_ok=True)
        return mount(source, mountpoint, options=view_mode.options), mountpoint
    return start


def test_a_device_that_fails_beneath(view_of, private):
    """The image's own filesystem is full: what ext4 took into its cache cannot be written back."""
    memory = private / "memory"
    memory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(memory)], check=True)
    try:
        with image(memory / "image", private / "source", 64, ["-O", "^has_journal"]) as source:
            view, mountpoint = view_of(source)
            write(mountpoint / "small", b"small")
            with opened(mountpoint / "file", os.O_CREAT | os.O_RDWR) as descriptor:
                with fails(errno.EIO, errno.ENOSPC):
                    for _ in range(30):
                        os.write(descriptor, os.urandom(1 << 20))
                        os.fsync(descriptor)
            assert sorted(os.listdir(mountpoint)) == ["file", "lost+found", "small"]
            assert read(mountpoint / "small") == b"small"
            view.unmount()
    finally:
        unmount(memory)


def test_a_filesystem_that_shuts_down(view_of, private, session):
    with small_filesystem(private, 16) as source:
        view, mountpoint = view_of(source)
        first, second = session(), session()
        first.shell("echo before > file; echo before > other", cwd=mountpoint)
        before = stamps.read(source / "file")
        subprocess.run(["sync", "--file-system", str(source)], check=True)
        with opened(mountpoint / "file", os.O_RDWR) as descriptor:
            with opened(source) as root:
                fcntl.ioctl(root, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
            for attempt in (lambda: os.write(descriptor, b"after"), lambda: os.fsync(descriptor),
                            lambda: write(mountpoint / "new"), lambda: os.mkdir(mountpoint / "new"),
                            lambda: os.truncate(mountpoint / "other", 2),
                            lambda: os.unlink(mountpoint / "other")):
                with fails(errno.EIO, errno.EROFS):
                    attempt()
            assert second.shell("echo after >> file", cwd=mountpoint, check=False)[0] != 0
        view.unmount()
        # What the device holds is seen once the filesystem is mounted anew.
        unmount(source)
        subprocess.run(["mount", "-o", "loop", str(private / "image"), str(source)], check=True)
        after = stamps.read(source / "file")
        assert after is None or after == before
        assert read(source / "file") == b"before\n"


def test_a_full_filesystem(view_of, private, session):
    with small_filesystem(private, 8) as source:
        view, mountpoint = view_of(source)
        first, second = session(), session()
        first.shell("echo before > file", cwd=mountpoint)
        with opened(mountpoint / "filler", os.O_CREAT | os.O_WRONLY) as descriptor:
            with fails(errno.ENOSPC):
                while True:
                    os.write(descriptor, b"x" * 65536)
        # There is no block for more than what is there already.
        status, _, errors = second.shell("head -c 20000 /dev/zero >> file", cwd=mountpoint,
                                         check=False)
        assert status != 0 and b"No space left" in errors
        stamp = stamps.read(source / "file")
        changed = os.lstat(source / "file").st_mtime_ns
        grown = os.stat(source / "file").st_size > len("before\n")
        assert stamp is None or stamp.session == (second.id if grown else first.id) or (
            stamp.time < changed)
        os.unlink(mountpoint / "filler")
        second.shell("echo again > file", cwd=mountpoint)
        assert stamps.read(source / "file").session == second.id
        view.unmount()


def test_a_quota_that_is_used_up(view_of, private, session, needs):
    with btrfs(private, needs("mkfs.btrfs")) as source:
        for words in (["quota", "enable"], ["qgroup", "limit", "8M"]):
            subprocess.run([needs("btrfs"), *words, str(source)], check=True, capture_output=True)
        view, mountpoint = view_of(source)
        first, second = session(), session()
        first.shell("echo before > file", cwd=mountpoint)
        with opened(mountpoint / "filler", os.O_CREAT | os.O_WRONLY) as descriptor:
            with fails(errno.EDQUOT):
                while True:
                    os.write(descriptor, os.urandom(1 << 20))
                    os.fsync(descriptor)
        status, _, errors = second.shell("head -c 9000000 /dev/urandom > other; sync other",
                                         cwd=mountpoint, check=False)
        assert status != 0 and b"quota" in errors
        assert stamps.read(source / "file").session == first.id
        assert read(mountpoint / "file") == b"before\n"
        view.unmount()


def test_a_source_that_becomes_read_only(view_of, private, session):
    with small_filesystem(private, 8) as source:
        view, mountpoint = view_of(source)
        first, second = session(), session()
        first.shell("echo before > file", cwd=mountpoint)
        before = stamps.read(source / "file")
        # RELEASE follows close(2) in its own time: until then a writer has the source open.
        until(lambda: subprocess.run(["mount", "-o", "remount,ro", str(source)], check=False,
                                     capture_output=True).returncode == 0, "it becomes read-only")
        assert second.shell("echo after >> file", cwd=mountpoint, check=False)[0] != 0
        for attempt in (lambda: write(mountpoint / "file", b"after"),
                        lambda: os.mkdir(mountpoint / "new"), lambda: os.unlink(mountpoint / "file"),
                        lambda: os.chmod(mountpoint / "file", 0o600)):
            with fails(errno.EROFS):
                attempt()
        assert read(mountpoint / "file") == b"before\n"
        assert stamps.read(source / "file") == before
        subprocess.run(["mount", "-o", "remount,rw", str(source)], check=True)
        second.shell("echo after >> file", cwd=mountpoint)
        assert stamps.read(source / "file").session == second.id
        view.unmount()


def test_a_source_whose_filesystem_is_taken_away(view_of, private, session):
    """umount -l: what provfs holds stays whole until it lets go."""
    with small_filesystem(private, 8) as source:
        view, mountpoint = view_of(source)
        first, second = session(), session()
        first.shell("echo before > file; mkdir directory", cwd=mountpoint)
        subprocess.run(["umount", "--lazy", str(source)], check=True)
        assert not os.path.ismount(source)
        second.shell("echo after >> file; echo new > directory/new", cwd=mountpoint)
        assert read(mountpoint / "file") == b"before\nafter\n"
        assert sorted(os.listdir(mountpoint)) == ["directory", "file", "lost+found"]
        assert stamps.read(mountpoint / "file").session == second.id
        assert [one.session for one in stamps.log(mountpoint / "file")] == [first.id]
        view.unmount()
        assert os.listdir(source) == []


def test_a_source_that_is_removed(view_of, private, session):
    source = private / "source"
    source.mkdir()
    view, mountpoint = view_of(source)
    session().shell("echo before > file", cwd=mountpoint)
    with opened(mountpoint / "file", os.O_RDWR) as descriptor:
        (source / "file").unlink()
        source.rmdir()
        assert os.write(descriptor, b"after") == 5
        with contextlib.suppress(OSError):
            os.listdir(mountpoint)
        with fails(errno.ENOENT):
            write(mountpoint / "new")
    assert view.process.poll() is None
    view.unmount()


READ = {
    "pread64": lambda directory: read(directory / "file"),
    "getdents64": lambda directory: os.listdir(directory / "below"),
    "readlinkat": lambda directory: os.readlink(directory / "link"),
}


@pytest.mark.parametrize("call", READ)
def test_a_file_that_cannot_be_read(mount, tree, needs, call):
    """Its error is the caller's, and nobody else's."""
    source, mountpoint = tree
    for name in ("broken", "whole"):
        (source / name / "below" / "entry").mkdir(parents=True)
        write(source / name / "file", b"content")
        os.symlink("file", source / name / "link")
    broken = [word for name in ("below", "file", "link")
              for word in ("-P", str(source / "broken" / name))]
    view = mount(source, mountpoint, options="passthrough=off", prefix=[
        needs("strace"), "-f", "-o", "/dev/null", *broken, "-e", f"trace={call}", "-e", "signal=none",
        "-e", f"inject={call}:error=EIO"])
    with fails(errno.EIO):
        READ[call](mountpoint / "broken")
    assert READ[call](mountpoint / "whole") in (b"content", ["entry"], "file")
    assert view.process.poll() is None
