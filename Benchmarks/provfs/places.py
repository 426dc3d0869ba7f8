# SPDX-License-Identifier: Apache-2.0
"""Where the measured filesystems keep their files: fresh for every system in every round."""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
IMAGE_SIZE = 6 << 30


class NotEnoughMemory(Exception):
    """The text says how much there is, and what to do instead."""


class MemoryImages:
    """A new ext4 each time, in an image in memory: no device's noise, no trace of earlier rounds.

    ext4 looks at recently deleted inodes before it makes one, so that a directory on a filesystem
    that has just seen `rm -rf` makes files at a fraction of the speed.
    """

    what = "a fresh ext4 (256-byte inodes) in memory for every system in every round"

    def __init__(self):
        free = shutil.disk_usage(MEMORY).free
        if free < IMAGE_SIZE:
            raise NotEnoughMemory(
                f"{MEMORY} has {free >> 20} MiB free and an image may take "
                f"{IMAGE_SIZE >> 20}: measure on a disk with --directory DIRECTORY")

    @contextlib.contextmanager
    def fresh(self):
        base = Path(tempfile.mkdtemp(prefix="bench-provfs.", dir=MEMORY))
        image, directory = base / "image", base / "filesystem"
        directory.mkdir()
        try:
            with open(image, "wb") as file:
                file.truncate(IMAGE_SIZE)
            subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-I", "256", "-E",
                            "lazy_itable_init=1,lazy_journal_init=1", image], check=True)
            subprocess.run(["mount", "-o", "loop,noinit_itable", image, directory], check=True)
            try:
                yield directory
            finally:
                subprocess.run(["umount", directory], check=True)
        finally:
            shutil.rmtree(base)


class Directories:
    """A new directory each time, below one that the user has named."""

    def __init__(self, parent):
        self.parent = parent
        self.what = f"a fresh directory in {parent} for every system in every round"

    @contextlib.contextmanager
    def fresh(self):
        base = Path(tempfile.mkdtemp(prefix="bench-provfs.", dir=self.parent))
        try:
            yield base
        finally:
            shutil.rmtree(base)
