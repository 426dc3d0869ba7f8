# SPDX-License-Identifier: Apache-2.0
"""Shared mappings that have no descriptor any more: whose stores they are, in every mode."""

import os

import pytest

from support import mappings, modes
from support.mounts import until
from support.system import opened

pytestmark = pytest.mark.modes


@pytest.fixture
def two(scene):
    return scene.session(), scene.session()


def settle(scene, session):
    """Reads the stamp through the view: what is pending is stamped first."""
    session.python("""
        import os
        try: os.getxattr(path, attribute)
        except OSError: pass
        """, path=str(scene.path / "file"), attribute=scene.attribute)


def stores(session, content, where=0, synced=True):
    session.python(mappings.STORE, content=content, where=where, synced=synced)


def until_named(scene, session, writer):
    """A mapping without a descriptor tells nobody when it is gone: the stamp may take a moment."""
    def is_named():
        settle(scene, session)
        stamp = scene.stamp("file")
        return stamp is not None and stamp.session == writer.id and not stamp.open
    until(is_named, "the store is stamped")


@pytest.mark.parametrize("synced", [True, False])
def test_a_mapping_without_any_descriptor(scene, synced):
    session = scene.session()
    scene.write("file", bytes(8192))
    session.python(mappings.MAP, path=str(scene.path / "file"))
    stores(session, b"store", synced=synced)
    stores(session, b"again", 4096, synced=synced)
    session.python(mappings.UNMAP)
    until_named(scene, session, session)
    content = (scene.source / "file").read_bytes()
    assert (content[:5], content[4096:4101]) == (b"store", b"again")
    assert scene.log("file") == []


def test_a_mapping_without_any_descriptor_that_only_reads(scene, two):
    first, second = two
    first.shell("head -c 8192 /dev/zero > file", cwd=scene.path)
    second.python(mappings.MAP, path=str(scene.path / "file"))
    second.python("import ctypes; result = ctypes.string_at(kept['at'], 5)")
    settle(scene, second)
    second.python(mappings.UNMAP)
    settle(scene, second)
    scene.assert_written_by("file", first)
    assert scene.log("file") == []


def test_a_write_while_another_has_the_file_mapped_without_a_descriptor(scene, two):
    """Two sessions, one that stores and one that writes: neither is named for the other's change."""
    first, second = two
    scene.write("file", bytes(8192))
    first.python(mappings.MAP, path=str(scene.path / "file"))
    stores(first, b"store")
    second.shell("printf after | dd of=file bs=1 seek=5000 conv=notrunc status=none", cwd=scene.path)
    scene.assert_no_false_claim("file", second)
    stores(first, b"again", 100)
    settle(scene, second)
    scene.assert_no_false_claim("file", first)
    first.python(mappings.UNMAP)
    settle(scene, second)
    scene.assert_no_false_claim("file", first)
    assert set(scene.writers("file")) <= {first.id, second.id}
    content = (scene.source / "file").read_bytes()
    assert (content[:5], content[100:105], content[5000:5005]) == (b"store", b"again", b"after")


def test_who_breaks_the_lease_does_not_end_the_view(mount, tree, needs):
    """provfs asks by a lease whether a file is mapped still; opening it meanwhile breaks the lease.

    The kernel then signals who holds it. strace keeps provfs in that moment long enough to meet it.
    """
    assert modes.passthrough_is_default(), modes.account()
    source, mountpoint = tree
    (source / "file").write_bytes(bytes(8192))
    mount(source, mountpoint, prefix=[
        needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=fcntl", "-e", "signal=none",
        "-e", "inject=fcntl:delay_exit=300000"])
    with opened(mountpoint / "file", os.O_RDWR) as descriptor:
        os.pwrite(descriptor, b"before", 0)

    def breaks():
        try:
            os.close(os.open(source / "file", os.O_WRONLY | os.O_NONBLOCK))
            return False
        except BlockingIOError:
            return True

    until(breaks, "a lease is met")
    with opened(mountpoint / "file", os.O_RDWR) as descriptor:
        os.pwrite(descriptor, b"after", 0)
    assert (source / "file").read_bytes()[:6] == b"aftere"
