# SPDX-License-Identifier: Apache-2.0
"""Sessions take turns on a few files, with all that can be kept, passed on and killed; a model knows who wrote.

PROVFS_TEST_TORTURE_SECONDS sets how long (5; once before a release: 1200), PROVFS_TEST_SEED which game.
See support/turns.py.
"""

import os
import random
import subprocess
import time

import pytest

from support import mounts, turns

pytestmark = pytest.mark.modes

SECONDS = float(os.environ.get("PROVFS_TEST_TORTURE_SECONDS", "5"))
NAMES = ["plain0", "plain1", "mixed0", "mixed1"]


@pytest.fixture(params=[["files"], ["files", "again"]], ids=["one-mount", "two-mounts"])
def directories(scene, request):
    """The files' directory; and where it is mounted once more."""
    for name in request.param:
        (scene.source / name).mkdir()
        os.chown(scene.source / name, scene.worker.uid, scene.worker.gid)
    for name in NAMES:
        scene.write(f"files/{name}", bytes(turns.SIZE))
    first, *more = [scene.source / name for name in request.param]
    for again in more:
        subprocess.run(["mount", "--bind", str(first), str(again)], check=True)
    yield request.param
    for again in more:
        mounts.detach(again)


@pytest.mark.timeout(180 + 3 * SECONDS)
def test_nobody_is_named_for_what_another_has_written(scene, directories):
    seed = int(os.environ.get("PROVFS_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    print(f"seed {seed}")
    game = turns.Game(scene, directories, NAMES, seed)
    end = time.monotonic() + SECONDS
    count = 0
    while time.monotonic() < end:
        game.turn()
        count += 1
    game.end()
    print(f"{count} turns")
    assert count > 20
