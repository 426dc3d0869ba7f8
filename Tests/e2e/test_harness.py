# SPDX-License-Identifier: Apache-2.0
"""The harness itself: that its checks can fail."""

import os
import struct

import pytest

from support import identity, mounts, stamps


def test_a_worker_is_who_it_says(place):
    assert os.geteuid() == place.worker.uid
    assert os.getcwd() == str(place.path)
    if place.worker.uid:
        assert set(os.getgroups()) == set(place.worker.groups)
        with pytest.raises(PermissionError):
            os.setuid(0)


def test_a_view_shows_its_source(place):
    with open("name", "w") as file:
        file.write("content")
    assert (place.source / "name").read_text() == "content"
    assert os.path.ismount(place.path) == place.is_view


def test_a_failure_in_a_child_is_a_failure_here():
    with pytest.raises(identity.ChildFailed, match="assert 1 == 2"):
        identity.ROOT.call(_fail)


def _fail():
    assert 1 == 2


def test_a_child_that_dies_is_a_failure_here():
    with pytest.raises(identity.ChildFailed, match="without an answer"):
        identity.ROOT.call(os._exit, 3)


def test_a_mount_that_fails_shows_why(mount, private):
    with pytest.raises(mounts.MountFailed):
        mount(private / "absent", private)


def test_stamps_are_decoded_by_offset():
    value = struct.pack("<BBHIIIQQQQ", 1, 2, 5, 7, 8, 9, 1, 2, 3, 4) + b"sh".ljust(16, b"\0")
    stamp = stamps.decode(value)
    assert (stamp.flags, stamp.pid, stamp.uid) == (5, 7, 8)
    assert (stamp.time, stamp.inode, stamp.comm) == (3, 4, "sh")
    assert stamp.created and stamp.open and not stamp.mapped
    assert stamp.session == "01" + "00" * 7 + "02" + "00" * 7
    for malformed in (value[:-1], b"\2" + value[1:], value[:2] + b"\xff" + value[3:]):
        with pytest.raises(AssertionError):
            stamps.decode(malformed)
