# SPDX-License-Identifier: Apache-2.0
"""Git repositories of a test's own: nothing of the machine's settings reaches them."""

import os
import pathlib
import subprocess

import pytest

from . import identity, programs, stamping


class Repository:
    """A work tree and what a test does in it, as somebody."""

    def __init__(self, path, who=identity.ROOT, home=None):
        self.path = pathlib.Path(path)
        self.who = who
        self.environment = who.environment(home or "/") | {
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
            "PATH": f"{programs.directory()}:/usr/local/bin:/usr/bin:/bin",
        }

    def create(self, *options):
        self.git("init", "-q", "-b", "main", *options)
        self.git("config", "user.name", "A U Thor")
        self.git("config", "user.email", "author@example.com")
        return self

    def git(self, *arguments, check=True, directory=None, env=(), **options):
        """Run git; its standard output, or the finished process where `check` is False."""
        done = self.run("git", *arguments, directory=directory, env=env, **options)
        if not check:
            return done
        assert done.returncode == 0, f"git {arguments}: {done.stderr.decode(errors='replace')}"
        return done.stdout

    def ask(self, *arguments, **options):
        """Run provstamp in the tree: a finished process."""
        return self.run(programs.provstamp(), *arguments, **options)

    def run(self, *argv, directory=None, env=(), who=None, **options):
        return (who or self.who).run([os.fsencode(word) for word in argv], check=False,
                                     cwd=directory or self.path, env=self.environment | dict(env),
                                     **options)

    def write(self, name, content=b"content\n", **stamp):
        """A file with this content, and a stamp of the session that is given, if one is."""
        path = os.fsencode(self.path) + b"/" + os.fsencode(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        if stamp:
            stamping.put(path, **stamp)
        if self.who.uid:
            os.lchown(path, self.who.uid, self.who.gid)

    def commit(self, message="commit", *options):
        """Commit everything; the commit's name."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, *options)
        return self.head()

    def head(self, revision="HEAD"):
        return self.git("rev-parse", revision).decode().strip()


@pytest.fixture
def repository(private):
    """An empty repository of root's."""
    path = private / "repository"
    path.mkdir()
    return Repository(path).create()


def rows(done):
    """What `provstamp status` printed into a pipe: (letters, session, label, time, name) each."""
    return [tuple(line.split("\t")) for line in done.stdout.decode().splitlines()]


def listed(done):
    """The same by name: letters, session and label."""
    return {row[4]: row[:3] for row in rows(done)}
