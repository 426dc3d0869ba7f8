# SPDX-License-Identifier: Apache-2.0
"""Tools that look at a tree a second time: they open no content and write nothing.

A stamp moves ctime. git, make, ninja and rsync know a file by its times: a stamp that came after they
had looked would have them read everything again, which no result shows and every user feels. What
they open is what strace(1) sees them open, with the plain directory as the control.
"""

import os
import re
import subprocess
import time

import pytest

from support.mounts import until

pytestmark = pytest.mark.modes

FILES = 120
# CLOCK_REALTIME_COARSE, by which files are dated. It lags: in a new second, they may have the old one.
COARSE = 5
GIT = ("git -c user.name=Tester -c user.email=tester@example.org -c gc.auto=0 "
       "-c init.defaultBranch=main -c core.fsmonitor=false -c core.untrackedCache=false")


class Tree:
    """A directory that a worker's tools work in, in a view or in the control."""

    def __init__(self, place, home, needs):
        self.place, self.home, self.needs = place, home, needs
        self.path = place.path
        needs("strace")

    def shell(self, script):
        environment = self.place.worker.environment(self.home) | {"GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(["/bin/sh", "-euc", script], cwd=str(self.path), env=environment,
                              check=False, capture_output=True)
        assert done.returncode == 0, f"{script}\n{done.stdout!r}\n{done.stderr!r}"
        return done.stdout

    def let_a_second_pass(self):
        """git looks again at what was changed in the second in which it wrote its index."""
        now = int(time.time())
        until(lambda: int(time.clock_gettime(COARSE)) > now, "the next second comes")

    def git_status(self, directory="."):
        self.let_a_second_pass()
        self.shell(f"{GIT} -C {directory} status --porcelain")

    def stale_entries(self, directory="."):
        """The files whose times git's index has not right; what is only racy git compares itself."""
        return self.shell(f"{GIT} -C {directory} diff-files --name-only")

    def make_sources(self, directory):
        self.shell(f"""
            mkdir -p {directory}/a {directory}/b
            n=0
            while [ $n -lt {FILES // 2} ]; do
                echo "int a$n;" > {directory}/a/f$n.c; echo "int b$n;" > {directory}/b/f$n.c
                n=$((n + 1))
            done""")

    def opened_by(self, command):
        """The files below the tree that a command opens, each once, and the command's output."""
        trace = self.home / "trace"
        output = self.shell(f"strace -f -y -qq -s 4096 -e trace=open,openat,openat2,creat "
                            f"-o {trace} {command}")
        opened = set()
        for line in trace.read_text("utf-8", "surrogateescape").splitlines():
            # -y adds to each descriptor what it is; O_PATH opens no content, and directories have none.
            found = re.search(r" = \d+<(.*?)>$", line)
            if found and "O_DIRECTORY" not in line and "O_PATH" not in line:
                opened.add(found[1])
        inside = {os.path.relpath(name, self.path) for name in opened
                  if name.startswith(f"{self.path}/")}
        return {name for name in inside if not (self.place.source / name).is_dir()}, output

    def inodes(self):
        """What every file of the tree is, seen from the source: number, size, times."""
        found = {}
        for directory, _, names in os.walk(self.place.source):
            for name in names:
                status = os.lstat(os.path.join(directory, name))
                path = os.path.relpath(os.path.join(directory, name), self.place.source)
                found[path] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        return found


@pytest.fixture
def work(place, home, needs):
    return Tree(place, home, needs)


def content(names):
    """Of what was opened, the files that hold the tree's content, not a tool's own records."""
    return {name for name in names if name.endswith((".c", ".o", ".a"))}


def assert_second_run_is_idle(work, command):
    before = work.inodes()
    opened, output = work.opened_by(command)
    assert content(opened) == set(), f"{command} opened again what it knew: {output!r}"
    assert work.inodes() == before, f"{command} wrote"
    return output


def test_git_status_after_git_checkout(work):
    work.shell(f"{GIT} init -q ../home/origin")
    work.shell(f"""
        mkdir ../home/origin/a
        n=0; while [ $n -lt {FILES} ]; do echo "int a$n;" > ../home/origin/a/f$n.c; n=$((n + 1)); done
        {GIT} -C ../home/origin add . ; {GIT} -C ../home/origin commit -qm all""")
    work.shell(f"{GIT} clone -q --no-local ../home/origin clone")
    assert work.stale_entries("clone") == b""
    work.git_status("clone")
    assert assert_second_run_is_idle(work, f"{GIT} -C clone status --porcelain") == b""
    assert work.stale_entries("clone") == b""
    work.shell(f"cd clone && {GIT} checkout -q --orphan empty && {GIT} rm -rqf . && "
               f"{GIT} checkout -q main")
    assert work.stale_entries("clone") == b""
    work.git_status("clone")
    assert assert_second_run_is_idle(work, f"{GIT} -C clone status --porcelain") == b""


def test_git_status_after_git_add(work):
    work.shell(f"{GIT} init -q .")
    work.make_sources(".")
    work.shell(f"{GIT} add .")
    assert work.stale_entries() == b""
    work.git_status()
    assert_second_run_is_idle(work, f"{GIT} status --porcelain")
    assert work.stale_entries() == b""


def test_git_status_after_an_edit(work):
    """One file changed: one file is read, once."""
    work.shell(f"{GIT} init -q .")
    work.make_sources(".")
    work.shell(f"{GIT} add . && {GIT} commit -qm all")
    work.git_status()
    work.shell("echo changed >> a/f7.c")
    opened, output = work.opened_by(f"{GIT} status --porcelain")
    assert output == b" M a/f7.c\n"
    assert content(opened) <= {"a/f7.c"}
    work.shell(f"{GIT} add a/f7.c")
    work.git_status()
    assert_second_run_is_idle(work, f"{GIT} status --porcelain")


def test_a_second_make(work, needs):
    needs("make")
    work.make_sources("source")
    (work.home / "Makefile").write_text(
        "sources := $(wildcard source/*/*.c)\n"
        "library.a: $(sources:.c=.o)\n\tcat $^ > $@\n"
        "%.o: %.c\n\tcp $< $@\n")
    work.shell("cp ../home/Makefile . && make -s")
    assert b"up to date" in assert_second_run_is_idle(work, "make")
    work.shell("touch source/a/f3.c && make -s")
    assert b"up to date" in assert_second_run_is_idle(work, "make")


def test_a_second_ninja(work, needs):
    needs("ninja")
    work.make_sources("source")
    names = [f"source/{directory}/f{n}" for directory in "ab" for n in range(FILES // 2)]
    (work.home / "build.ninja").write_text(
        "rule copy\n command = cp $in $out\nrule join\n command = cat $in > $out\n restat = 1\n"
        + "".join(f"build {name}.o: copy {name}.c\n" for name in names)
        + "build library.a: join " + " ".join(f"{name}.o" for name in names) + "\n")
    work.shell("cp ../home/build.ninja . && ninja --quiet")
    output = assert_second_run_is_idle(work, "ninja")
    assert b"no work to do" in output
    work.shell("echo more >> source/a/f3.c && ninja --quiet")
    assert b"no work to do" in assert_second_run_is_idle(work, "ninja")


def test_a_second_rsync(work, needs):
    needs("rsync")
    work.make_sources("../home/from")
    work.shell("rsync -a ../home/from/ to")
    assert assert_second_run_is_idle(work, "rsync -ai ../home/from/ to/") == b""
    work.shell("rsync -a to/ ../home/back")
    assert assert_second_run_is_idle(work, "rsync -ai to/ ../home/back/") == b""


def test_a_tree_unpacked_by_tar_is_known_to_git(work):
    """tar sets times after it has written: the stamp must come between."""
    work.make_sources("../home/from")
    work.shell("tar -C ../home -cf ../home/archive.tar from && tar -xf ../home/archive.tar")
    work.shell(f"cd from && {GIT} init -q . && {GIT} add .")
    work.git_status("from")
    assert_second_run_is_idle(work, f"{GIT} -C from status --porcelain")
    work.shell("tar -df ../home/archive.tar")
