# SPDX-License-Identifier: Apache-2.0
"""Eight processes of four sessions on the same files at random, against a model of every byte.

PROVFS_TEST_TORTURE_STEPS sets how many steps each process takes (300; a long run: 100000).
"""

import os
import random

import pytest

from support import mounts, stamps

pytestmark = pytest.mark.modes

STEPS = int(os.environ.get("PROVFS_TEST_TORTURE_STEPS", "300"))
# A page each: where one process stores through a mapping and another calls write(2) within the same
# page, the kernel's own cache of FUSE files loses one of them now and then (docs/testing.md).
FILES, SLOT, SLOTS = 6, 4096, 8

# Each process owns one slot of every file (it alone writes there, by every means), appends records
# to journals that all share, and makes files that are its own. It answers what its slots should hold.
PROCESS = """
import mmap, os, random
choose = random.Random(seed)
expected = {}
handles = {}

def handle(file):
    if file not in handles or choose.random() < 0.2:
        if file in handles: os.close(handles.pop(file))
        handles[file] = os.open(f'{directory}/shared{file}', os.O_RDWR)
    return handles[file]

def fill(file):
    letter = bytes([choose.randrange(33, 127)])
    at, length = slot * size, size
    return letter, at, letter * length

def by_write(file):
    letter, at, piece = fill(file)
    assert os.pwrite(handle(file), piece, at) == size
    expected[file] = letter

def by_pieces(file):
    letter, at, piece = fill(file)
    for step in range(0, size, 512): os.pwrite(handle(file), piece[:512], at + step)
    expected[file] = letter

def by_mapping(file):
    letter, at, piece = fill(file)
    with mmap.mmap(handle(file), size * slots) as mapping:
        mapping[at:at + size] = piece
        if choose.random() < 0.5: mapping.flush()
    expected[file] = letter

def check(file):
    if file in expected:
        assert os.pread(handle(file), size, slot * size) == expected[file] * size

def journal(file):
    fd = os.open(f'{directory}/journal{file}', os.O_WRONLY | os.O_APPEND)
    os.write(fd, b'%s %d\\n' % (own.encode(), step))
    os.close(fd)

def own_file(file):
    name = f'{directory}/own-{own}-{slot}-{file}'
    with open(name + '.new', 'w') as out: out.write('x' * choose.randrange(5000))
    os.rename(name + '.new', name)

def metadata(file):
    os.utime(f'{directory}/shared{file}')
    os.chmod(f'{directory}/shared{file}', choose.choice((0o644, 0o640)))
    os.fsync(handle(file))

for step in range(steps):
    choose.choice((by_write, by_pieces, by_mapping, check, journal, journal, own_file, metadata))(
        choose.randrange(files))
for fd in handles.values(): os.close(fd)
"""

LEADER = """
import os, pickle
children = []
for slot in own_slots:
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        scope = dict(directory=directory, seed=seed * 100 + slot, slot=slot, own=own, steps=steps,
                     files=files, size=size, slots=slots)
        try:
            exec(compile(source, '<process>', 'exec'), scope)
            os.write(send, pickle.dumps(scope['expected']))
            os._exit(0)
        except BaseException:
            import traceback; traceback.print_exc()
            os._exit(1)
    os.close(send)
    children.append((slot, child, receive))
result = {}
for slot, child, receive in children:
    result[slot] = pickle.loads(os.read(receive, 65536) or pickle.dumps(None))
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.timeout(180 + STEPS)
def test_torture(scene):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    sessions = [scene.session() for _ in range(4)]
    for file in range(FILES):
        scene.write(f"shared{file}", bytes(SLOT * SLOTS))
        scene.write(f"journal{file}", b"")
    for number, session in enumerate(sessions):
        session.begin("python", LEADER, {
            "source": PROCESS, "own_slots": (2 * number, 2 * number + 1), "own": session.id,
            "directory": str(scene.path), "seed": seed, "steps": STEPS, "files": FILES,
            "size": SLOT, "slots": SLOTS})
    expected = {}
    for session in sessions:
        expected |= session.finish(mounts.PATIENCE * 4 + STEPS)
    known = {session.id for session in sessions}

    for file in range(FILES):
        content = (scene.source / f"shared{file}").read_bytes()
        assert len(content) == SLOT * SLOTS
        for slot in range(SLOTS):
            wanted = expected[slot].get(file, b"\0") * SLOT
            assert content[slot * SLOT:(slot + 1) * SLOT] == wanted, (file, slot)
        shared = scene.stamp(f"shared{file}"), scene.log(f"shared{file}")
        assert_nobody_else_is_named(*shared, known)

        records = (scene.source / f"journal{file}").read_text().split("\n")[:-1]
        assert records
        assert_log_is_sound(scene, f"journal{file}", known)
        assert scene.stamp(f"journal{file}").session == records[-1].split()[0]

    owned = [name for name in os.listdir(scene.source) if name.startswith("own-")]
    assert owned
    for name in owned:
        stamp = scene.stamp(name)
        assert stamp.session == name.split("-")[1] and not stamp.open
        assert scene.log(name) == []


def assert_log_is_sound(scene, name, known):
    """Only sessions that took part, each change of writer noted, the newest first."""
    stamp, log = scene.stamp(name), scene.log(name)
    assert_nobody_else_is_named(stamp, log, known)
    assert stamp is not None
    writers = [one.session for one in [stamp, *log]]
    assert all(one != other for one, other in zip(writers, writers[1:])), (name, stamp, log)


def assert_nobody_else_is_named(stamp, log, known):
    """What holds where several store through mappings at once: whose store it was may be unknown.

    An unknown writer in between leaves no stamp, and a gap in the log that cannot be seen.
    """
    every = [one for one in [stamp, *log] if one]
    assert {one.session for one in every} <= known
    assert not any(one.open for one in every)
    times = [one.time for one in every]
    assert times == sorted(times, reverse=True)
    assert len(log) <= stamps.LOG_MAX
