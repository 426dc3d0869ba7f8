# SPDX-License-Identifier: Apache-2.0
"""Directories in which a position means something to the open file that has told it, and to no other.

In a directory of overlayfs that both layers have it is one in a list which is made anew for who opens
the directory after a change; and btrfs shows to an open file no entries that were made later. So a view
must read such a directory through one file from the beginning to the end.
"""

import os

import pytest

from support.filesystems import btrfs, overlay

ENTRIES = 2000


def populate(*directories):
    """Makes a directory in each of these, and distributes the entries."""
    for directory in directories:
        os.mkdir(directory / "directory")
    for number in range(ENTRIES):
        os.mknod(directories[number % len(directories)] / f"directory/{number:06}")


@pytest.fixture(params=["overlayfs", "btrfs"])
def directory(request, private, mount, needs):
    """One with many entries, in a view."""
    mountpoint = private / "view"
    mountpoint.mkdir()
    filesystem = (overlay(private, populate) if request.param == "overlayfs"
                  else btrfs(private, needs("mkfs.btrfs")))
    with filesystem as source:
        if request.param == "btrfs":
            populate(source)
        view = mount(source, mountpoint)
        yield mountpoint / "directory"
        # Before what it shows.
        view.unmount()


def test_removing_while_reading(directory):
    with os.scandir(directory) as entries:
        for entry in entries:
            os.unlink(entry.path)
    assert os.listdir(directory) == []
    os.rmdir(directory)


def test_renaming_while_reading(directory):
    """Who reads meets no entry for ever again under its new name."""
    seen = []
    with os.scandir(directory) as entries:
        for entry in entries:
            seen.append(entry.name)
            assert len(seen) <= 2 * ENTRIES, "it does not end"
            os.rename(entry.path, directory / f"renamed-{len(seen):06}")
    assert {f"{number:06}" for number in range(ENTRIES)} <= set(seen)
    assert len(os.listdir(directory)) == ENTRIES
