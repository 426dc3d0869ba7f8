# SPDX-License-Identifier: Apache-2.0
"""Files that are open while others write them: whose change it was, in every mode.

Where the kernel writes the backing file by itself (passthrough), a change is known by what it left:
these are the cases in which that must not blur who made it.
"""

import os

import pytest

from support import programs, stamps

pytestmark = pytest.mark.modes

OPEN = "import os; kept['fd'] = os.open(path, flags, 0o666)"
WRITE = "import os; assert os.pwrite(kept['fd'], b'x' * 100, at) == 100"
CLOSE = "import os; os.close(kept['fd'])"


def opens(session, scene, flags=os.O_RDWR, name="file"):
    session.python(OPEN, path=str(scene.path / name), flags=flags)


def writes(session, at=0):
    session.python(WRITE, at=at)


def closes(session):
    session.python(CLOSE)


def settle(scene, session, name="file"):
    """Reads the stamp through the view: what is pending is stamped first."""
    session.python("""
        import os
        try: os.getxattr(path, attribute)
        except OSError: pass
        """, path=str(scene.path / name), attribute=scene.attribute)


@pytest.fixture
def two(scene):
    return scene.session(), scene.session()


@pytest.mark.parametrize("second_flags", [os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND],
                         ids=["write", "read-write", "append"])
def test_a_second_session_opens_while_the_first_writes(scene, two, second_flags):
    first, second = two
    opens(first, scene, os.O_CREAT | os.O_RDWR)
    writes(first)
    opens(second, scene, second_flags)
    for turn in range(1, 4):
        writes(second, turn * 1000)
        scene.assert_no_false_claim("file", first, second)
        writes(first, turn * 1000 + 500)
    closes(second)
    closes(first)
    if second_flags == os.O_RDWR and not scene.sees_each_write:
        # The second could have mapped the file, and stored to it instead.
        scene.assert_doubted("file", first, second)
        return
    scene.assert_written_by("file", first)
    scene.assert_current("file")
    assert scene.writers("file") == [first.id, second.id] * 3 + [first.id]


def test_the_last_writer_is_not_the_last_to_close(scene, two):
    first, second = two
    scene.write("file", bytes(4096))
    opens(first, scene)
    opens(second, scene)
    writes(first)
    writes(second)
    closes(second)
    scene.assert_written_by("file", second)
    closes(first)
    scene.assert_written_by("file", second)
    assert scene.writers("file")[0] == second.id
    assert first.id in scene.writers("file")


def test_the_first_goes_on_when_the_second_has_closed(scene, two):
    first, second = two
    scene.write("file", bytes(4096))
    opens(first, scene)
    writes(first)
    opens(second, scene)
    writes(second)
    closes(second)
    scene.assert_written_by("file", second)
    writes(first)
    closes(first)
    if not scene.sees_each_write:
        # The second has left a mapping, for all that is known.
        scene.assert_doubted("file", first, second)
        return
    scene.assert_written_by("file", first)
    assert scene.writers("file") == [first.id, second.id, first.id]


def test_the_second_goes_on_when_the_first_has_closed(scene, two):
    first, second = two
    scene.write("file", bytes(4096))
    opens(first, scene)
    opens(second, scene)
    writes(first)
    closes(first)
    scene.assert_no_false_claim("file", first)
    writes(second)
    closes(second)
    third = scene.session()
    opens(third, scene)
    writes(third)
    closes(third)
    assert scene.writers("file")[0] == third.id
    assert {first.id, second.id} < set(scene.writers("file"))


def test_five_sessions_take_turns_with_the_file_open(scene):
    sessions = [scene.session() for _ in range(5)]
    scene.write("file", bytes(8192))
    expected = []
    for one in sessions:
        opens(one, scene)
    for turn in (0, 3, 1, 4, 2, 0, 4):
        writes(sessions[turn], turn * 1000)
        expected.insert(0, sessions[turn].id)
    for one in sessions:
        closes(one)
    if not scene.sees_each_write:
        # The first one's writes pass the daemon: they could be any other's stores.
        assert scene.writers("file")[0] == sessions[4].id
        assert set(scene.writers("file")) == {one.id for one in sessions}
        return
    assert scene.writers("file") == expected
    assert not scene.stamp("file").open


def test_processes_of_one_session_are_one_writer(scene):
    session = scene.session()
    scene.write("file", bytes(4096))
    opens(session, scene)
    for _ in range(3):
        status, _ = session.fork("import os; os.pwrite(kept['fd'], b'child', 0)")
        assert status == 0
        status, _ = session.fork("""
            import os
            fd = os.open(path, os.O_RDWR); os.pwrite(fd, b'again', 100); os.close(fd)
            """, path=str(scene.path / "file"))
        assert status == 0
    closes(session)
    scene.assert_written_by("file", session)
    assert scene.log("file") == []


@pytest.mark.parametrize("idle_flags", [os.O_RDWR, os.O_WRONLY, os.O_RDWR | os.O_APPEND],
                         ids=["read-write", "write", "append"])
@pytest.mark.parametrize("idle_closes_first", [True, False])
def test_who_only_opens_for_writing_wrote_nothing(scene, two, idle_flags, idle_closes_first):
    idle, writer = two
    scene.write("file", bytes(4096))
    opens(idle, scene, idle_flags)
    opens(writer, scene)
    writes(writer)
    for one in (idle, writer) if idle_closes_first else (writer, idle):
        closes(one)
    scene.assert_written_by("file", writer)
    assert scene.log("file") == []


def test_opening_for_writing_and_closing_leaves_an_unstamped_file_unstamped(scene, two):
    first, second = two
    scene.write("file", bytes(4096))
    opens(first, scene)
    opens(second, scene)
    closes(first)
    closes(second)
    scene.assert_unstamped("file")


CHANGES_BY_PATH = {
    "truncate": "os.truncate(path, 10)",
    "extend": "os.truncate(path, 100000)",
    "open-truncating": "os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))",
    "fallocate": "fd = os.open(path, os.O_WRONLY); os.posix_fallocate(fd, 0, 99999); os.close(fd)",
    "punch": """fd = os.open(path, os.O_WRONLY)
assert ctypes.CDLL(None).fallocate(fd, 3, ctypes.c_int64(0), ctypes.c_int64(4096)) == 0
os.close(fd)""",
    "copy": """source = os.open('/etc/hostname', os.O_RDONLY); fd = os.open(path, os.O_WRONLY)
assert os.sendfile(fd, source, 0, 3) == 3
os.close(fd); os.close(source)""",
}


@pytest.mark.parametrize("change", CHANGES_BY_PATH)
def test_a_change_by_path_while_another_has_the_file_open(scene, two, change):
    first, second = two
    scene.write("file", b"x" * 8192)
    opens(first, scene)
    writes(first)
    second.python("import ctypes, os\n" + CHANGES_BY_PATH[change], path=str(scene.path / "file"))
    if change not in ("open-truncating", "copy") and not scene.sees_each_store:
        # A store of the first could have come at the same time.
        scene.assert_doubted("file", first, second)
        return
    scene.assert_written_by("file", second)
    assert scene.writers("file") == [second.id, first.id]
    writes(first, 50)
    closes(first)
    scene.assert_written_by("file", first)
    assert scene.writers("file") == [first.id, second.id, first.id]


CHANGES_OF_THE_INODE = {
    "chmod": "os.chmod(path, 0o600)",
    "times": "os.utime(path, ns=(5, 5))",
    "attribute": "os.setxattr(path, 'user.name', b'value')",
    "link": "os.link(path, path + '.link')",
    "rename": "os.rename(path, path + '.other'); os.rename(path + '.other', path)",
    "read": "open(path, 'rb').read()",
    "sync": "fd = os.open(path, os.O_WRONLY); os.fsync(fd); os.close(fd)",
}


@pytest.mark.parametrize("change", CHANGES_OF_THE_INODE)
def test_another_changes_the_inode_while_a_write_is_pending(scene, two, change):
    """Whatever touches the file between a write and its close, the write stays its writer's."""
    first, second = two
    scene.write("file", b"x" * 8192)
    opens(first, scene)
    writes(first)
    second.python("import os\n" + CHANGES_OF_THE_INODE[change], path=str(scene.path / "file"))
    scene.assert_no_false_claim("file", first)
    closes(first)
    scene.assert_written_by("file", first)
    assert scene.writers("file") == [first.id]


def test_a_copy_of_the_descriptor_is_closed_first(scene):
    earlier, session = scene.session(), scene.session()
    earlier.shell("echo before > file", cwd=scene.path)
    opens(session, scene)
    session.python("import os; kept['copy'] = os.dup(kept['fd'])")
    writes(session)
    closes(session)
    assert scene.stamp("file").session == session.id
    earlier_time = scene.stamp("file").time
    session.python("import os; os.pwrite(kept['copy'], b'more', 500); os.close(kept['copy'])")
    stamp = scene.assert_written_by("file", session)
    assert stamp.time > earlier_time
    scene.assert_current("file")
    assert scene.writers("file") == [session.id, earlier.id]


def test_a_killed_writer_and_one_that_goes_on(scene, two):
    first, second = two
    scene.write("file", bytes(4096))
    opens(second, scene)
    status, pid = first.fork("""
        import os, signal
        fd = os.open(path, os.O_RDWR)
        os.pwrite(fd, b'last words', 0)
        os.kill(os.getpid(), signal.SIGKILL)
        """, path=str(scene.path / "file"))
    assert os.WTERMSIG(status) == 9
    assert scene.assert_written_by("file", first).pid == pid
    writes(second)
    closes(second)
    if not scene.sees_each_write:
        # Whoever was killed may have left a child with a mapping.
        scene.assert_doubted("file", first, second)
        return
    assert scene.writers("file") == [second.id, first.id]


def test_fsync_stamps_what_is_still_open(scene, two):
    first, second = two
    first.shell("echo before > file", cwd=scene.path)
    opens(second, scene)
    writes(second)
    second.python("import os; os.fsync(kept['fd'])")
    assert scene.stamp("file").session == second.id
    scene.assert_current("file")
    closes(second)
    scene.assert_written_by("file", second)
    assert scene.writers("file") == [second.id, first.id]


def test_a_file_that_is_replaced_while_it_is_open(scene, two):
    """The old inode's writer has nothing to do with the file that took its name."""
    first, second = two
    first.shell("echo old > file", cwd=scene.path)
    opens(first, scene)
    second.shell("echo new > other && mv other file", cwd=scene.path)
    writes(first)
    scene.assert_written_by("file", second, created=True)
    closes(first)
    scene.assert_written_by("file", second, created=True)
    # What had the name is history.
    assert [one.session for one in scene.log("file")] == [first.id]
    assert scene.log("file")[0].inode != scene.stamp("file").inode
    assert (scene.source / "file").read_bytes() == b"new\n"


def test_a_file_written_by_another_name_while_it_is_open(scene, two):
    first, second = two
    first.shell("echo x > file && ln file link", cwd=scene.path)
    opens(first, scene)
    writes(first)
    opens(second, scene, name="link")
    writes(second)
    closes(first)
    closes(second)
    scene.assert_written_by("link", second)
    assert scene.writers("file") == [second.id, first.id]


MAP = """
import mmap, os
fd = os.open(path, os.O_RDWR)
kept['mapping'] = mmap.mmap(fd, 8192)
os.close(fd)
"""
STORE = "kept['mapping'][:5] = b'store'"


def test_a_store_after_the_close_of_the_only_descriptor(scene):
    session = scene.session()
    scene.write("file", bytes(8192))
    session.python(MAP, path=str(scene.path / "file"))
    session.python(STORE)
    session.python("kept['mapping'].flush()")
    settle(scene, session)
    # The mapping lives: this need not be the last word.
    assert scene.stamp("file").session == session.id
    session.python("kept['mapping'][4096:4101] = b'again'; kept['mapping'].flush()")
    settle(scene, session)
    assert (scene.source / "file").read_bytes()[4096:4101] == b"again"
    assert scene.stamp("file").session == session.id
    session.python("kept.pop('mapping').close()")
    settle(scene, session)
    scene.assert_no_false_claim("file", session)
    assert scene.log("file") == []


def test_a_store_through_a_mapping_after_another_session_wrote(scene, two):
    """The mapping's writer closed long ago; who wrote since must not be taken for it."""
    first, second = two
    scene.write("file", bytes(8192))
    first.python(MAP, path=str(scene.path / "file"))
    opens(second, scene)
    writes(second, 5000)
    closes(second)
    assert scene.stamp("file").session == second.id
    first.python(STORE + "; kept['mapping'].flush()")
    settle(scene, second)
    assert (scene.source / "file").read_bytes()[:5] == b"store"
    scene.assert_no_false_claim("file", first)
    first.python("kept.pop('mapping').close()")
    settle(scene, second)
    scene.assert_no_false_claim("file", first)


def test_a_write_after_a_store_that_nobody_has_settled(scene, two):
    first, second = two
    scene.write("file", bytes(8192))
    first.python(MAP, path=str(scene.path / "file"))
    first.python(STORE)
    opens(second, scene)
    writes(second, 5000)
    closes(second)
    scene.assert_no_false_claim("file", first, second)
    first.python("kept['mapping'].flush(); kept.pop('mapping').close()")
    settle(scene, second)
    content = (scene.source / "file").read_bytes()
    assert (content[:5], content[5000:5100]) == (b"store", b"x" * 100)
    assert set(scene.writers("file")) <= {first.id, second.id}


def test_a_descriptor_inherited_by_a_session_that_is_started(scene):
    """Who wrote is the inner session; where its writes are not requests, it or nobody is named."""
    outer = scene.session()
    output = outer.shell(f"""
        {programs.provstamp()} run -- sh -c 'echo $AGENT_SESSION_ID; echo inner >&3' 3>> file
        """, cwd=scene.path)[1]
    inner = output.decode().strip()
    assert (scene.source / "file").read_bytes() == b"inner\n"
    stamp = scene.stamp("file")
    if scene.sees_each_write:
        assert stamp.session == inner and stamp.root == outer.id[:8]
    else:
        assert stamp is None or stamp.session == inner or stamp.time < mtime(scene), stamp


def test_opener_and_heir_both_write(scene):
    outer = scene.session()
    output = outer.shell(f"""
        exec 3>> file
        echo before >&3
        {programs.provstamp()} run -- sh -c 'echo $AGENT_SESSION_ID; echo inner >&3'
        echo after >&3
        """, cwd=scene.path)[1]
    inner = output.decode().strip()
    assert (scene.source / "file").read_bytes() == b"before\ninner\nafter\n"
    if scene.sees_each_write:
        assert scene.writers("file") == [outer.id, inner, outer.id]
    else:
        assert set(scene.writers("file")) <= {inner, outer.id}
        # The last to close is the opener, which did write last.
        scene.assert_no_false_claim("file", outer)


def mtime(scene):
    return os.lstat(scene.source / "file").st_mtime_ns


def test_the_stamp_is_read_again_and_again_while_the_file_grows(scene):
    """A reader never sees a stamp older than what it has already read of the content."""
    writer, reader = scene.session(), scene.session()
    opens(writer, scene, os.O_CREAT | os.O_RDWR)
    for turn in range(10):
        writes(writer, turn * 100)
        value = reader.python("""
            import os
            result = os.stat(path).st_size, os.getxattr(path, attribute), os.stat(path).st_mtime_ns
            """, path=str(scene.path / "file"), attribute=scene.attribute)
        size, stamp, changed = value[0], stamps.decode(value[1]), value[2]
        assert size == (turn + 1) * 100
        assert stamp.session == writer.id
        assert stamp.time >= changed
    closes(writer)
    scene.assert_written_by("file", writer)
    assert scene.log("file") == []
