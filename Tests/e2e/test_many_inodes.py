# SPDX-License-Identifier: Apache-2.0
"""More inodes than provfs has descriptors for."""

import os
import resource
import subprocess

import pytest

from support.system import read

INODES = 100_000
PER_DIRECTORY = 1000


@pytest.mark.timeout(900)
def test_a_hundred_thousand_inodes_with_256_descriptors(mount, tree):
    source, mountpoint = tree
    for number in range(INODES // PER_DIRECTORY):
        os.mkdir(source / f"d{number}")
    for number in range(INODES):
        os.mknod(source / f"d{number // PER_DIRECTORY}/f{number}", 0o644)
    (source / "d50/f50123").write_bytes(b"content")
    view = mount(source, mountpoint, prefix=["prlimit", "--nofile=256:256"])
    listed = subprocess.run(["find", str(mountpoint), "-type", "f", "-printf", "%i\\n"], check=True,
                            stdout=subprocess.PIPE).stdout
    assert len(set(listed.split())) == INODES
    # The kernel remembers them; now each is looked at once more, and some are opened.
    for number in range(0, INODES, 97):
        path = mountpoint / f"d{number // PER_DIRECTORY}/f{number}"
        assert read(path) == b""
    assert read(mountpoint / "d50/f50123") == b"content"
    assert open_descriptors(view.pid) < 256
    removed = subprocess.run(["rm", "-rf", str(mountpoint / "d7")], check=False,
                             capture_output=True)
    assert removed.returncode == 0, removed.stderr
    assert not (source / "d7").exists()


def open_descriptors(pid):
    limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    assert limit == (256, 256)
    return len(os.listdir(f"/proc/{pid}/fd"))
