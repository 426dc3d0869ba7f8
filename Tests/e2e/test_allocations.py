# SPDX-License-Identifier: Apache-2.0
"""What a request costs in memory: nothing, unless it makes something that stays.

The bounds are those of a release build.
"""

import functools
import math
import os
from dataclasses import dataclass

import pytest

from support import allocations, places, scratch
from support.identity import ROOT

TIMES = 500
# At first threads are begun and tables grow. What a request allocates shows each time.
ROUNDS = 8


@dataclass(frozen=True)
class Operation:
    """Something done over and over: `body`, which is Python and has its number in `n`.

    `requests` is the most that it sends, in any mode; libfuse allocates memory once for each.
    `own` is what provfs allocates; `named`, what it allocates besides where nodes have no handle:
    then each remembers a name, to ask the kernel to forget it by.
    """

    name: str
    body: str
    requests: int
    own: int = 0
    named: int = 0
    # Done before, not measured.
    before: str = ""


# What stays, and so is allocated.
NODE = OPEN_FILE = 1
OPEN_DIRECTORY = 2  # and room for its entries
NAME = 1
# What a log of earlier writers is read into, and what it is written from.
LOG = 2

WRITE_ONCE = "fd = os.open(path, WRITE | os.O_CREAT); os.write(fd, b'x'); os.close(fd)"

# `path` is a file that this session has written, `new` the path of others in the view, which are `made` in
# the source.
OPERATIONS = (
    Operation("attributes that the kernel knows", "os.fstat(kept['reader'])", requests=0),
    Operation("attributes", "kept['stat'](path, BASIC)", requests=1),
    Operation("attributes with the time of birth", "kept['stat'](path, ALL)", requests=1),
    Operation("a known inode's name", "os.stat(f'{new}{n}')", requests=1, named=NAME,
              before="for n in range(times): os.link(original, f'{made}{n}')"),
    Operation("a missing name", "os.path.exists(new)", requests=1),
    Operation("a new inode, removed", "os.stat(f'{new}{n}'); os.unlink(f'{new}{n}')", requests=4,
              own=NODE, named=NAME, before="for n in range(times): os.mknod(f'{made}{n}')"),
    Operation("open, read, close", "fd = os.open(path, READ); os.read(fd, 9); os.close(fd)",
              requests=3, own=OPEN_FILE),
    Operation("open, write, close", WRITE_ONCE, requests=4, own=OPEN_FILE),
    Operation("open for both, write, close",
              "fd = os.open(path, BOTH); os.write(fd, b'x'); os.close(fd)",
              requests=5, own=OPEN_FILE),
    Operation("open, append, close", "fd = os.open(path, APPEND); os.write(fd, b'x'); os.close(fd)",
              requests=4, own=OPEN_FILE),
    Operation("truncate by open, write, close",
              "fd = os.open(path, WRITE | os.O_TRUNC); os.write(fd, b'x'); os.close(fd)",
              requests=5, own=OPEN_FILE),
    Operation("read", "os.pread(kept['writer'], 100, 0)", requests=1,
              # Else the pages are in the cache.
              before="os.posix_fadvise(kept['writer'], 0, 0, os.POSIX_FADV_DONTNEED)"),
    Operation("read by request", "os.preadv(kept['direct'], [kept['page']], 0)", requests=1),
    Operation("write", "os.pwrite(kept['writer'], b'x', n)", requests=1),
    Operation("flush", "os.close(os.dup(kept['writer']))", requests=1),
    Operation("write, flush", "os.pwrite(kept['writer'], b'x', n); os.close(os.dup(kept['writer']))",
              requests=2),
    Operation("the target of a link", "os.readlink(f'{new}{n}')", requests=1,
              before="for n in range(times): os.symlink('target', f'{made}{n}'); "
                     "os.lstat(f'{new}{n}')"),
    Operation("an attribute", "os.getxattr(path, 'user.mine')", requests=1),
    Operation("the stamp", "os.getxattr(path, stamp)", requests=1),
    Operation("names of attributes", "os.listxattr(path)", requests=1),
    Operation("set an attribute", "os.setxattr(path, 'user.mine', b'x')", requests=1),
    Operation("set the mode", "os.chmod(path, 0o600 + n % 2)", requests=1),
    Operation("set the times", "os.utime(path, ns=(n, n))", requests=1),
    Operation("truncate", "os.truncate(path, n)", requests=2),
    Operation("free space", "os.statvfs(path)", requests=1),
    Operation("list a directory", "os.listdir(directory)", requests=5, own=OPEN_DIRECTORY),
    Operation("create, write, close, remove",
              "fd = os.open(new, os.O_CREAT | WRITE); os.write(fd, b'x'); os.close(fd); os.unlink(new)",
              requests=10, own=NODE + OPEN_FILE, named=NAME),
    Operation("make a directory, remove it", "os.mkdir(new); os.rmdir(new)", requests=6, own=NODE,
              named=NAME),
    Operation("rename", "os.rename(directory + '/a', directory + '/c'); "
                        "os.rename(directory + '/c', directory + '/a')", requests=6, named=2 * NAME),
    Operation("link, unlink", "os.link(path, new); os.unlink(new)", requests=5,
              named=2 * NAME),
)

SETUP = """
    import ctypes, mmap, os
    libc = ctypes.CDLL(None)
    AT_FDCWD, AT_STATX_FORCE_SYNC = -100, 0x2000
    buffer = ctypes.create_string_buffer(256)

    def stat(path, mask):
        assert libc.statx(AT_FDCWD, path.encode(), AT_STATX_FORCE_SYNC, mask, buffer) == 0

    with open(path, "w") as file:
        file.write("content" * 1000)
    os.setxattr(path, "user.mine", b"x")
    os.mkdir(directory)
    for name in "ab":
        os.mknod(f"{directory}/{name}")
    kept["stat"] = stat
    kept["page"] = mmap.mmap(-1, 4096)
    kept["reader"] = os.open(path, os.O_RDONLY)
    kept["writer"] = os.open(path + "-open", os.O_CREAT | os.O_RDWR)
    kept["direct"] = os.open(path + "-open", os.O_RDONLY | os.O_DIRECT)
    os.pwrite(kept["writer"], bytes(8192), 0)
"""

LOOP = """
import os
READ, WRITE, BOTH = os.O_RDONLY, os.O_WRONLY, os.O_RDWR
APPEND = WRITE | os.O_APPEND
BASIC, ALL = 0x7ff, 0xfff
for n in range(times):
    """


@pytest.fixture(scope="module")
def library():
    with scratch.directory() as directory:
        yield allocations.build(directory)


@pytest.fixture
def counter(library, private):
    return allocations.Counter(library, private / "allocations")


@pytest.fixture
def mount(mount, counter):
    """A view that is counted, and is asked for nothing but what an operation asks."""
    def counted(source, mountpoint, who=ROOT, options=""):
        timeouts = "attr_timeout=3600,entry_timeout=3600"
        return mount(source, mountpoint, who, ",".join(filter(None, (options, timeouts))),
                     prefix=counter.prefix)
    return counted


class Work:
    """One session that does an operation often, in one view."""

    def __init__(self, scene):
        self._scene = scene
        self._rounds = 0
        self._session = scene.session()
        self._names = {"path": str(scene.path / "file"), "original": str(scene.source / "file"),
                       "directory": str(scene.path / "directory"), "stamp": scene.attribute}
        self._session.python(SETUP, **self._names)

    def prepare(self, operation):
        """What is to be measured next."""
        self._rounds += 1
        names = dict(self._names, new=str(self._scene.path / f"new-{self._rounds}-"),
                     made=str(self._scene.source / f"new-{self._rounds}-"), times=TIMES)
        self._session.python("import os\n" + operation.before, **names)
        return lambda: self._session.python(LOOP + operation.body, **names)


def excess(counter, view, what, prepare, own, library):
    """What `prepare()()` makes the view's daemon allocate beyond these bounds, as a text."""
    if os.environ.get("PROVFS_TEST_OPTIONS"):
        # With other timeouts there are other requests.
        library = math.inf
    # What the kernel has let go of beside other work it asks for again: seldom, where each step would be often.
    library += TIMES // 10
    rounds = 0
    while rounds < ROUNDS:
        used = counter.measure(view.pid, prepare())
        # There is a limit to the number of threads.
        if used.threads > 0:
            continue
        rounds += 1
        if used.own <= own and used.library <= library and used.left <= 0:
            return ""
    return (f"{what}: {used.own} allocations, allowed {own}; {used.library} of libfuse, "
            f"allowed {library}; {used.left} not freed\n{counter.traces(view.pid)}")


@pytest.mark.modes
@pytest.mark.timeout(600)
def test_requests_allocate_what_stays_and_nothing_else(scene, counter):
    work, view = Work(scene), scene.place.view
    excesses = []
    for operation in OPERATIONS:
        own = operation.own
        if scene.place.kind == places.OWN_VIEW_USER:
            own += operation.named
        excesses.append(excess(
            counter, view, f"{operation.name}, {TIMES} times",
            functools.partial(work.prepare, operation), own * TIMES, operation.requests * TIMES))
    if any(excesses):
        pytest.fail("\n".join(filter(None, excesses)), pytrace=False)


@pytest.mark.modes
def test_writers_who_take_turns_allocate_the_log(scene, counter):
    writers = scene.session(), scene.session()
    turns = 50

    def take_turns():
        for number in range(turns):
            writers[number % 2].python(LOOP + WRITE_ONCE, path=str(scene.path / "file"), times=1)

    failure = excess(counter, scene.place.view, f"{turns} turns", lambda: take_turns,
                     (OPEN_FILE + LOG) * turns, 4 * turns)
    if failure:
        pytest.fail(failure, pytrace=False)
