# SPDX-License-Identifier: Apache-2.0
"""Asking provstamp: running it, reading its answers, and a tree to ask about."""

import json
import os

import pytest

from . import identity, programs, stamping


@pytest.fixture
def ask(private):
    """ask("find", "--session", …) runs provstamp in the test's directory: a finished process."""
    def run(*arguments, who=identity.ROOT, directory=private, **options):
        argv = [programs.provstamp(), *map(os.fsencode, arguments)]
        return who.run(argv, check=False, cwd=directory, **options)
    return run


def objects(done):
    """The JSON objects that were printed, parsed by somebody else's parser."""
    return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


def files(done):
    return {entry["path"]: entry for entry in objects(done) if entry["type"] == "file"}


@pytest.fixture
def tree(private):
    """Files of two sessions, of a session nested in the first, and of nobody's session."""
    (private / "d").mkdir()
    stamping.put(private / "own", session=stamping.SESSION)
    stamping.put(private / "d" / "nested", session="c0ffee00" * 4, root=stamping.SESSION[:8])
    stamping.put(private / "other", session=stamping.OTHER, comm=b"cc", uid=65534)
    stamping.put(private / "d" / "none", session=stamping.NONE, comm=b"vim",
                 when=1_600_000_000 * 10**9)
    (private / "bare").touch()
    return private


def paths(done):
    return set(done.stdout.decode().splitlines())
