# SPDX-License-Identifier: Apache-2.0
"""The registry of sessions as docs/sessions.md describes it, read here anew."""

import hashlib
import os
import pathlib
import struct
from dataclasses import dataclass

FIELDS = ["id", "namespace", "leader", "start", "boot", "uid", "started", "intent"]


@dataclass(frozen=True)
class Record:
    path: pathlib.Path
    id: str
    leader: int
    uid: int
    intent: str
    command: str
    is_whole: bool


def directory(who):
    """Where records of this identity are, where its login made a runtime directory or it is root."""
    if who.uid == 0:
        return pathlib.Path("/run/provstamp/sessions")
    return pathlib.Path(f"/run/user/{who.uid}/provstamp/sessions")


def identity_of(namespace, leader, start, boot):
    """The id of the session that this process leads."""
    named = b"provfs session 2" + boot + struct.pack("<QiQ", namespace, leader, start)
    return hashlib.sha256(named).hexdigest()[:32]


def read(path):
    """A record, checked to be written as described; its id must follow from its leader."""
    lines = pathlib.Path(path).read_text("utf-8").split("\n")
    assert lines[0] == "provstamp session 2" and lines[-1] == "" and len(lines) == 11, lines
    values = {}
    for name, line in zip(FIELDS, lines[1:9]):
        key, _, values[name] = line.partition(" ")
        assert key == name, line
    key, _, command = lines[9].partition(" ")
    assert key in ("command", "command-begins"), lines[9]
    namespace, leader, start = (int(values[name]) for name in ("namespace", "leader", "start"))
    assert values["id"] == identity_of(namespace, leader, start, bytes.fromhex(values["boot"]))
    assert os.path.basename(path) == f"{namespace}-{leader}-{start}"
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert values["boot"] == boot.replace("-", "")
    return Record(pathlib.Path(path), values["id"], leader, int(values["uid"]), values["intent"],
                  command, key == "command")


def of_session(who, session):
    """The record of the session with this id, or None."""
    for path in directory(who).glob("[0-9]*-*"):
        try:
            record = read(path)
        except FileNotFoundError:
            continue
        if record.id == session:
            return record
    return None
