# SPDX-License-Identifier: Apache-2.0
"""The programs under test, copied to where every user may run them."""

import os
import pathlib
import shutil

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
AGENT_SOURCES = [pathlib.Path(__file__).with_name(name)
                 for name in ("agent.py", "wire.py", "torturer.py")]
_directory = None


class MissingProgram(Exception):
    """A program under test was not built."""


def find(variable, name):
    """Path of `name`: what the environment variable names, else a release, else a debug build."""
    named = os.environ.get(variable)
    candidates = [pathlib.Path(named)] if named else [
        REPOSITORY / ".build" / kind / name for kind in ("release", "debug")
    ]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate.resolve()
    places = " or ".join(str(candidate) for candidate in candidates)
    raise MissingProgram(f"no {name} at {places}: run `make`, or set {variable} to its path")


def stage(directory):
    """Copy what views and sessions need to `directory`: a clone may be where only root can go."""
    global _directory
    _directory = pathlib.Path(directory)
    for source in AGENT_SOURCES:
        shutil.copy(source, _directory)
        (_directory / source.name).chmod(0o644)


def _staged(variable, name):
    copy = _directory / name
    if not copy.exists():
        shutil.copy(find(variable, name), copy)
        copy.chmod(0o755)
    return str(copy)


def directory():
    """A directory with nothing but these programs, for a PATH."""
    provfs(), provstamp()
    return str(_directory)


def provfs():
    return _staged("PROVFS", "provfs")


def provstamp():
    return _staged("PROVSTAMP", "provstamp")


def agent():
    return str(_directory / "agent.py")


def player():
    return str(pathlib.Path(__file__).with_name("player.py"))


def torturer():
    return str(_directory / "torturer.py")
