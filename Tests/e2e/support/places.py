# SPDX-License-Identifier: Apache-2.0
"""Places: one suite, the same assertions, in a plain directory (the control) and in views."""

import os
import pathlib
from dataclasses import dataclass

from . import identity, modes, stamps


@dataclass(frozen=True)
class Kind:
    """A sort of place: whether and by whom a view is mounted there, and who works in it."""

    name: str
    mounted_by: str
    worker: str


PLAIN_ROOT = Kind("plain-root", "", "root")
PLAIN_USER = Kind("plain-user", "", "user")
VIEW_ROOT = Kind("view-root", "root", "root")
VIEW_USER = Kind("view-user", "root", "user")
OWN_VIEW_USER = Kind("own-view-user", "user", "user")

EVERYWHERE = (PLAIN_ROOT, PLAIN_USER, VIEW_ROOT, VIEW_USER, OWN_VIEW_USER)
AS_ROOT = (PLAIN_ROOT, VIEW_ROOT)
AS_USER = (PLAIN_USER, VIEW_USER, OWN_VIEW_USER)
VIEWS = (VIEW_ROOT, VIEW_USER, OWN_VIEW_USER)


@dataclass
class Place:
    """Where a test works, and as whom. A test with a place runs there, forked, as that worker."""

    kind: Kind
    path: pathlib.Path
    source: pathlib.Path
    worker: identity.Identity
    scratch: pathlib.Path
    view: object = None

    @property
    def is_view(self):
        return self.view is not None

    @property
    def attribute(self):
        """The name under which this place's stamps are kept; None in the control."""
        return {"": None, "root": stamps.SECURITY, "user": stamps.USER}[self.kind.mounted_by]


def in_modes(kinds, wanted, one_worker):
    """Pairs of a kind and a mode: those of the default mode, and of each other mode that is wanted.

    `wanted` has the names of modes, none for all of them, and is None where there is to be no other
    mode. With `one_worker` the other modes leave out root where the test has the user as well.
    """
    pairs = [(kind, modes.DEFAULT) for kind in kinds]
    if wanted is None:
        return pairs
    if os.environ.get("PROVFS_TEST_EVERY_MODE"):
        wanted, one_worker = (), False
    if one_worker:
        kinds = {kind.mounted_by: kind for kind in kinds}.values()
    # Without privilege the kernel reads and writes no backing file: what is left is the ring.
    return pairs + [(kind, mode) for mode in modes.available()
                    if mode != modes.DEFAULT and (not wanted or mode.name in wanted)
                    for kind in kinds if kind.mounted_by == "root"
                    or kind.mounted_by == "user" and mode.wants_ring]


def label(pair):
    kind, mode = pair
    return kind.name if mode == modes.DEFAULT else f"{kind.name}-{mode.name}"


def prepare(kind, mode, scratch, user, mount):
    """A place of this kind below `scratch`; `mount(source, mountpoint, identity, …)` mounts a view."""
    people = {"root": identity.ROOT, "user": user}
    source = scratch / "source"
    source.mkdir()
    worker = people[kind.worker]
    os.chown(source, worker.uid, worker.gid)
    if not kind.mounted_by:
        return Place(kind, source, source, worker, scratch)
    mountpoint = scratch / "view"
    mountpoint.mkdir()
    os.chown(mountpoint, worker.uid, worker.gid)
    view = mount(source, mountpoint, people[kind.mounted_by], mode.options)
    return Place(kind, mountpoint, source, worker, scratch, view)
