# SPDX-License-Identifier: Apache-2.0
"""The game of test_attribution_turns.py: sessions take turns on a few files, and a model says who wrote last.

Descriptors and mappings stay open from turn to turn, are passed on, held by others, and end with sessions
that are killed. One inode is reached by two mounts.
"""

import itertools
import os
import random
from dataclasses import dataclass

from . import mounts, programs, stamps

SIZE = 8192


@dataclass
class File:
    """An inode, with what is known of who has changed it."""

    name: str
    last: object = None  # the id of the session that has changed it last


@dataclass
class Opening:
    """An open file, which several players may have descriptors and mappings of."""

    file: File
    opener: str  # the id of the session that has opened it
    flags: int
    is_used: bool = False  # by another than its opener, to change the file


@dataclass
class Handle:
    """A descriptor or a mapping of a player."""

    number: int
    opening: Opening
    is_mapping: bool = False

    @property
    def file(self):
        return self.opening.file


class Player:
    def __init__(self, session, control):
        self.session = session
        self.id = session.id
        self.handles = []
        self.socket = f"{control}/{self.id}"
        with open(programs.player(), encoding="utf-8") as file:
            session.python("kept['player'] = {}\nexec(compile(code, 'player', 'exec'), kept['player'])",
                           code=file.read())
        self.do("listen", self.socket)

    def do(self, what, *arguments):
        self.session.python("kept['player'][what](*arguments)", what=what, arguments=arguments)

    def kill(self):
        """By force, and wait until its files are closed."""
        self.session.kill()
        mounts.until(lambda: not holds_files(self.session.leader), "the killed process has closed its files")


def holds_files(pid):
    try:
        return bool(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


class Game:
    """`start()` starts a session; files are in `directories` of the view: one, by two mounts."""

    def __init__(self, scene, directories, names, seed):
        self.scene, self.directories = scene, directories
        self.choose = random.Random(seed)
        self.numbers = itertools.count()
        self.control = scene.place.scratch / "home"
        self.files = {name: File(name) for name in names}
        self.players = [self.player() for _ in range(3)]
        self.story = []

    def player(self):
        return Player(self.scene.session(), self.control)

    # The model.

    def changed(self, player, handle):
        handle.file.last = player.id
        # What one has opened and another uses is taken for the opener's meanwhile (docs/provfs.md).
        if handle.opening.opener != player.id and (handle.is_mapping or not self.scene.sees_each_write):
            handle.opening.is_used = True

    def truths(self, file):
        """Who may be named for the file's content."""
        named = {file.last}
        for player in self.players:
            for handle in player.handles:
                if handle.file is file and handle.opening.is_used:
                    named.add(handle.opening.opener)
        return named

    def check(self, file, is_asked):
        name = f"{self.directories[0]}/{file.name}"
        stamp = self.scene.stamp(name)
        changed = os.lstat(self.scene.source / name).st_mtime_ns
        if stamp is not None and stamp.time >= changed:
            assert stamp.session in self.truths(file), self.account(
                f"{file.name}: {stamp}, written last by {file.last}", file)
        elif is_asked and file.last and self.is_certain(file):
            raise AssertionError(self.account(
                f"{file.name}: {stamp}, where {file.last} is certain", file))

    def is_certain(self, file):
        """Whether every change was a request of its own, of an inode with one account, and nobody can have stored."""
        return len(self.directories) == 1 and self.scene.sees_each_write and file.name.startswith("plain")

    def account(self, what, file):
        """What was done to the file, as far as that need be told."""
        return "\n".join([what, *[line for about, line in self.story if about in (file, None)][-60:]])

    # Turns.

    def path(self, file):
        return str(self.scene.path / self.choose.choice(self.directories) / file.name)

    def handles(self, is_mapping):
        return [(player, handle) for player in self.players for handle in player.handles
                if handle.is_mapping == is_mapping]

    def turn(self):
        what = self.choose.choice(self.TURNS)
        file = what(self)
        if file is None or self.files.get(file.name) is not file:
            return
        self.check(file, self.look(file))

    def tell(self, player, what, file, *more):
        self.story.append((file, " ".join(map(str, (player.id[:4], what, *more)))))

    def look(self, file):
        """Whoever looks has the view find out what it has not been told.

        Return whether it was asked for certain; attributes the kernel may remember.
        """
        for directory in self.choose.sample(self.directories, len(self.directories)):
            player = self.choose.choice(self.players)
            how = self.choose.choice(("stat", "ask"))
            path = str(self.scene.path / directory / file.name)
            self.tell(player, how, file, path)
            player.do(how, path, *([self.scene.attribute] if how == "ask" else []))
        return how == "ask"

    def open(self):
        player, file = self.choose.choice(self.players), self.choose.choice([*self.files.values()])
        if len(player.handles) > 6:
            return None
        flags = os.O_WRONLY if file.name.startswith("plain") else self.choose.choice((os.O_WRONLY, os.O_RDWR))
        if self.choose.random() < 0.2:
            flags |= os.O_APPEND
        handle, path = Handle(next(self.numbers), Opening(file, player.id, flags)), self.path(file)
        self.tell(player, "open", file, handle.number, path, flags)
        player.do("open_file", handle.number, path, flags)
        player.handles.append(handle)
        return file

    def pick(self, is_mapping):
        found = self.handles(is_mapping)
        return self.choose.choice(found) if found else (None, None)

    def piece(self):
        content = bytes([self.choose.randrange(33, 127)]) * self.choose.randrange(1, 2000)
        return self.choose.randrange(SIZE - len(content)), content

    def write(self):
        player, handle = self.pick(False)
        if handle is None:
            return None
        how = self.choose.choice(("write", "write", "child_writes"))
        self.tell(player, how, handle.file, handle.number)
        at, content = self.piece()
        player.do(how, handle.number, at, content)
        self.changed(player, handle)
        return handle.file

    def truncate(self):
        player, handle = self.pick(False)
        if handle is None:
            return None
        self.tell(player, "truncate", handle.file, handle.number)
        player.do("truncate", handle.number, self.choose.randrange(SIZE))
        self.changed(player, handle)
        return handle.file

    def close(self):
        player, handle = self.pick(self.choose.random() < 0.3)
        if handle is None:
            return None
        self.tell(player, "close", handle.file, handle.number)
        player.do("unmap" if handle.is_mapping else "close", handle.number)
        player.handles.remove(handle)
        return handle.file

    def give(self):
        player, handle = self.pick(False)
        other = self.choose.choice(self.players)
        if handle is None or other is player:
            return None
        given = Handle(next(self.numbers), handle.opening)
        self.tell(player, "give", handle.file, handle.number, "to", other.id[:4], "as", given.number)
        player.do("give", handle.number, other.socket)
        other.do("take", given.number)
        other.handles.append(given)
        return handle.file

    def map(self):
        player, handle = self.pick(False)
        if handle is None or handle.opening.flags & os.O_ACCMODE != os.O_RDWR:
            return None
        mapped = Handle(next(self.numbers), handle.opening, is_mapping=True)
        self.tell(player, "map", handle.file, handle.number, "as", mapped.number)
        player.do("map_file", handle.number, mapped.number)
        player.handles.append(mapped)
        return handle.file

    def store(self):
        player, handle = self.pick(True)
        if handle is None:
            return None
        # Where data go through the view's cache, a store is seen when it is written back.
        flushes = self.scene.sees_each_store or self.choose.random() < 0.5
        self.tell(player, "store", handle.file, handle.number, flushes)
        at, content = self.piece()
        player.do("store", handle.number, at, content, flushes)
        self.changed(player, handle)
        return handle.file

    def replace(self):
        # By the other mount the kernel leads to the old file for as long as it remembers the name.
        if len(self.directories) > 1:
            return None
        player, file = self.choose.choice(self.players), self.choose.choice([*self.files.values()])
        path = self.path(file)
        self.tell(player, "replace", file, path)
        player.do("replace", path, bytes(SIZE))
        self.files[file.name] = new = File(file.name, last=player.id)
        return new

    def keep(self):
        """What changes no content."""
        player, file = self.choose.choice(self.players), self.choose.choice([*self.files.values()])
        path = self.path(file)
        what, *arguments = self.choose.choice((
            ("rename",), ("link",), ("chmod", 0o640), ("chmod", 0o644), ("touch", (5, 5)), ("touch", None)))
        self.tell(player, what, file, path, *arguments)
        player.do(what, path, *arguments)
        return file

    def kill(self):
        if self.choose.random() < 0.8:
            return None
        player = self.choose.choice(self.players)
        self.tell(player, "is killed", None)
        player.kill()
        self.players.remove(player)
        self.players.append(self.player())
        for file in {id(handle.file): handle.file for handle in player.handles}.values():
            if self.files.get(file.name) is file:
                self.check(file, self.look(file))
        return None

    TURNS = (open, open, open, write, write, write, write, truncate, close, close, give, give, map, store,
             store, replace, keep, kill)

    def end(self):
        for player in self.players:
            for handle in player.handles:
                player.do("unmap" if handle.is_mapping else "close", handle.number)
            player.handles = []
        # The kernel tells of the end of a file, and nobody of that of a mapping, in their own time.
        for file in self.files.values():
            mounts.until(lambda file=file: self.has_settled(file), f"{file.name} is settled")
            self.check(file, True)

    def has_settled(self, file):
        if not self.look(file):
            return False
        stamp = self.scene.stamp(f"{self.directories[0]}/{file.name}")
        return stamp is None or not stamp.open
