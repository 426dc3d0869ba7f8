# SPDX-License-Identifier: Apache-2.0
"""What rows stand on: a directory of one system, inputs made beforehand, and how work is timed."""

import contextlib
import os
import resource
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path


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
class Spent:
    """What a piece of work took, without what the daemon that serves it took."""

    seconds: float
    processor: float


# For work that prepares a row and is not measured itself.
UNMEASURED = contextlib.nullcontext()


@dataclass
class Workspace:
    """One system in one round: `root` is where rows work, `source` where the files really are."""

    root: Path
    source: Path
    inputs: Inputs
    processes: int
    made: set = field(default_factory=set)

    def once(self, what, make):
        """Has `make(self)` done unless it, or a row that leaves the same, was before."""
        if what not in self.made:
            make(self)
            self.made.add(what)

    def each(self, name, below=None):
        """One path for each process: name0, name1, …"""
        return [(below or self.root) / f"{name}{p}" for p in range(self.processes)]


def make_inputs(directory, tree, files, megabytes):
    """Makes what the rows work with in `directory`; `tree` is what is archived and committed."""
    micro = directory / "micro"
    source = Path(__file__).with_name("micro.c")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", micro, source], check=True)
    archive = directory / "tree.tar"
    subprocess.run(["tar", "-cf", archive, "-C", tree, "."], check=True)
    repository = directory / "repository"
    repository.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", repository], check=True)
    git = ["git", "-C", repository, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-Af"], check=True)
    subprocess.run([*git, "commit", "-qm", "Everything"], check=True)
    return Inputs(micro, archive, repository, make_sources(directory / "sources"), files, megabytes)


def make_sources(directory):
    """A library of 24 units in C, with a Makefile."""
    directory.mkdir()
    units = 24
    for unit in range(units):
        includes = "".join(f"#include <{h}.h>\n" for h in ("stdio", "stdlib", "string", "unistd"))
        functions = "".join(
            f"int f{unit}_{i}(int x) {{ return printf(\"%d\", x * {i}); }}\n" for i in range(100)
        )
        (directory / f"unit{unit}.c").write_text(includes + functions)
    objects = " ".join(f"unit{unit}.o" for unit in range(units))
    (directory / "Makefile").write_text(f"library.a: {objects}\n\tar rc $@ $^\n")
    return directory


def forget_names():
    """Empties the caches of names and inodes, so that the next look is a cold one."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("2\n")


def forget_content(paths):
    """Writes the files back and takes them out of the page cache."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def settle(directory):
    """Writes back what earlier rows have left, so that no row pays for another."""
    descriptor = os.open(directory, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    subprocess.run(["sync", "--file-system", directory], check=True)


def run(*words, **options):
    """Runs a command that is not measured."""
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, **options)


def side_by_side(commands, meter):
    """Runs the commands at the same time; what passes until all have succeeded, and their processor time."""
    with meter:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        processes = [
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            for command in commands
        ]
        failed = [p.args for p in processes if p.wait() != 0]
        seconds = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if failed:
        raise RuntimeError(f"failed: {failed}")
    return Spent(seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
