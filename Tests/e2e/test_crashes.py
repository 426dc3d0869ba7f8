# SPDX-License-Identifier: Apache-2.0
"""provfs killed at random moments under load, again and again.

Every acknowledged write is in the source, no stamp names the wrong writer for the content that is
there, and the next provfs serves at once on the dead mountpoint. PROVFS_TEST_CRASHES sets how often (4).
"""

import os
import random
import re

import pytest

from support.mounts import until
from support.system import KERNEL

pytestmark = pytest.mark.modes

CRASHES = int(os.environ.get("PROVFS_TEST_CRASHES", "4"))
WORKERS, NAMES = 4, 6
# Within it file times do not show what came first: the slack of verification (docs/stamp.md). Later
# kernels date each change that follows a look apart.
SLACK = 0 if KERNEL >= (6, 13) else 20_000_000
SIGNED = re.compile(r"by=([0-9a-f]{32}) ")

# What a worker writes names its session, so that each file says who wrote it last. It notes each
# write before ("B") and after ("D", acknowledged) outside the view, and ends when the view has died.
WORKER = """
import errno, os, random
choose = random.Random(seed)
notes = os.open(notes_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

def noted(name, text, act):
    line = f'{name} {text}\\n'
    os.write(notes, b'B ' + line.encode())
    act(text.encode() + b'\\n')
    os.write(notes, b'D ' + line.encode())

def written(fd, content):
    # A write across two pages can be two requests, of which the first alone was answered.
    while content:
        content = content[os.write(fd, content):]
    os.close(fd)

def replace(text, name):
    noted(name, text, lambda content: written(
        os.open(f'{directory}/{name}', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), content))

def append(text, name):
    text += choose.randrange(3000) * '-'
    noted(name, text, lambda content: written(
        os.open(f'{directory}/{name}', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), content))

def rename_over(text, name):
    def act(content):
        written(os.open(f'{directory}/{name}.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC), content)
        os.rename(f'{directory}/{name}.new', f'{directory}/{name}')
    noted(name, text, act)

def overwrite(text, name):
    def act(content):
        assert os.pwrite(held, content, 0) == len(content)
    noted(name, text, act)

held = os.open(f'{directory}/held-{worker}', os.O_CREAT | os.O_RDWR)
step, result = 0, None
while result is None:
    step += 1
    text = f'by={own} {worker} {step:08}'
    mine = f'own-{worker}-{choose.randrange(names)}'
    act, name = choose.choice(((replace, mine), (rename_over, mine), (overwrite, f'held-{worker}'),
                               (append, f'journal-{choose.randrange(names)}')))
    try:
        act(text, name)
    except OSError as error:
        # The last: a request that was on its way to a ring.
        assert error.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.ECANCELED), error
        result = step
"""


class Round:
    """Sessions that write, from a living view to a dead one."""

    def __init__(self, scene, number, seed):
        self.scene = scene
        self.home = scene.place.scratch / "home"
        self.notes = [self.home / f"notes-{number}-{worker}" for worker in range(WORKERS)]
        self.sessions = [scene.session() for _ in range(WORKERS)]
        for worker, session in enumerate(self.sessions):
            session.begin("python", WORKER, {
                "directory": str(scene.path), "notes_path": str(self.notes[worker]),
                "seed": seed * 10 + worker, "worker": worker, "own": session.id, "names": NAMES})

    def noted(self):
        """How many notes there are, of writes begun and done; 0 until all workers have begun."""
        if not all(path.exists() and path.stat().st_size for path in self.notes):
            return 0
        return sum(path.read_bytes().count(b"\n") for path in self.notes)

    def finish(self):
        for session in self.sessions:
            assert session.finish() > 0
            session.close()

    def writes(self):
        """(name, text, whether it was acknowledged) of each write, in each worker's order."""
        for path in self.notes:
            begun = None
            for line in path.read_text().splitlines():
                kind, name, text = line.split(" ", 2)
                if kind == "B":
                    begun = (name, text)
                else:
                    assert begun == (name, text)
                    yield name, text, True
                    begun = None
            if begun:
                yield *begun, False


def check_content(scene, crash):
    """Every acknowledged write is there, and nothing else but what was under way; what was."""
    last, under_way, journals = {}, {}, {}
    for name, text, acknowledged in crash.writes():
        if name.startswith("journal"):
            # A record across two pages can be cut off between them when the daemon is killed. It
            # was not acknowledged, and the next record then stands on the same line.
            if acknowledged:
                if name not in journals:
                    journals[name] = (scene.source / name).read_text()
                assert f"{text}\n" in journals[name], f"{name} has lost {text}"
        elif acknowledged:
            last[name] = text
        else:
            under_way[name] = text
    for name, text in last.items():
        content = (scene.source / name).read_text()
        allowed = [text + "\n"]
        if name in under_way:
            # Of a replacement that was under way the file may have been emptied.
            allowed += ["", under_way[name] + "\n"]
        assert content in allowed, (name, content, allowed)
    return under_way


def check_stamps(scene, under_way):
    """No stamp names anybody but the last writer, unless it is older than the content."""
    seen = 0
    for name in os.listdir(scene.source):
        content = (scene.source / name).read_text()
        written = content or under_way.get(name.removesuffix(".new"), "")
        stamp = scene.stamp(name)
        if stamp is None or not written:
            continue
        lines, _, cut_off = written.rpartition("\n")
        signatures = SIGNED.findall(cut_off or lines)
        if not signatures:
            continue  # a record that was cut off before it said whose it is
        writer = signatures[-1]
        changed = os.lstat(scene.source / name).st_mtime_ns
        assert stamp.session == writer or stamp.time < changed + SLACK, (
            f"{name}: {stamp} for what {writer} wrote at {changed}")
        assert stamp.inode == os.lstat(scene.source / name).st_ino
        seen += stamp.session == writer
    assert seen, "not one file bears its writer's stamp"


@pytest.mark.timeout(180 + 60 * CRASHES)
def test_kill_9_at_random_moments(scene, mount):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    choose = random.Random(seed)
    view = scene.place.view
    for number in range(CRASHES):
        crash = Round(scene, number, seed + number)
        enough = choose.randrange(60, 1200)
        until(lambda: crash.noted() >= enough, f"{enough} writes are noted", patience=120)
        for _ in range(choose.randrange(2000)):
            pass
        view.kill()
        crash.finish()
        check_stamps(scene, check_content(scene, crash))
        # The next start takes the dead mountpoint away by itself, and serves at once.
        view = mount(scene.source, scene.path, view.identity, ",".join(view.options))
        after = scene.session()
        # What is empty does not say who made it so: nothing of it goes into the next round.
        after.shell(f"echo by={after.id} . > after; echo by={after.id} . >> journal-0; "
                    "find . -name '*.new' -delete -or -empty -type f -delete", cwd=scene.path)
        scene.assert_written_by("after", after)
        scene.assert_written_by("journal-0", after)
        after.close()
