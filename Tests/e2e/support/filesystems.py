# SPDX-License-Identifier: Apache-2.0
"""Small filesystems of a test's own, mounted from an image."""

import contextlib
import os
import subprocess

from .mounts import unmount


@contextlib.contextmanager
def image(file, directory, megabytes, options=(), mount_options="loop", make=("mkfs.ext4", "-m", "0")):
    """`directory`, which is made, with a new filesystem from the sparse image `file`, gone afterwards."""
    directory.mkdir()
    with open(file, "wb") as sparse:
        sparse.truncate(megabytes << 20)
    quiet = ["-q", "-F"] if make[0].startswith("mkfs.ext") else ["-q"]
    subprocess.run([*make, *quiet, *options, str(file)], check=True, capture_output=True)
    subprocess.run(["mount", "-o", mount_options, str(file), str(directory)], check=True,
                   capture_output=True)
    try:
        yield directory
    finally:
        # A test may have unmounted it.
        if os.path.ismount(directory):
            unmount(directory)


def small_filesystem(scratch, megabytes, options=(), mount_options="loop"):
    """A directory with an ext4 of that size."""
    return image(scratch / "image", scratch / "small", megabytes, options, mount_options)


def btrfs(scratch, mkfs):
    """A directory with a btrfs as small as they come: it counts quotas without any tool of the host's."""
    return image(scratch / "image", scratch / "btrfs", 128, make=(mkfs,))


@contextlib.contextmanager
def overlay(scratch, populate):
    """A directory with an overlayfs of two others, after `populate(lower, upper)`."""
    lower, upper, work, merged = (scratch / name for name in ("lower", "upper", "work", "merged"))
    for directory in (lower, upper, work, merged):
        directory.mkdir()
    populate(lower, upper)
    subprocess.run(["mount", "-t", "overlay", "-o",
                    f"lowerdir={lower},upperdir={upper},workdir={work}", "overlay", str(merged)],
                   check=True)
    try:
        yield merged
    finally:
        unmount(merged)
