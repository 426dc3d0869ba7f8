# SPDX-License-Identifier: Apache-2.0
"""Where the programs under test are."""

import os
import pathlib

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


class MissingProgram(Exception):
    """A program under test was not built."""


def find(variable, name):
    """Path of `name`: what the environment variable names, else the newest kind of build there is."""
    named = os.environ.get(variable)
    candidates = [pathlib.Path(named)] if named else [
        REPOSITORY / ".build" / kind / name for kind in ("release", "debug")
    ]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return str(candidate.resolve())
    places = " or ".join(str(candidate) for candidate in candidates)
    raise MissingProgram(f"no {name} at {places}: run `make`, or set {variable} to its path")


def provfs():
    return find("PROVFS", "provfs")


def provstamp():
    return find("PROVSTAMP", "provstamp")
