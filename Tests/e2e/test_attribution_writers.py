# SPDX-License-Identifier: Apache-2.0
"""Ways to write, and who the writer is: by whatever call, thread, mapping or descriptor."""

import os
import textwrap

import pytest

from support import stamps
from support.sessions import StepFailed
from support.system import FUSE_HAS_NAMELESS_FILES

pytestmark = pytest.mark.modes

# Sources for a session's leader; `path` is the file. They write through every call there is.
CALLS = {
    "write": "fd = os.open(path, os.O_WRONLY); os.write(fd, b'after'); os.close(fd)",
    "pwrite": "fd = os.open(path, os.O_RDWR); os.pwrite(fd, b'after', 3); os.close(fd)",
    "writev": "fd = os.open(path, os.O_WRONLY); os.writev(fd, [b'a', b'b']); os.close(fd)",
    "append": "fd = os.open(path, os.O_WRONLY | os.O_APPEND); os.write(fd, b'x'); os.close(fd)",
    "sync": "fd = os.open(path, os.O_WRONLY | os.O_SYNC); os.write(fd, b'x'); os.close(fd)",
    "truncate": "os.truncate(path, 2)",
    "ftruncate": "fd = os.open(path, os.O_WRONLY); os.ftruncate(fd, 2); os.close(fd)",
    "open-truncating": "os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))",
    "fallocate": "fd = os.open(path, os.O_WRONLY); os.posix_fallocate(fd, 0, 9000); os.close(fd)",
    "sendfile": """
        source = os.open('/etc/hostname', os.O_RDONLY); fd = os.open(path, os.O_WRONLY)
        assert os.sendfile(fd, source, 0, 3) == 3
        os.close(fd); os.close(source)""",
    "splice": """
        receive, send = os.pipe(); os.write(send, b'spliced')
        fd = os.open(path, os.O_WRONLY); assert os.splice(receive, fd, 7) == 7
        os.close(fd); os.close(send); os.close(receive)""",
    "copy_file_range": """
        source = os.open(path + '.other', os.O_RDONLY); fd = os.open(path, os.O_WRONLY)
        assert os.copy_file_range(source, fd, 5) == 5
        os.close(fd); os.close(source)""",
    "direct": """
        fd = os.open(path, os.O_WRONLY | os.O_DIRECT)
        buffer = mmap.mmap(-1, 4096); assert os.writev(fd, [buffer]) == 4096
        os.close(fd)""",
    "reopened": """
        fd = os.open(path, os.O_PATH); again = os.open(f'/proc/self/fd/{fd}', os.O_WRONLY)
        os.write(again, b'after'); os.close(again); os.close(fd)""",
    "hard-link": """
        os.link(path, path + '.link'); fd = os.open(path + '.link', os.O_WRONLY)
        os.write(fd, b'after'); os.close(fd)""",
    "then-times": """
        fd = os.open(path, os.O_WRONLY); os.write(fd, b'after')
        os.utime(fd, ns=(5, 5)); os.close(fd)""",
    "then-unlinked-name": """
        os.link(path, path + '.kept'); fd = os.open(path, os.O_WRONLY); os.write(fd, b'after')
        os.unlink(path); os.close(fd); os.rename(path + '.kept', path)""",
    "then-renamed": """
        fd = os.open(path, os.O_WRONLY); os.rename(path, path + '.new'); os.write(fd, b'after')
        os.close(fd); os.rename(path + '.new', path)""",
    "duplicated": """
        fd = os.open(path, os.O_WRONLY); again = os.dup(fd); os.close(fd)
        os.write(again, b'after'); os.close(again)""",
    "thread": """
        def write():
            fd = os.open(path, os.O_WRONLY); os.write(fd, b'after'); os.close(fd)
        thread = threading.Thread(target=write); thread.start(); thread.join()""",
}


@pytest.mark.parametrize("call", CALLS)
def test_every_call_that_writes(scene, call):
    earlier, session = scene.session(), scene.session()
    earlier.shell("echo before > file; echo other > file.other", cwd=scene.path)
    session.python("import os, mmap, threading\n" + textwrap.dedent(CALLS[call]),
                   path=str(scene.path / "file"))
    stamp = scene.assert_written_by("file", session, mapped=False)
    if call != "thread":
        assert stamp.pid == session.leader
    assert stamp.comm.startswith("python3")
    assert scene.writers("file") == [session.id, earlier.id]


def test_stores_through_a_mapping(scene):
    earlier, session = scene.session(), scene.session()
    earlier.shell("head -c 8192 /dev/zero > file", cwd=scene.path)
    session.python("""
        import mmap, os
        fd = os.open(path, os.O_RDWR)
        mapping = mmap.mmap(fd, 8192)
        mapping[5000:5005] = b'after'
        mapping.close()
        os.close(fd)
        """, path=str(scene.path / "file"))
    assert (scene.source / "file").read_bytes()[5000:5005] == b"after"
    scene.assert_written_by("file", session, mapped=True)
    assert scene.writers("file") == [session.id, earlier.id]


def test_a_mapping_that_outlives_its_descriptor(scene):
    """The stores come after the only close; they are known when the mapping is gone and synced."""
    earlier, session = scene.session(), scene.session()
    earlier.shell("head -c 8192 /dev/zero > file", cwd=scene.path)
    session.python("""
        import mmap, os
        fd = os.open(path, os.O_RDWR)
        mapping = mmap.mmap(fd, 8192)
        os.close(fd)
        mapping[:5] = b'after'
        mapping.flush()
        mapping.close()
        """, path=str(scene.path / "file"))
    assert (scene.source / "file").read_bytes()[:5] == b"after"
    # Reading the stamp through the view settles what is pending.
    session.python("import os; os.getxattr(path, name)",
                   path=str(scene.path / "file"), name=scene.attribute)
    scene.assert_written_by("file", session, mapped=True)


def test_a_read_only_mapping_does_not_stamp(scene):
    earlier, session = scene.session(), scene.session()
    earlier.shell("head -c 8192 /dev/zero > file", cwd=scene.path)
    session.python("""
        import mmap, os
        fd = os.open(path, os.O_RDWR)
        with mmap.mmap(fd, 8192, mmap.MAP_SHARED, mmap.PROT_READ) as shared: shared[0]
        with mmap.mmap(fd, 8192, mmap.MAP_PRIVATE) as own: own[:5] = b'after'
        os.close(fd)
        """, path=str(scene.path / "file"))
    scene.assert_written_by("file", earlier)


def test_a_thread_is_named_and_its_process_counted(scene):
    session = scene.session()
    session.python("""
        import ctypes, os, threading
        def write():
            ctypes.CDLL(None).prctl(15, b"a-thread's-name", 0, 0, 0)
            fd = os.open(path, os.O_CREAT | os.O_WRONLY)
            os.write(fd, b'x')
            os.close(fd)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        """, path=str(scene.path / "file"))
    stamp = scene.assert_written_by("file", session, "a-thread's-name")
    assert stamp.pid == session.leader


def test_a_writer_that_names_itself_oddly(scene):
    """comm is bytes that the writer chose; it is kept as it is and breaks nothing."""
    session = scene.session()
    session.python("""
        import ctypes, os
        ctypes.CDLL(None).prctl(15, b") R 1\\n\\xff\\x1b[2J x", 0, 0, 0)
        fd = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.write(fd, b'x')
        os.close(fd)
        """, path=str(scene.path / "file"))
    stamp = scene.assert_written_by("file", session)
    assert os.fsencode(stamp.comm) == b") R 1\n\xff\x1b[2J x"[:15]
    assert stamp.pid == session.leader


def test_a_program_that_execs_another_while_it_writes(scene):
    session = scene.session()
    status = session.fork("""
        import os
        fd = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.write(fd, b'before exec ')
        os.dup2(fd, 1)
        os.execv('/bin/echo', ['echo', 'after exec'])
        """, path=str(scene.path / "file"))[0]
    assert status == 0
    assert (scene.source / "file").read_bytes() == b"before exec after exec\n"
    scene.assert_written_by("file", session)


def test_a_writer_killed_with_the_file_open(scene):
    earlier, session = scene.session(), scene.session()
    earlier.shell("echo before > file", cwd=scene.path)
    status, pid = session.fork("""
        import os, signal
        fd = os.open(path, os.O_WRONLY)
        os.write(fd, b'last words')
        os.kill(os.getpid(), signal.SIGKILL)
        """, path=str(scene.path / "file"))
    assert os.WTERMSIG(status) == 9
    stamp = scene.assert_written_by("file", session)
    assert stamp.pid == pid


def test_a_writer_killed_with_a_mapping(scene):
    earlier, session = scene.session(), scene.session()
    earlier.shell("head -c 4096 /dev/zero > file", cwd=scene.path)
    status, _ = session.fork("""
        import mmap, os, signal
        fd = os.open(path, os.O_RDWR)
        mapping = mmap.mmap(fd, 4096)
        mapping[:5] = b'after'
        os.kill(os.getpid(), signal.SIGKILL)
        """, path=str(scene.path / "file"))
    assert os.WTERMSIG(status) == 9
    session.python("import os; os.getxattr(path, name)",
                   path=str(scene.path / "file"), name=scene.attribute)
    scene.assert_written_by("file", session, mapped=True)


def test_a_stamp_read_while_the_file_is_open(scene):
    """A reader sees the truth up to now; the stamp says that it is not the last word."""
    earlier, session = scene.session(), scene.session()
    earlier.shell("echo before > file", cwd=scene.path)
    value = session.python("""
        import os
        fd = kept['fd'] = os.open(path, os.O_WRONLY)
        os.write(fd, b'first')
        result = os.getxattr(path, name)
        """, path=str(scene.path / "file"), name=scene.attribute)
    seen = stamps.decode(value)
    assert seen.session == session.id and seen.open
    assert seen.time >= (scene.source / "file").stat().st_mtime_ns
    by_descriptor = session.python("import os; result = os.getxattr(kept['fd'], name)",
                                   name=scene.attribute)
    assert stamps.decode(by_descriptor).session == session.id
    session.python("import os; os.write(kept['fd'], b'second'); os.close(kept['fd'])")
    scene.assert_written_by("file", session)
    scene.assert_current("file")
    assert scene.writers("file") == [session.id, earlier.id]


def test_a_file_without_a_name_is_stamped_with_its_name(scene):
    session = scene.session()
    if not FUSE_HAS_NAMELESS_FILES:
        refusal = "import os; os.open(directory, os.O_TMPFILE | os.O_WRONLY)"
        with pytest.raises(StepFailed, match="Operation not supported"):
            session.python(refusal, directory=str(scene.path))
        return
    session.python("""
        import ctypes, os
        fd = os.open(directory, os.O_TMPFILE | os.O_WRONLY, 0o644)
        os.write(fd, b'content')
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.linkat(-100, f'/proc/self/fd/{fd}'.encode(), -100,
                           os.fsencode(directory) + b'/file', 0x400)
        assert done == 0, ctypes.get_errno()
        os.close(fd)
        """, directory=str(scene.path))
    scene.assert_written_by("file", session, created=True)


def test_names_that_are_bytes(scene):
    session = scene.session()
    names = [b"\xff\xfe", b"new\nline", b"n" * 255]
    session.python("""
        import os
        for name in names:
            with open(os.path.join(directory, name), 'wb') as file:
                file.write(b'x')
        """, names=names, directory=os.fsencode(scene.path))
    for name in names:
        scene.assert_written_by(os.fsdecode(name), session, created=True)


def test_time_moves_on_with_every_stamp(scene):
    session = scene.session()
    times = []
    for number in range(5):
        session.shell(f"echo {number} >> file", cwd=scene.path)
        times.append(scene.stamp("file").time)
        scene.assert_current("file")
    assert times == sorted(set(times))


def test_asynchronous_io(scene):
    """io_submit(2): the submitter is the writer."""
    earlier, session = scene.session(), scene.session()
    earlier.shell("echo before > file", cwd=scene.path)
    session.python("""
        import ctypes, mmap, os, platform, struct
        setup, submit, getevents = {'x86_64': (206, 209, 208)}.get(platform.machine(), (0, 2, 4))
        libc = ctypes.CDLL(None, use_errno=True)
        context = ctypes.c_ulong(0)
        assert libc.syscall(setup, 8, ctypes.byref(context)) == 0
        fd = os.open(path, os.O_WRONLY | os.O_DIRECT)
        buffer = mmap.mmap(-1, 4096)
        buffer[:5] = b'after'
        at = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
        IOCB_CMD_PWRITE = 1
        block = struct.pack('QIIHhIQQqQII', 7, 0, 0, IOCB_CMD_PWRITE, 0, fd, at, 4096, 0, 0, 0, 0)
        holder = ctypes.create_string_buffer(block, len(block))
        pointers = (ctypes.c_void_p * 1)(ctypes.addressof(holder))
        assert libc.syscall(submit, context, 1, pointers) == 1, ctypes.get_errno()
        events = ctypes.create_string_buffer(32)
        assert libc.syscall(getevents, context, 1, 1, events, None) == 1
        assert struct.unpack('QQqq', events.raw)[2] == 4096
        os.close(fd)
        """, path=str(scene.path / "file"))
    assert (scene.source / "file").read_bytes()[:5] == b"after"
    scene.assert_written_by("file", session)
