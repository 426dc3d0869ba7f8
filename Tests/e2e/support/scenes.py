# SPDX-License-Identifier: Apache-2.0
"""Scenes: a view, the user who works in it, sessions of that user, and what is expected on files."""

import os
from dataclasses import dataclass

from . import modes, places, stamps


@dataclass
class Scene:
    """A place that is a view, with what an attribution test asks of it.

    Stamps are read in the source: root cannot look into a user's own view, and once close(2) has
    returned the stamp is on the file itself.
    """

    place: places.Place
    start_session: object

    @property
    def path(self):
        return self.place.path

    @property
    def source(self):
        return self.place.source

    @property
    def worker(self):
        return self.place.worker

    @property
    def attribute(self):
        return self.place.attribute

    @property
    def sees_each_write(self):
        return modes.sees_each_write(self.place.view.options, self.place.view.identity.uid)

    @property
    def sees_each_store(self):
        return modes.sees_each_store(self.place.view.options, self.place.view.identity.uid)

    def session(self, **options):
        """A new agent session of this scene's worker."""
        return self.start_session(self.worker, **options)

    def outsider(self, **options):
        """A process of the worker that is in no session."""
        return self.start_session(self.worker, outside=True, **options)

    def write(self, name, content=b"before\n", mode=0o644):
        """Make a file in the source, behind the view: no stamp."""
        path = self.source / name
        path.write_bytes(content)
        path.chmod(mode)
        os.chown(path, self.worker.uid, self.worker.gid)

    def stamp(self, name):
        return stamps.read(self.source / name, self.attribute)

    def log(self, name):
        return stamps.log(self.source / name, self.attribute)

    def writers(self, name):
        """The sessions that wrote the file, the latest first: its stamp's and its log's."""
        stamp = self.stamp(name)
        return [one.session for one in ([stamp] if stamp else []) + self.log(name)]

    def assert_written_by(self, name, session, comm=None, created=None, mapped=None):
        """The stamp is `session`'s (None: of no session) and true of this file; it is returned."""
        path = self.source / name
        stamp = self.stamp(name)
        assert stamp is not None, f"{name} has no stamp"
        wanted = session.id if session else stamps.NO_SESSION
        assert stamp.session == wanted, f"{name}: written by {stamp}, expected session {wanted}"
        seen = os.lstat(path)
        assert stamp.inode == seen.st_ino, f"{name}: {stamp} is for another inode"
        assert stamp.uid == self.worker.uid, f"{name}: {stamp}"
        assert not stamp.open, f"{name}: {stamp} calls itself provisional after close"
        if comm is not None:
            assert stamp.comm == comm, f"{name}: {stamp}"
        if created is not None:
            assert stamp.created == created, f"{name}: {stamp}"
        # A change that the kernel made by itself may be either.
        if mapped is not None and self.sees_each_write:
            assert stamp.mapped == mapped, f"{name}: {stamp}"
        return stamp

    def assert_no_false_claim(self, name, *writers):
        """Nobody is named, or one of these, or somebody for an older content than there is."""
        stamp = self.stamp(name)
        changed = os.lstat(self.source / name).st_mtime_ns
        assert (stamp is None or stamp.session in [one.id for one in writers]
                or stamp.time < changed), f"{name}: {stamp} claims a change of {writers}"

    def assert_doubted(self, name, *writers):
        """Nobody is named, for it may have been any of these; all of them are on record."""
        self.assert_unstamped(name)
        missing = {one.id for one in writers} - {one.session for one in self.log(name)}
        assert not missing, f"{name}: {missing} are not on record"

    def assert_current(self, name):
        """No later content change than the stamp's time."""
        assert self.stamp(name).time >= os.lstat(self.source / name).st_mtime_ns

    def assert_unstamped(self, name):
        stamp = self.stamp(name)
        assert stamp is None, f"{name} is stamped: {stamp}"

    def assert_all_written_by(self, name, session, comm=None):
        """So for a directory and everything below it; the number of things is returned."""
        count = 1
        self.assert_written_by(name, session, comm)
        for directory, below, files in os.walk(self.source / name):
            for entry in below + files:
                inner = os.path.relpath(os.path.join(directory, entry), self.source)
                if os.path.islink(self.source / inner) and self.attribute == stamps.USER:
                    continue  # Linux keeps no user.* attributes on symbolic links.
                self.assert_written_by(inner, session, comm)
                count += 1
        return count
