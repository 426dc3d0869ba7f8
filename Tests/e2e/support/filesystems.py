# SPDX-License-Identifier: Apache-2.0
"""Small filesystems of a test's own, mounted from an image."""

import contextlib
import subprocess


@contextlib.contextmanager
def small_filesystem(scratch, megabytes, options=(), mount_options="loop"):
    """A directory with an ext4 of that size, gone afterwards."""
    image, directory = scratch / "image", scratch / "small"
    directory.mkdir()
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", *options, str(image)], check=True,
                   capture_output=True)
    subprocess.run(["mount", "-o", mount_options, str(image), str(directory)], check=True,
                   capture_output=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=False, capture_output=True)
