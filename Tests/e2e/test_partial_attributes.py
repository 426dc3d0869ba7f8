# SPDX-License-Identifier: Apache-2.0
"""statx(2) may ask for some attributes only: a view must not answer with what was true before.

stat(1) asks for what it prints and for nothing else, os.stat for everything.
"""

import os
import subprocess

from support import places
from support.identity import Identity
from support.system import append, write

import pytest

pytestmark = pytest.mark.modes

OWNER = Identity("owner", 61011, 61011)
as_root = pytest.mark.places(*places.AS_ROOT)

CHANGES = {
    "write": lambda: append("file", b"more"),
    "truncate": lambda: os.truncate("file", 1),
    "open-truncating": lambda: os.close(os.open("file", os.O_WRONLY | os.O_TRUNC)),
    "fallocate": lambda: allocate("file"),
}


def allocate(name):
    descriptor = os.open(name, os.O_WRONLY)
    os.posix_fallocate(descriptor, 0, 65536)
    os.close(descriptor)


def shown(format_):
    return subprocess.run(["stat", "--format", format_, "file"], check=True,
                          capture_output=True).stdout.decode().strip()


@as_root
@pytest.mark.parametrize("change", CHANGES)
def test_cleared_bits_are_gone_for_who_asks_for_the_mode_alone(place, change):
    write("file", b"content")
    os.chown("file", OWNER.uid, OWNER.gid)
    os.chmod("file", 0o6755)
    assert shown("%a") == "6755"
    OWNER.call(CHANGES[change])
    assert shown("%a") == "755"


def test_size_alone(place):
    write("file", b"content")
    assert shown("%s") == "7"
    append("file", b"more")
    assert shown("%s") == "11"


def test_links_alone(place):
    write("file", b"content")
    assert shown("%h") == "1"
    os.link("file", "other")
    assert shown("%h") == "2"
    os.unlink("other")
    assert shown("%h") == "1"
