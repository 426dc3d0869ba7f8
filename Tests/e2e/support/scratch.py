# SPDX-License-Identifier: Apache-2.0
"""A private directory for each test, where extended attributes work, gone afterwards."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

from . import mounts


def base():
    """Where the directories are made: TMPDIR, else /var/tmp, as /tmp may be a tmpfs without xattrs."""
    return os.environ.get("TMPDIR", "/var/tmp")


def assert_attributes_work(directory):
    probe = pathlib.Path(directory, "probe")
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"x")
        os.setxattr(probe, "security.probe", b"x")
    except OSError as error:
        raise AssertionError(
            f"{directory}: {error.strerror} for an extended attribute; "
            "set TMPDIR to a directory on ext4, xfs or btrfs") from None
    probe.unlink()


@contextlib.contextmanager
def directory():
    """A new directory that every user may enter. Its removal fails when a mount was left in it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="provfs-test.", dir=base()))
    try:
        path.chmod(0o755)
        assert_attributes_work(path)
        yield path
    finally:
        left = mounts.detach(path)
        remove(path)
    assert not left, f"the test left mounts behind: {left}"


def remove(path):
    """rm -rf that does not leave the filesystem and clears the attributes that keep files."""
    argv = ["rm", "-rf", "--one-file-system", "--", str(path)]
    if subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        subprocess.run(["chattr", "-R", "-f", "-ia", str(path)], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(argv, check=True)
