# SPDX-License-Identifier: Apache-2.0
"""What the kernel changes by itself (passthrough) in the very moment in which provfs looks or acts.

strace keeps provfs in such a moment for long enough to meet it every time.
"""

import os
import signal
import time

import pytest

from support import mappings, modes, stamps
from support.mappings import Mapping
from support.mounts import PATIENCE, detach, until
from support.system import opened

SIZE = 8192
# Between two rounds provfs asks whether a mapping that outlived its file has ended.
LONGER_THAN_A_ROUND = 0.3


@pytest.fixture
def remembering(mount, tree):
    """A view that remembers attributes for as long as it may."""
    assert modes.passthrough_is_default(), modes.account()
    source, mountpoint = tree
    mount(source, mountpoint, options="attr_timeout=3600")
    (source / "file").write_bytes(bytes(SIZE))
    return mountpoint


def assert_stores_show(mapping, name):
    for letter in b"abc":
        before = os.stat(name).st_mtime_ns
        mapping.sync()
        mapping.store(bytes([letter]))
        assert os.stat(name).st_mtime_ns > before, "a store does not show in mtime"


def mapped(name):
    """A mapping of the file, all descriptors of which are closed; and one that was opened beside it."""
    with opened(name, os.O_RDWR) as descriptor:
        return Mapping(descriptor, SIZE), os.open(name, os.O_WRONLY)


def test_stores_show_while_somebody_only_writes(remembering):
    name = remembering / "file"
    mapping, writer = mapped(name)
    with mapping:
        assert_stores_show(mapping, name)
        os.close(writer)
        assert_stores_show(mapping, name)


def test_stores_show_beside_who_opened_the_file_after_its_last_close(remembering):
    name = remembering / "file"
    mapping, writer = mapped(name)
    os.close(writer)
    with mapping:
        with opened(name, os.O_WRONLY):
            time.sleep(LONGER_THAN_A_ROUND)
            assert_stores_show(mapping, name)
        assert_stores_show(mapping, name)


def test_stores_show_after_other_mappings_have_ended(remembering):
    name = remembering / "file"
    for _ in range(3):
        mapping, writer = mapped(name)
        os.close(writer)
        with mapping:
            assert_stores_show(mapping, name)
        time.sleep(LONGER_THAN_A_ROUND)


def test_attributes_are_remembered_once_a_mapping_has_ended(remembering):
    name = remembering / "file"
    mapping, writer = mapped(name)
    os.close(writer)
    with mapping:
        assert_stores_show(mapping, name)

    def are_remembered():
        before = os.stat(name).st_mtime_ns
        os.utime(remembering.parent / "source" / "file")
        return os.stat(name).st_mtime_ns == before

    until(are_remembered, "attributes are remembered again")


@pytest.fixture
def slowed(mount, tree, session, needs):
    """slowed(call, milliseconds): a view whose provfs stays so long in each such call at its end.

    The view, its source, its mountpoint and two sessions.
    """
    def start(call, milliseconds, options=""):
        assert modes.passthrough_is_default(), modes.account()
        source, mountpoint = tree
        (source / "file").write_bytes(b"x" * SIZE)
        view = mount(source, mountpoint, options=options, prefix=[
            needs("strace"), "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", "signal=none",
            "-e", f"inject={call}:delay_exit={milliseconds * 1000}"])
        return view, source, mountpoint, session(), session()
    return start


OPEN = "import os; kept['fd'] = os.open(path, flags)"
CLOSE = "import os; os.close(kept['fd'])"


def assert_no_false_claim(name, writer):
    stamp = stamps.read(name)
    changed = os.lstat(name).st_mtime_ns
    assert stamp is None or stamp.session == writer.id or stamp.time < changed, (
        f"{stamp} claims what {writer.id} wrote at {changed}")


def test_a_write_after_a_truncating_open_that_has_not_returned(slowed):
    _, source, mountpoint, writer, emptier = slowed("ftruncate", 500)
    path = str(mountpoint / "file")
    writer.python(OPEN, path=path, flags=os.O_WRONLY)
    emptier.begin("python", OPEN, {"path": path, "flags": os.O_WRONLY | os.O_TRUNC})
    writer.python("""
        import os
        while os.stat(beneath).st_size: pass
        os.pwrite(kept['fd'], b'after', 0)
        """, beneath=str(source / "file"))
    emptier.finish()
    emptier.python(CLOSE)
    assert (source / "file").read_bytes() == b"after"
    assert_no_false_claim(source / "file", writer)
    writer.python(CLOSE)
    assert stamps.read(source / "file").session == writer.id
    assert [one.session for one in stamps.log(source / "file")] == [emptier.id]


def test_a_store_after_a_look_whose_stamp_is_not_there_yet(slowed):
    """The daemon dies before it looks again: the stamp that it leaves must be older than that store."""
    view, source, mountpoint, storing, writing = slowed("getxattr,fgetxattr", 500)
    path = str(mountpoint / "file")
    storing.python(OPEN, path=path, flags=os.O_RDWR)
    storing.python(mappings.MAP, path=path)
    writing.python(OPEN + "; os.pwrite(kept['fd'], b'write', 100)", path=path, flags=os.O_WRONLY)
    writing.begin("python", CLOSE, {})
    time.sleep(0.1)
    storing.python(mappings.STORE, content=b"store", where=0, synced=False)
    writing.finish()
    end_by_force(view)
    assert (source / "file").read_bytes()[:5] == b"store"
    assert_no_false_claim(source / "file", storing)


def end_by_force(view):
    """kill -9 of the provfs that strace runs; strace ends with it."""
    with open(f"/proc/{view.pid}/task/{view.pid}/children", encoding="ascii") as children:
        os.kill(int(children.read()), signal.SIGKILL)
    view.process.wait(PATIENCE)
    detach(view.mountpoint)


@pytest.mark.parametrize("options", ["", "attribution=exact"])
def test_stores_that_go_on_after_anothers_write(slowed, options):
    """One that comes before the write is accounted for leaves its page dirty; the next one shows."""
    _, source, mountpoint, storing, writing = slowed("pwrite64", 500, options)
    path = str(mountpoint / "file")
    storing.python(OPEN, path=path, flags=os.O_RDWR)
    storing.python(mappings.MAP, path=path)
    storing.python(mappings.STORE, content=b"before", where=0, synced=False)
    writing.python(OPEN, path=path, flags=os.O_WRONLY)
    writing.begin("python", "import os; os.pwrite(kept['fd'], b'write', 5000)", {})
    until(lambda: (source / "file").read_bytes()[5000:5005] == b"write", "it is written")
    storing.python(mappings.STORE, content=b"meanwhile", where=0, synced=False)
    writing.finish()
    writing.python(CLOSE)
    storing.python(mappings.STORE, content=b"afterwards", where=0, synced=False)
    os.stat(path)
    assert_no_false_claim(source / "file", storing)
