# SPDX-License-Identifier: Apache-2.0
"""provstamp watch: that files are shown as they are stamped, each stamp once, and losses told."""

import json
import os
import pathlib
import select
import signal
import subprocess

import pytest

from support import identity, programs, stamping
from support.mounts import PATIENCE

LIMIT = pathlib.Path("/proc/sys/fs/inotify/max_queued_events")


class Watch:
    """A watch of a directory, and what it has shown so far."""

    def __init__(self, directory, *arguments):
        self.directory = directory
        self.process = identity.ROOT.popen(
            [programs.provstamp(), "watch", "--json", *arguments], cwd=str(directory),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # It watches when it shows what is stamped now: until then, stamp again.
        while self.read_ready():
            pass

    def read_ready(self):
        """Until the watch has begun."""
        stamping.put(self.directory / "beacon")
        ready, _, _ = select.select([self.process.stdout], [], [], 0.1)
        if not ready:
            return True
        assert self.next()["path"].endswith("beacon")
        return False

    def next(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read().decode()
        return json.loads(line)

    def shown(self, count):
        """Paths of the next so many stamps, but for the beacon's."""
        paths = []
        while len(paths) < count:
            path = self.next()["path"]
            if not path.endswith("beacon"):
                paths.append(path)
        return paths

    def end(self):
        """The rest, the summary, what was said, and the status."""
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=PATIENCE)
        *rest, summary = map(json.loads, output.splitlines())
        return ([entry["path"] for entry in rest if not entry["path"].endswith("beacon")], summary,
                errors.decode(), self.process.returncode)


@pytest.fixture
def watch(private):
    watches = []

    def start(*arguments):
        watches.append(Watch(private, *arguments))
        return watches[-1]

    yield start
    for started in watches:
        if started.process.poll() is None:
            started.process.kill()
            started.process.communicate()


def test_files_are_shown_as_they_are_stamped(private, watch):
    (private / "d").mkdir()
    stamping.put(private / "old", when=1_600_000_000 * 10**9)
    running = watch()
    stamping.put(private / "d" / "new", session=stamping.OTHER)
    assert running.shown(1) == ["./d/new"]
    stamping.put(private / "d" / "new")
    assert running.shown(1) == ["./d/new"]
    rest, summary, errors, status = running.end()
    assert (rest, status, errors) == ([], 0, "")
    assert summary["shown"] >= 3 and (summary["losses"], summary["unwatched"]) == (0, 0)


def test_a_stamp_is_shown_once(private, watch):
    running = watch()
    stamping.put(private / "file")
    assert running.shown(1) == ["./file"]
    os.chmod(private / "file", 0o600)
    os.utime(private / "file")
    os.rename(private / "file", private / "renamed")
    stamping.put(private / "last")
    assert running.shown(2) == ["./renamed", "./last"]
    assert running.end()[0] == []


def test_new_directories_are_watched_with_what_is_in_them(private, watch):
    running = watch()
    outside = private.parent / f"{private.name}-outside"
    (outside / "deep").mkdir(parents=True)
    try:
        stamping.put(outside / "deep" / "before")
        os.rename(outside, private / "moved")
        assert running.shown(1) == ["./moved/deep/before"]
        stamping.put(private / "moved" / "deep" / "after")
        assert running.shown(1) == ["./moved/deep/after"]
        (private / "made/in/one").mkdir(parents=True)
        stamping.put(private / "made/in/one/file")
        assert running.shown(1) == ["./made/in/one/file"]
        os.rename(private / "moved", private / "again")
        assert sorted(running.shown(2)) == ["./again/deep/after", "./again/deep/before"]
        stamping.put(private / "again" / "deep" / "later")
        assert running.shown(1) == ["./again/deep/later"]
    finally:
        if outside.exists():
            (outside / "deep").rmdir()


def test_filters_and_exclusions_hold(private, watch):
    (private / "skip").mkdir()
    (private / ".git").mkdir()
    running = watch("--session", f"{stamping.OTHER},{stamping.SESSION}", "--exclude", "skip",
                    "--exclude", "*.o", "--user", "root")
    stamping.put(private / "skip" / "a", session=stamping.OTHER)
    stamping.put(private / ".git" / "a", session=stamping.OTHER)
    stamping.put(private / "a.o", session=stamping.OTHER)
    stamping.put(private / "none", session=stamping.NONE)
    stamping.put(private / "user", session=stamping.OTHER, uid=1234)
    stamping.put(private / "wanted", session=stamping.OTHER)
    assert running.shown(1) == ["./wanted"]


def test_what_is_gone_before_it_is_looked_at_is_no_trouble(private, watch):
    running = watch()
    for number in range(500):
        path = private / f"{number}"
        stamping.put(path)
        path.unlink()
    stamping.put(private / "last")
    while running.shown(1) != ["./last"]:
        pass
    *_, errors, status = running.end()
    assert (errors, status) == ("", 0)


def test_losses_are_told_and_made_good(private, watch):
    running = watch()
    running.process.send_signal(signal.SIGSTOP)
    count = int(LIMIT.read_text()) // 2  # three events each
    for number in range(count):
        stamping.put(private / f"{number}")
    running.process.send_signal(signal.SIGCONT)
    assert set(running.shown(count)) == {f"./{number}" for number in range(count)}
    _, summary, errors, status = running.end()
    assert summary["losses"] >= 1 and "events were lost" in errors and status == 0


def test_text_is_what_who_prints(private):
    process = subprocess.Popen(
        [programs.provstamp(), "watch"], cwd=private, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not select.select([process.stdout], [], [], 0.1)[0]:
        stamping.put(private / "file")
    line = process.stdout.readline().decode()
    assert line.startswith("./file: session " + stamping.SESSION)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert b"shown; events were lost 0 times" in errors and process.returncode == 0


def test_nothing_shown_is_told(private):
    done = subprocess.run(["timeout", "-s", "INT", "0.5", programs.provstamp(), "watch"], cwd=private,
                          capture_output=True, check=False)
    assert b"0 stamps shown" in done.stderr and done.stdout == b""


@pytest.mark.parametrize("arguments", [["--unstamped"], ["--max-depth", "1"], ["missing"]])
def test_what_cannot_be_watched_is_refused(private, arguments):
    done = subprocess.run(["timeout", "-s", "INT", "1", programs.provstamp(), "watch", *arguments],
                          cwd=private, capture_output=True, check=False)
    assert b"provstamp: " in done.stderr and done.returncode in (2, 124)
