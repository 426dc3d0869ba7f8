# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: each a piece of work, the same for every system.

It is done by one process or by several at once, each in a directory of its own. Only the work is
timed, never its preparation.
"""

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Callable, ContextManager

from workspace import (
    UNMEASURED, Spent, Workspace, forget_content, forget_names, run, side_by_side)


@dataclass
class Row:
    """`goal` is the most that provfs may take, as many times the plain directory's time.

    `work` enters the meter that it is given (see meter.py) for what is to be measured alone.
    """

    name: str
    work: Callable[[Workspace, ContextManager], Spent]
    prepare: Callable[[Workspace], None] = lambda space: None
    finish: Callable[[Workspace], None] = lambda space: None
    goal: float | None = None


def micro(operation):
    """One operation on many small files, see micro.c."""

    def work(space, meter):
        argv = [space.inputs.micro, operation, space.root / "files", str(space.inputs.files),
                str(space.processes)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError(f"failed: {argv}")
            with meter:
                output = process.communicate(b"\n")[0]
        if process.returncode:
            raise RuntimeError(f"failed: {argv}")
        wall, processor = map(int, output.split())
        return Spent(wall / 1e9, processor / 1e9)

    return work


def make_files(space):
    (space.root / "files").mkdir()
    micro("create")(space, UNMEASURED)


def files(space):
    space.once("files", make_files)


def cold_files(space):
    files(space)
    forget_names()


def empty_directory(space):
    (space.root / "files").mkdir()
    space.made.add("files")


def rename_back(space):
    micro("rename-back")(space, UNMEASURED)


def remove_files(space):
    shutil.rmtree(space.root / "files")
    space.made.discard("files")


def micro_row(name, operation, goal=None, prepare=files, **others):
    return Row(name, micro(operation), prepare, goal=goal, **others)


def fio_arguments(space, pattern, block_size, megabytes):
    # invalidate=0: fio's cache hint reaches the plain file but not the one behind a view, and would
    # compare a cold cache with a warm one.
    return ["fio", "--name=work", f"--directory={space.root}", "--filename_format=data$jobnum",
            f"--rw={pattern}", f"--bs={block_size}", f"--size={megabytes}m", "--ioengine=psync",
            "--invalidate=0", "--fallocate=none", "--randrepeat=1", f"--numjobs={space.processes}",
            "--output-format=json"]


def fio(pattern, block_size, factor=1):
    """Reads of a file that is in the cache; writes to one that is not there (sequential) or not in
    the cache (random). Time is what the calls took, which fio gives in nanoseconds: its run time has
    only milliseconds."""
    side = "write" if "write" in pattern else "read"

    def prepare(space):
        if pattern == "write":
            return
        for name in space.each("data"):
            with open(name, "wb") as file:
                for _ in range(space.inputs.megabytes * factor):
                    file.write(bytes(1 << 20))
        forget_content(space.each("data"))
        forget_content(space.each("data", below=space.source))
        if side == "read":
            run("cat", *space.each("data"))

    def work(space, meter):
        argv = fio_arguments(space, pattern, block_size, space.inputs.megabytes * factor)
        with meter:
            output = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        jobs = json.loads(output)["jobs"]
        calls = [job[side]["lat_ns"]["mean"] * job[side]["total_ios"] / 1e9 for job in jobs]
        processor = [(job["usr_cpu"] + job["sys_cpu"]) / 100 * job[side]["runtime"] / 1e3
                     for job in jobs]
        return Spent(max(calls), sum(processor))

    def finish(space):
        for name in space.each("data"):
            name.unlink()

    size = block_size.replace("m", " MiB").replace("k", " KiB")
    order = "random " if "rand" in pattern else ""
    return Row(f"{order}{side} {size}", work, prepare, finish, goal=1.1)


def on_trees(make_command):
    """One command for each process, in that process's directory `tree0`, `tree1`, …"""
    return lambda space, meter: side_by_side(
        [make_command(tree, space.inputs) for tree in space.each("tree")], meter)


def make_trees(space):
    for tree in space.each("tree"):
        tree.mkdir()


def untar(tree, inputs):
    return ["tar", "-xf", inputs.archive, "-C", tree]


def untarred(space):
    def make(space):
        make_trees(space)
        on_trees(untar)(space, UNMEASURED)
    space.once("trees", make)


def empty_trees(space):
    make_trees(space)
    space.made.add("trees")


def grep(tree, _inputs):
    return ["sh", "-c", 'grep -r no_such_word "$1"; test $? -eq 1', "sh", tree]


def warm_grep(space):
    untarred(space)
    on_trees(grep)(space, UNMEASURED)


def remove(tree, _inputs):
    return ["rm", "-rf", tree]


def trees_are_gone(space):
    space.made.discard("trees")


def git(*words):
    return lambda space, meter: side_by_side(
        [["git", "-C", clone, *words] for clone in space.each("clone")], meter)


def empty_clones(space):
    for clone in space.each("clone"):
        run("git", "clone", "-q", "-n", "--no-hardlinks", space.inputs.repository, clone)
    space.made.add("clones")


def clones(space):
    def make(space):
        empty_clones(space)
        git("checkout", "-q", "HEAD")(space, UNMEASURED)
    space.once("clones", make)


def known_clones(space):
    """git looks again at what was changed in the second in which it wrote its index."""
    clones(space)
    time.sleep(1)
    git("status", "--porcelain")(space, UNMEASURED)


def cold_clones(space):
    known_clones(space)
    forget_names()


def new_repositories(space):
    for repository in space.each("new"):
        repository.mkdir()
        run("git", "init", "-q", repository)
        run(*untar(repository, space.inputs))


def add(space, meter):
    return side_by_side(
        [["git", "-C", repository, "add", "-Af"] for repository in space.each("new")], meter)


def copy_sources(space):
    for tree in space.each("build"):
        shutil.copytree(space.inputs.sources, tree)


def compile_sources(space, meter):
    return side_by_side([["make", "-s", "-C", tree] for tree in space.each("build")], meter)


def sqlite(space, meter):
    script = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);" + "".join(
        f"INSERT INTO t VALUES({i}, 'row {i}');" for i in range(200)
    )
    return side_by_side([["sqlite3", base, script] for base in space.each("database")], meter)


ROWS = [
    Row("create-write-close", micro("create"), empty_directory, goal=4),
    micro_row("open-read-close", "read", goal=6),
    micro_row("stat, cold", "stat", prepare=cold_files),
    micro_row("stat, cached", "stat-cached", goal=1.1),
    micro_row("stat after write", "stat-after-write", goal=5),
    micro_row("readlink, cached", "readlink", goal=1.1),
    micro_row("rename", "rename", finish=rename_back),
    micro_row("unlink", "unlink", finish=remove_files, goal=2.5),
    Row("untar", on_trees(untar), empty_trees, goal=3),
    Row("grep -r", on_trees(grep), warm_grep),
    Row("rm -rf", on_trees(remove), untarred, trees_are_gone),
    Row("git checkout", git("checkout", "-q", "HEAD"), empty_clones, goal=3),
    Row("git status", git("status", "--porcelain"), known_clones, goal=1.5),
    Row("git status, cold", git("status", "--porcelain"), cold_clones),
    Row("git add", add, new_repositories),
    Row("compile", compile_sources, copy_sources, goal=1.05),
    Row("sqlite3 inserts", sqlite),
    fio("write", "1m", factor=4),
    fio("read", "1m", factor=4),
    fio("randwrite", "1m", factor=4),
    fio("randread", "1m", factor=4),
    fio("write", "4k"),
    fio("read", "4k"),
    fio("randwrite", "4k"),
    fio("randread", "4k"),
]
