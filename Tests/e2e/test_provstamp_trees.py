# SPDX-License-Identifier: Apache-2.0
"""provstamp on hostile trees and older kernels; and what is generated from it."""

import ctypes
import errno
import os
import pathlib
import resource
import struct
import subprocess

import pytest

from support import programs, stamping, stamps
from support.questions import ask, files, objects, tree  # noqa: F401 (two are fixtures)


def test_a_tree_deeper_than_any_path_with_few_descriptors(private):
    """A chain of directories with siblings at each level, and no descriptor for each level.

    One worker leaves the siblings for later, so that each level waits with its directory open.
    """
    depth = 1000
    siblings = ("a", "b", "c")
    directory = os.open(private, os.O_RDONLY)
    for _ in range(depth):
        for name in ("down", *siblings):
            os.mkdir(name, dir_fd=directory)
        below = os.open("down", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=directory))
    leaf = f"/proc/self/fd/{directory}/leaf"
    os.setxattr(leaf, "user.prov", stamping.encode(inode=os.stat(leaf).st_ino))
    os.close(directory)

    def limit():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        resource.setrlimit(resource.RLIMIT_NOFILE, (96, 96))

    done = subprocess.run([programs.provstamp(), "find", "--json"], cwd=private, check=False,
                          capture_output=True, preexec_fn=limit)
    assert (done.returncode, done.stderr) == (0, b"")
    [found, summary] = objects(done)
    assert found["path"] == "./" + "down/" * depth + "leaf"
    assert summary["examined"] == depth * (1 + len(siblings)) + 2


def test_a_directory_of_100000(private, ask):
    value = stamping.encode(inode=1)
    for number in range(100_000):
        descriptor = os.open(f"{private}/{number}", os.O_CREAT | os.O_WRONLY)
        if number % 1000 == 0:
            os.setxattr(descriptor, "user.prov", value)
        os.close(descriptor)
    done = ask("find", "--json", "--type", "f")
    summary = objects(done)[-1]
    assert (summary["examined"], summary["found"]) == (100_000, 100)


def test_one_filesystem_and_the_kernels_tables(private, ask, needs):
    (private / "mnt").mkdir()
    (private / "proc").mkdir()
    subprocess.run([needs("mount"), "-t", "tmpfs", "none", private / "mnt"], check=True)
    try:
        subprocess.run([needs("mount"), "-t", "proc", "none", private / "proc"], check=True)
        try:
            stamping.put(private / "mnt" / "there", stamps.SECURITY)
            stamping.put(private / "here", stamps.SECURITY)
            done = ask("find", "--json")
            assert set(files(done)) == {"./mnt/there", "./here"}
            assert objects(done)[-1]["skipped_mounts"] == 1
            assert set(files(ask("find", "-x", "--json"))) == {"./here"}
        finally:
            subprocess.run([needs("umount"), private / "proc"], check=True)
    finally:
        subprocess.run([needs("umount"), private / "mnt"], check=True)


def test_a_reader_that_leaves_ends_it_quietly(private, ask, needs):
    for number in range(3000):
        stamping.put(private / f"{number:0200}")
    shell = f"'{programs.provstamp()}' find | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run([needs("bash"), "-c", shell], cwd=private, capture_output=True, check=True)
    assert done.stderr == b"" and done.stdout.splitlines()[-1] == b"141"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([programs.provstamp(), "find"], cwd=private, stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and b"No space left" in done.stderr


# --- kernels without getxattrat(2), as Debian 12's is


def without_xattrat(error):
    """Makes 463 to 466, the calls of Linux 6.13 that name a file by its directory, fail."""
    load, greater_or_equal, greater, give = 0x20, 0x35, 0x25, 0x06
    program = [(load, 0, 0, 0), (greater_or_equal, 0, 2, 463), (greater, 1, 0, 466),
               (give, 0, 0, 0x00050000 | error), (give, 0, 0, 0x7fff0000)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    filter_program = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, ctypes.create_string_buffer(filter_program), 0, 0) == 0  # PR_SET_SECCOMP


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EPERM])
def test_older_kernels_give_the_same_answers(tree, ask, error):
    os.symlink("own", tree / "link")
    stamping.put(tree / "link", stamps.SECURITY)
    deep = "d/" + "/".join(["n" * 250] * 8)
    os.makedirs(tree / deep)
    stamping.put(tree / deep / "deep")
    for arguments in (["find", "--json", "--sort", "path"], ["verify", "--all"], ["who", "bare"],
                      ["who", "own", "link", "d/none", f"{deep}/deep"], ["who", "/proc/self/status"],
                      ["log", "own"]):
        argv = [programs.provstamp(), *arguments]
        old = subprocess.run(argv, cwd=tree, capture_output=True, check=False,
                             preexec_fn=lambda: without_xattrat(error))
        new = ask(*arguments, directory=tree)
        assert sorted(old.stdout.splitlines()) == sorted(new.stdout.splitlines()) != []
        assert (old.returncode, old.stderr) == (new.returncode, new.stderr)
    checks = subprocess.run([programs.provstamp(), "doctor"], cwd=tree, capture_output=True, check=True,
                            preexec_fn=lambda: without_xattrat(errno.ENOSYS))
    assert b"warn  getxattrat: " in checks.stdout


# --- what is generated, and the doctor


def test_manual_and_completions_are_current(needs):
    script = programs.REPOSITORY / "scripts" / "generate"
    subprocess.run([needs("python3"), script, "--check", programs.provstamp()], check=True)
    subprocess.run([needs("bash"), "-n", programs.REPOSITORY / "completions" / "provstamp.bash"],
                   check=True)


def test_doctor_tries_what_a_directory_can_keep(private, ask):
    checks = {entry["name"]: entry for entry in objects(ask("doctor", "--json", private))}
    assert checks["xattr-user"]["status"] == checks["xattr-security"]["status"] == "ok"
    assert checks["fuse-device"]["status"] == "ok"
    assert os.listdir(private) == []
    done = ask("doctor", "/proc")
    assert done.returncode == 1 and b"fail  xattr: /proc: " in done.stdout
    assert pathlib.Path("/proc/self/agent_session").exists() == (
        checks["agent-sessions"]["status"] == "ok")


# --- what a view stamped


def test_a_view_and_its_source_give_the_same_answers(private, ask, mount, session):
    source, view = private / "source", private / "view"
    source.mkdir()
    view.mkdir()
    mount(source, view)
    writer, other = session(), session()
    writer.shell(f"cd {view} && mkdir d && echo one > d/own && echo two > shared && ln -s d link")
    other.shell(f"cd {view} && echo three >> shared && mv d/own d/moved")
    for place in (view, source):
        own = ask("find", "--session", writer.id, "--sort", "path", directory=place)
        assert own.stdout.decode().splitlines() == ["./d", "./d/moved", "./link"]
        assert ask("find", "--session", other.id, directory=place).stdout == b"./shared\n"
        earlier = objects(ask("log", "--json", "shared", directory=place))[1:]
        assert [entry["session"] for entry in earlier] == [writer.id]
        assert ask("verify", "--by-mtime", directory=place).returncode == 0
    assert b"ok    watched: " in ask("doctor", directory=view).stdout
    assert b"warn  watched: " in ask("doctor", directory=source).stdout
    stamping.tick()
    with open(source / "shared", "a", encoding="ascii") as file:
        file.write("behind the view\n")
    for place in (view, source):
        reasons = {path: entry["reason"] for path, entry in
                   files(ask("verify", "--by-mtime", "--json", directory=place)).items()}
        assert reasons == {"./shared": "modified-later"}
