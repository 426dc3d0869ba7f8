# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: each is a piece of work in a directory that is fresh for the row's group.

A row's work is the same for every system and is done by one process or by two, each in a directory
of its own. Only the work is timed, never its preparation.
"""

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable


@dataclass
class Inputs:
    """What the rows work with, made once outside every measured filesystem."""

    micro: Path
    archive: Path
    repository: Path
    sources: Path
    files: int
    megabytes: int


@dataclass
class Row:
    name: str
    run: Callable[[Path, Inputs, int], float]


def drop_caches():
    """Empties dentry, inode and page caches, so that the next look is a cold one."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3\n")


def run_side_by_side(commands, **options):
    """Runs the commands at the same time; returns the seconds until all have succeeded."""
    start = time.monotonic()
    processes = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, **options) for command in commands
    ]
    failed = [p.args for p in processes if p.wait() != 0]
    seconds = time.monotonic() - start
    if failed:
        raise RuntimeError(f"failed: {failed}")
    return seconds


def micro(operation, cold=False):
    def run(directory, inputs, processes):
        if cold:
            drop_caches()
        output = subprocess.run(
            [inputs.micro, operation, directory, str(inputs.files), str(processes)],
            check=True, capture_output=True, text=True,
        ).stdout
        return int(output) / 1e9

    return run


def fio(pattern, block_size):
    def run(directory, inputs, processes):
        # invalidate=0: fio's cache hint reaches the plain file but not the one behind a view,
        # and would compare a cold cache with a warm one.
        output = subprocess.run(
            ["fio", "--name=work", f"--directory={directory}", f"--rw={pattern}",
             f"--bs={block_size}", f"--size={inputs.megabytes}m", "--ioengine=psync",
             "--invalidate=0", "--fallocate=none", f"--numjobs={processes}",
             "--output-format=json"],
            check=True, capture_output=True, text=True,
        ).stdout
        side = "write" if "write" in pattern else "read"
        return max(job[side]["runtime"] for job in json.loads(output)["jobs"]) / 1e3

    return run


def each(make_command):
    """A row that runs one command for each process, in that process's directory."""

    def run(directory, inputs, processes):
        directories = [directory / f"tree{p}" for p in range(processes)]
        for tree in directories:
            tree.mkdir(exist_ok=True)
        return run_side_by_side([make_command(tree, inputs) for tree in directories])

    return run


def git(*words):
    return each(lambda tree, inputs: ["git", "-C", tree / "repository", *words])


def clone(directory, inputs, processes):
    """Not a row: `git checkout` needs a repository without files."""
    for p in range(processes):
        tree = directory / f"tree{p}"
        tree.mkdir(exist_ok=True)
        subprocess.run(
            ["git", "clone", "-q", "-n", "--no-hardlinks", inputs.repository, tree / "repository"],
            check=True,
        )


def checkout(directory, inputs, processes):
    clone(directory, inputs, processes)
    return git("checkout", "-q", "HEAD")(directory, inputs, processes)


def add(directory, inputs, processes):
    for p in range(processes):
        repository = directory / f"tree{p}" / "repository"
        subprocess.run(["git", "-C", repository, "rm", "-rq", "--cached", "."], check=True)
    return git("add", "-A")(directory, inputs, processes)


def compile_tree(directory, inputs, processes):
    trees = [directory / f"build{p}" for p in range(processes)]
    for tree in trees:
        shutil.copytree(inputs.sources, tree)
    return run_side_by_side([["make", "-s", "-C", tree] for tree in trees])


def sqlite(directory, _inputs, processes):
    script = "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);" + "".join(
        f"INSERT INTO t VALUES({i}, 'row {i}');" for i in range(200)
    )
    return run_side_by_side(
        [["sqlite3", directory / f"database{p}", script] for p in range(processes)]
    )


ROWS = [
    Row("create-write-close", micro("create")),
    Row("stat, cached", micro("stat")),
    Row("stat, cold", micro("stat", cold=True)),
    Row("open-read-close", micro("read")),
    Row("rename", micro("rename")),
    Row("untar", each(lambda tree, inputs: ["tar", "-xf", inputs.archive, "-C", tree])),
    Row("grep -r", each(lambda tree, _: ["sh", "-c", f"grep -r no_such_word '{tree}' || true"])),
    Row("git checkout", checkout),
    Row("git status", git("status", "--porcelain")),
    Row("git status, again", git("status", "--porcelain")),
    Row("git add", add),
    Row("compile", compile_tree),
    Row("sqlite3 inserts", sqlite),
    Row("write 1M", fio("write", "1m")),
    Row("read 1M", fio("read", "1m")),
    Row("write 4k", fio("write", "4k")),
    Row("read 4k", fio("read", "4k")),
    Row("random write 4k", fio("randwrite", "4k")),
    Row("random read 4k", fio("randread", "4k")),
    Row("rm -rf", each(lambda tree, _: ["rm", "-rf", tree])),
]

# `unlink` needs the names that `create` made, and `rename` has changed them.
UNLINK = Row("unlink", micro("unlink"))
