#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who is named for what: each way to change a file, or not to, by a session on a file that another session wrote.

usage: ways.py PROVSTAMPD WAYS DIRECTORY

Starts provstampd, makes sessions by its socket, works in DIRECTORY, and reads stamps from the bytes of the attribute. WAYS
is the program of ways.c. Prints TAP. Exit status: 0 all passed; 1 something failed.
"""

import mmap
import os
import pathlib
import socket
import subprocess
import sys
import textwrap
import threading
import time

SOCKET = "/run/provstampd/socket"
LOG = pathlib.Path("/run/provstampd-test.log")
BARRIER, ENTER = b"b", b"e"
STAMPER = 3
PATIENCE = 300

# What a session executes; `path` is the file, which another session wrote.
WRITES = {
    "write": "fd = os.open(path, os.O_WRONLY); os.write(fd, b'after'); os.close(fd)",
    "pwrite": "fd = os.open(path, os.O_RDWR); os.pwrite(fd, b'after', 3); os.close(fd)",
    "writev": "fd = os.open(path, os.O_WRONLY); os.writev(fd, [b'a', b'b']); os.close(fd)",
    "append": "fd = os.open(path, os.O_WRONLY | os.O_APPEND); os.write(fd, b'x'); os.close(fd)",
    "truncate": "os.truncate(path, 2)",
    "ftruncate": "fd = os.open(path, os.O_WRONLY); os.ftruncate(fd, 2); os.close(fd)",
    "open that truncates": "os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))",
    "fallocate": "fd = os.open(path, os.O_WRONLY); os.posix_fallocate(fd, 0, 9000); os.close(fd)",
    "sendfile": """
        source = os.open('/etc/passwd', os.O_RDONLY); fd = os.open(path, os.O_WRONLY)
        assert os.sendfile(fd, source, 0, 3) == 3
        os.close(fd)""",
    "splice": """
        receive, send = os.pipe(); os.write(send, b'spliced'); fd = os.open(path, os.O_WRONLY)
        assert os.splice(receive, fd, 7) == 7
        os.close(fd)""",
    "copy_file_range": """
        source = os.open(path + '.other', os.O_RDONLY); fd = os.open(path, os.O_WRONLY)
        assert os.copy_file_range(source, fd, 5) == 5
        os.close(fd)""",
    "store to a shared mapping": """
        fd = os.open(path, os.O_RDWR); mapping = mmap.mmap(fd, 0); os.close(fd)
        mapping[:5] = b'after'; mapping.close()""",
    "thread": """
        def write():
            with open(path, 'w') as file: file.write('after')
        thread = threading.Thread(target=write); thread.start(); thread.join()""",
    "duplicated descriptor": """
        fd = os.open(path, os.O_WRONLY); again = os.dup(fd); os.close(fd)
        os.write(again, b'after'); os.close(again)""",
    "hard link": "os.link(path, path + '.link'); open(path + '.link', 'w').close()",
    "exit without close": "fd = os.open(path, os.O_WRONLY); os.write(fd, b'after')",
    "orphan in a session of the terminal's": """
        receive, send = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                with open(path, 'w') as file: file.write('after')
            os._exit(0)
        os.close(send); os.read(receive, 1)""",
    "another program": "os.execvp('sh', ['sh', '-c', 'echo after >\"$0\"', path])",
    "user namespace": "os.execvp('unshare', ['unshare', '-Ur', 'sh', '-c', 'echo >\"$0\"', path])",
    "pid namespace": "os.execvp('unshare', ['unshare', '-Urpf', 'sh', '-c', 'echo >\"$0\"', path])",
    **{way: f"os.execv(ways, [ways, '{way}', path])"
       for way in ("io_uring", "io_uring-worker", "io_uring-poller", "aio")},
}
KEEPS = {
    "open for writing": "os.close(os.open(path, os.O_RDWR))",
    "chmod": "os.chmod(path, 0o600)",
    "rename": "os.rename(path, path + '.new'); os.rename(path + '.new', path)",
    "read-only mapping": """
        fd = os.open(path, os.O_RDWR); mapping = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
        mapping[0]; mapping.close(); os.close(fd)""",
}


def ask(request):
    """What the daemon tells in answer to a request."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(SOCKET)
        connection.send(request)
        answer = connection.recv(64)
    assert answer[:1] == b"\0", f"provstampd refused {request!r}: {os.strerror(answer[0]) if answer else 'no answer'}"
    return answer[1:]


def in_session(source, path, ways):
    """Execute this in a new session; its id."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(send, ask(ENTER)[:16])
            os.close(send)
            exec(textwrap.dedent(source), {"mmap": mmap, "os": os, "threading": threading, "path": path, "ways": ways})
            os._exit(0)
        except BaseException as failure:  # A child must not go on as its parent.
            print(f"# {failure!r}", flush=True)
            os._exit(1)
    os.close(send)
    session = os.read(receive, 16)
    os.close(receive)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the session's process ended with wait status {status}"
    return session.hex()


def stamps(path):
    """The stamp and the earlier ones, as (stamper, session, time, inode)."""
    ask(BARRIER)
    found = []
    for name in ("security.prov", "security.prov.log"):
        try:
            value = os.getxattr(path, name)
        except OSError:
            continue
        assert len(value) % 64 == 0, f"{name} has {len(value)} bytes"
        for stamp in (value[at:at + 64] for at in range(0, len(value), 64)):
            found.append((stamp[1], stamp[16:32].hex(), int.from_bytes(stamp[32:40], "little"),
                          int.from_bytes(stamp[40:48], "little")))
    return found


def check(path, source, keeps, ways):
    first = in_session("""
        for name in (path, path + '.other'):
            with open(name, 'w') as file: file.write('before' * 20)""", path, ways)
    # Of two writers within 10 ms of each other nobody can tell who was last, and nobody is named.
    time.sleep(0.05)
    second = in_session(source, path, ways)
    found = stamps(path)
    expected = [first] if keeps else [second, first]
    assert [session for _, session, _, _ in found] == expected, f"{found}, expected sessions {expected}"
    stamper, _, when, inode = found[0]
    seen = os.stat(path)
    assert stamper == STAMPER and inode == seen.st_ino, f"{found[0]}: of another stamper or inode"
    assert when >= seen.st_mtime_ns, f"{found[0]}: older than the content, of {seen.st_mtime_ns}"


def start(program):
    with open(LOG, "wb") as log:
        daemon = subprocess.Popen([program, "-f"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            ask(BARRIER)
            return daemon
        except (FileNotFoundError, ConnectionRefusedError):
            assert daemon.poll() is None, f"provstampd ended: {LOG.read_text('utf-8', 'replace')}"
            assert time.monotonic() < end, f"provstampd does not answer: {LOG.read_text('utf-8', 'replace')}"
            time.sleep(0.1)


def main():
    program, ways, directory = sys.argv[1:]
    failed = False

    def verdict(name, function, *arguments):
        nonlocal failed
        try:
            value = function(*arguments)
            print(f"ok - {name}", flush=True)
            return value
        except Exception as failure:
            failed = True
            print(f"not ok - {name}\n# {failure!r}", flush=True)

    def end():
        daemon.terminate()
        assert daemon.wait(PATIENCE) == 0, LOG.read_text("utf-8", "replace")

    daemon = verdict("provstampd starts", start, program)
    if daemon:
        for keeps, scenes in ((False, WRITES), (True, KEEPS)):
            for name, source in scenes.items():
                path = os.path.join(directory, name.replace(" ", "-"))
                verdict(f"{name} {'names nobody new' if keeps else 'names its session'}", check, path, source, keeps, ways)
        verdict("provstampd ends well when it is told to", end)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
