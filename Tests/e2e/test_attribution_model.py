# SPDX-License-Identifier: Apache-2.0
"""Eight processes of four sessions do everything to the same files; a model knows content and writers.

PROVFS_TEST_TORTURE_SECONDS sets how long (5; once before a release: 1200). See support/torturer.py.
"""

import json
import os
import pathlib
import random
import sys

import pytest

from support import mounts, programs, stamps

pytestmark = pytest.mark.modes

SECONDS = float(os.environ.get("PROVFS_TEST_TORTURE_SECONDS", "5"))
NAMES = [f"{kind}{number}" for kind, count in (("shared", 4), ("passed", 2), ("mapped", 3))
         for number in range(count)]
WORKERS, SESSIONS = 8, 4


@pytest.fixture
def arena(scene):
    """(twins, control): the model of the content, and locks and records; see torturer.py."""
    home = scene.place.scratch / "home"
    twins, control = home / "twins", home / "control"
    for directory in (twins, control):
        directory.mkdir()
        os.chown(directory, scene.worker.uid, scene.worker.gid)
    for name in NAMES:
        scene.write(name, b"begin")
        for path, content in ((twins / name, "begin"), (control / f"{name}.lock", ""),
                              (control / f"{name}.record", ""), (control / f"{name}.generation", "0")):
            path.write_text(content)
            os.chown(path, scene.worker.uid, scene.worker.gid)
    return twins, control


@pytest.mark.timeout(180 + 3 * SECONDS)
def test_everything_at_once_agrees_with_a_model(scene, arena):
    twins, control = arena
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    # A session does one step at a time: two processes of one session are two runs of its command.
    sessions = [scene.session() for _ in range(SESSIONS)]
    shared = {"view": str(scene.path), "twins": str(twins), "control": str(control),
              "names": NAMES, "workers": WORKERS, "seconds": SECONDS,
              "sessions": [sessions[worker % SESSIONS].id for worker in range(WORKERS)]}
    for number, session in enumerate(sessions):
        words = [json.dumps(shared | {"worker": worker, "seed": seed + worker})
                 for worker in range(number, WORKERS, SESSIONS)]
        session.begin("run", ["/bin/sh", "-euc", """
            python=$1 torturer=$2; shift 2
            "$python" -S -E "$torturer" "$1" & first=$!
            "$python" -S -E "$torturer" "$2" & second=$!
            wait $first; wait $second
            """, "sh", os.path.realpath(sys.executable), programs.torturer(), *words], {})
    steps = 0
    answers = [session.finish(mounts.PATIENCE * 4 + SECONDS) for session in sessions]
    for status, output, errors in answers:
        assert status == 0, errors.decode()
        steps += sum(map(int, output.split()))
    assert steps > 100
    print(f"{steps} steps")
    known = {session.id for session in sessions}
    for name in NAMES:
        assert (scene.source / name).read_bytes() == (twins / name).read_bytes(), name
        changes = changes_of_writer(control / f"{name}.record")
        if changes:
            check_stamps(scene, name, changes, known)
        else:
            scene.assert_unstamped(name)


def changes_of_writer(record: pathlib.Path):
    """Who changed what had the name, the latest first, each change of writer once.

    A file that replaces another inherits its history.
    """
    writers = []
    for line in record.read_text().split():
        if line != "new" and (not writers or writers[0] != line):
            writers.insert(0, line)
    return writers


def check_stamps(scene, name, changes, known):
    stamp, writers = scene.stamp(name), scene.writers(name)
    assert set(writers) <= known
    assert stamp is None or not stamp.open, f"{name}: {stamp}"
    if scene.sees_each_store and not name.startswith("mapped"):
        assert writers == changes[:1 + stamps.LOG_MAX], name
        assert stamp.inode == os.lstat(scene.source / name).st_ino
        scene.assert_current(name)
    else:
        # Who writes past the daemon may be doubted, and then nobody is named, or several are on record; whoever
        # is named must be the last who wrote.
        changed = os.lstat(scene.source / name).st_mtime_ns
        assert stamp is None or stamp.session == changes[0] or stamp.time < changed, (name, stamp)
