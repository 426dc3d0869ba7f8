# SPDX-License-Identifier: Apache-2.0
"""Where two may have made a change nobody is named: every way to a false stamp that was found, by its kind."""

import os
import subprocess

import pytest

from support import places, stamps
from support.filesystems import small_filesystem
from support.mounts import detach, until
from support.system import opened

pytestmark = pytest.mark.modes

SIZE = 8192
OPEN = "import os; kept['fd'] = os.open(path, flags, 0o666)"
WRITE = "import os; assert os.pwrite(kept['fd'], b'x' * 100, at) == 100"
CLOSE = "import os; os.close(kept['fd'])"
STAT = "import os; os.stat(path)"
MAP = """
import mmap, os
fd = os.open(path, os.O_RDWR)
kept['mapping'] = mmap.mmap(fd, 8192)
os.close(fd)
"""


@pytest.fixture
def two(scene):
    return scene.session(), scene.session()


def settle(scene, session, name="file"):
    session.python("""
        import os
        try: os.getxattr(path, attribute)
        except OSError: pass
        """, path=str(scene.path / name), attribute=scene.attribute)


def test_a_store_beside_the_writes_of_another(scene, two):
    """One writes, the other stores, in turn; both have the file open for reading and writing."""
    writer, storer = two
    scene.write("file", bytes(SIZE))
    writer.python(OPEN, path=str(scene.path / "file"), flags=os.O_RDWR)
    storer.python(MAP, path=str(scene.path / "file"))
    for turn in range(4):
        writer.python(WRITE, at=turn * 100)
        storer.python("kept['mapping'][at:at + 5] = b'store'; kept['mapping'].flush()",
                      at=4096 + turn * 100)
        settle(scene, writer)
        scene.assert_no_false_claim("file", storer)
    writer.python(CLOSE)
    scene.assert_no_false_claim("file", storer)
    storer.python("kept.pop('mapping').close()")
    settle(scene, writer)
    scene.assert_no_false_claim("file", storer)


@pytest.mark.parametrize("asks", ["stat", "stamp", "nobody"])
def test_whose_write_was_looked_at_before_the_borrower_closed(scene, two, asks):
    """A descriptor is passed on; its borrower writes, somebody looks, and the borrower closes it."""
    opener, borrower = two
    scene.write("file", bytes(100))
    path = str(scene.path / "file")
    # Two processes of two sessions share the file by a socket in a directory of their own.
    socket = str(scene.place.scratch / "home" / "socket")
    borrower.python("""
        import os, socket
        kept['socket'] = socket.socket(socket.AF_UNIX)
        kept['socket'].bind(at)
        kept['socket'].listen()
        os.chmod(at, 0o777)
        """, at=socket)
    opener.python(OPEN + """
import socket
with socket.socket(socket.AF_UNIX) as link:
    link.connect(at)
    socket.send_fds(link, [b'x'], [kept['fd']])
""", path=path, flags=os.O_WRONLY, at=socket)
    borrower.python("""
        import os, socket
        link, _ = kept.pop('socket').accept()
        _, fds, _, _ = socket.recv_fds(link, 1, 1)
        kept['fd'] = fds[0]
        os.pwrite(kept['fd'], b'borrowed', 0)
        """)
    if asks == "stat":
        borrower.python(STAT, path=path)
    elif asks == "stamp":
        settle(scene, borrower)
    borrower.python(CLOSE)
    opener.python(CLOSE)
    scene.assert_no_false_claim("file", borrower)


def test_a_write_by_an_io_uring_after_the_last_close(scene):
    """What has no descriptor any more is nobody's, in the end."""
    maker = scene.session()
    scene.write("file", bytes(100))
    maker.python(RING, path=str(scene.path / "file"))
    settle(scene, maker)
    if scene.sees_each_write:
        scene.assert_no_false_claim("file", maker)
    else:
        until(lambda: scene.stamp("file") is None, "the write is nobody's")


RING = '''
import ctypes, mmap, os, struct
libc = ctypes.CDLL(None, use_errno=True)
params = bytearray(120)
ring = libc.syscall(425, 2, (ctypes.c_char * 120).from_buffer(params))
assert ring >= 0, ctypes.get_errno()
entries = struct.unpack_from("10I", params, 0)
sq = struct.unpack_from("8I", params, 40)
rings = mmap.mmap(ring, sq[6] + 4 * entries[0] + 4096, offset=0)
requests = mmap.mmap(ring, 64 * entries[0], offset=0x10000000)
fd = os.open(path, os.O_WRONLY)
array = (ctypes.c_int * 1)(fd)
assert libc.syscall(427, ring, 2, array, 1) == 0, ctypes.get_errno()
os.close(fd)
data = ctypes.create_string_buffer(b"by the ring")
# IORING_OP_WRITE of the registered file 0
struct.pack_into("<BBHiQQIIQ", requests, 0, 23, 1, 0, 0, 0, ctypes.addressof(data), 11, 0, 1)
tail = struct.unpack_from("I", rings, sq[1])[0]
struct.pack_into("I", rings, sq[6] + 4 * (tail & 1), 0)
struct.pack_into("I", rings, sq[1], tail + 1)
assert libc.syscall(426, ring, 1, 1, 1, None, 0) == 1, ctypes.get_errno()
rings.close(); requests.close()
os.close(ring)
'''


def test_a_store_while_somebody_sets_the_times(scene, two):
    """Each store is on record, or the file is nobody's, however close the times are set to it."""
    storer, setter = two
    scene.write("file", bytes(SIZE))
    path = str(scene.path / "file")
    for turn in range(30):
        setter.shell("printf x > file", cwd=scene.path)
        scene.write("file", bytes(SIZE))
        setter.python("import os; fd = os.open(path, os.O_RDWR); os.pwrite(fd, b'y' * 100, 0); os.close(fd)",
                      path=path)
        storer.python(MAP, path=path)
        storer.begin("python", "kept['mapping'][:5] = b'store'", {})
        setter.python("""
            import os
            for _ in range(20): os.utime(path, ns=(7, 7))
            """, path=path)
        storer.finish()
        storer.python("kept.pop('mapping').close()")
        settle(scene, setter)
        stamp = scene.stamp("file")
        named = stamp.session if stamp else None
        assert named != setter.id, f"turn {turn}: {stamp}"
        scene.assert_no_false_claim("file", storer)


def test_asynchronous_direct_writes_wait_for_their_answer(scene):
    """Who has asked could be gone otherwise, and its number another's."""
    session = scene.session()
    scene.write("file", bytes(SIZE))
    done = session.python("""
        import ctypes, mmap, os, struct
        libc = ctypes.CDLL(None, use_errno=True)
        context = ctypes.c_ulong(0)
        assert libc.syscall(206, 1, ctypes.byref(context)) == 0, ctypes.get_errno()
        buffer = mmap.mmap(-1, 4096)
        fd = os.open(path, os.O_WRONLY | os.O_DIRECT)
        address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        block = ctypes.create_string_buffer(
            struct.pack("<QIIHhIQQqQII", 0, 0, 0, 1, 0, fd, address, 4096, 0, 0, 0, 0), 64)
        blocks = (ctypes.c_void_p * 1)(ctypes.addressof(block))
        assert libc.syscall(209, context, 1, blocks) == 1, ctypes.get_errno()
        events = ctypes.create_string_buffer(32)
        none = (ctypes.c_long * 2)(0, 0)
        result = libc.syscall(208, context, 0, 1, events, none)
        os.close(fd)
        """, path=str(scene.path / "file"))
    if scene.sees_each_store:
        assert done == 1
    scene.assert_written_by("file", session)


HARMLESS = {
    "touch": "os.utime(path)",
    "mode": "os.chmod(path, 0o640)",
    "owner": "os.chown(path, os.geteuid(), os.getegid())",
    "attribute": "os.setxattr(path, 'user.name', b'value')",
    "link": "os.link(path, path + '.link')",
    "unlink": "os.link(path, path + '.link'); os.unlink(path + '.link')",
    "rename": "os.rename(path, path + '.other'); os.rename(path + '.other', path)",
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_is_no_change_of_content_renews_a_stamp_that_holds(scene, two, change):
    first, second = two
    first.shell("echo x > file", cwd=scene.path)
    before = scene.stamp("file")
    # Longer than what ctime may lie behind a stamp's time.
    second.python("import os, time; time.sleep(0.05)\n" + HARMLESS[change],
                  path=str(scene.path / "file"))
    after = scene.assert_written_by("file", first, created=True)
    seen = os.lstat(scene.source / "file")
    assert after.time > before.time
    assert after.time >= seen.st_mtime_ns
    assert seen.st_ctime_ns <= after.time + 20_000_000
    assert scene.log("file") == []


@pytest.mark.parametrize("change", HARMLESS)
def test_a_stamp_that_does_not_hold_is_not_renewed(scene, change):
    session = scene.session()
    session.shell("echo x > file", cwd=scene.path)
    before = scene.stamp("file")
    session.python("import time; time.sleep(0.05)")
    # Past the view, with the times put back: by mtime nothing has happened.
    times = os.lstat(scene.source / "file")
    (scene.source / "file").write_bytes(b"past\n")
    os.utime(scene.source / "file", ns=(times.st_atime_ns, times.st_mtime_ns))
    session.python("import os\n" + HARMLESS[change], path=str(scene.path / "file"))
    assert scene.stamp("file").time == before.time


def test_a_file_that_replaces_another_inherits_its_history(scene):
    one, two_, three = scene.session(), scene.session(), scene.session()
    one.shell("echo one > file", cwd=scene.path)
    inode = os.lstat(scene.source / "file").st_ino
    two_.shell("echo two >> file", cwd=scene.path)
    three.shell("echo three > new; mv new file", cwd=scene.path)
    scene.assert_written_by("file", three, created=True)
    assert scene.writers("file") == [three.id, two_.id, one.id]
    assert {entry.inode for entry in scene.log("file")} == {inode}
    # Whoever follows himself is not an earlier writer.
    three.shell("echo again > new; mv new file", cwd=scene.path)
    assert scene.writers("file") == [three.id, two_.id, one.id]


def test_exchanged_files_inherit_nothing(scene, two):
    first, second = two
    first.shell("echo one > one", cwd=scene.path)
    second.shell("echo two > two", cwd=scene.path)
    first.python("""
        import ctypes, os
        os.chdir(directory)
        assert ctypes.CDLL(None).renameat2(-100, b'one', -100, b'two', 2) == 0
        """, directory=str(scene.path))
    assert scene.writers("one") == [second.id]
    assert scene.writers("two") == [first.id]


@pytest.mark.places(places.VIEW_ROOT)
def test_whoever_has_the_file_open_past_the_view_may_be_who_writes(scene):
    """A view that has ended leaves such files, and so does any program in the source."""
    session = scene.session()
    scene.write("file", bytes(100))
    with opened(scene.source / "file", os.O_WRONLY) as stranger:
        session.python(OPEN, path=str(scene.path / "file"), flags=os.O_WRONLY)
        os.pwrite(stranger, b"strange", 0)
        settle(scene, session)
        scene.assert_no_false_claim("file")
        session.python(CLOSE)
        scene.assert_no_false_claim("file")


@pytest.mark.places(places.VIEW_ROOT)
def test_files_of_another_filesystem_verify_through_the_view(scene, private):
    session = scene.session()
    with small_filesystem(private, 8) as other:
        inside = scene.source / "inside"
        inside.mkdir()
        subprocess.run(["mount", "--bind", str(other), str(inside)], check=True)
        try:
            session.shell("echo x > inside/file; echo y > new; mv new inside/new", cwd=scene.path)
            value = session.python("import os; result = os.getxattr(path, attribute), os.stat(path).st_ino",
                                   path=str(scene.path / "inside/file"), attribute=scene.attribute)
            assert stamps.decode(value[0]).inode == value[1]
            assert scene.stamp("inside/file").inode == os.lstat(inside / "file").st_ino
        finally:
            detach(inside)


HOLD = "import os; kept['other'] = os.open(path, flags)"


@pytest.mark.places(places.VIEW_ROOT)
@pytest.mark.parametrize("order", ["idle", "before", "both", "mapped", "reader"])
def test_who_writes_to_an_inode_by_two_mounts_inside_the_source_is_in_doubt(scene, order):
    """The same file by two paths of one view, each on a mount of its own."""
    one, other = scene.session(), scene.session()
    for name in ("here", "there"):
        (scene.source / name).mkdir()
    subprocess.run(["mount", "--bind", str(scene.source / "here"), str(scene.source / "there")], check=True)
    try:
        scene.write("here/file", bytes(100))
        scene.write("there/file", bytes(100))
        here, there = str(scene.path / "here/file"), str(scene.path / "there/file")
        one.python(HOLD, path=here, flags=os.O_RDWR)
        if order in ("before", "both"):
            one.python("import os; os.pwrite(kept['other'], b'one', 0)")
        if order == "mapped":
            one.python("import mmap; kept['map'] = mmap.mmap(kept['other'], 100); kept['map'][0] = 49")
        if order == "reader":
            one.python("import os; os.pwrite(kept['other'], b'one', 0); os.fstat(kept['other'])")
        other.python(HOLD, path=there, flags=os.O_RDWR)
        other.python("import os; os.pwrite(kept['other'], b'other', 0)")
        if order == "both":
            one.python("import os; os.fstat(kept['other']); os.pwrite(kept['other'], b'one', 50)")
        if order == "mapped":
            one.python("import os; kept['map'][50] = 49")
        last = one if order in ("both", "mapped") else other
        other.python("import os; os.close(kept['other'])")
        settle(scene, other)
        scene.assert_no_false_claim("here/file", last)
        one.python("import os; kept.pop('map', None); os.close(kept['other'])")
        settle(scene, one)
        scene.assert_doubted("here/file", *([other] if order == "idle" else [one, other]))
    finally:
        detach(scene.source / "there")


def test_set_id_bits_that_a_file_is_made_with_outlive_its_makers_writes(scene):
    """As natively: whoever may keep them (CAP_FSETID) does, and others lose them."""
    session = scene.session()
    script = """
        import os
        os.umask(0)
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o6755)
        os.write(fd, b'x' * 4096)
        result = os.fstat(fd).st_mode & 0o7777
        os.close(fd)
        """
    plain = session.python(script, path=str(scene.place.scratch / "home" / "control"))
    assert session.python(script, path=str(scene.path / "file")) == plain
    assert os.lstat(scene.source / "file").st_mode & 0o7777 == plain
