# SPDX-License-Identifier: GPL-2.0-only
"""What a machine said of its disks after a power failure (guest.c has the lines), held against what is promised.

A file is `truncated`, `appended`, `replaced`, `removed` (and made anew), `overwritten` in place or `durable`, by its
name. Each was written by two sessions in turn.
"""

import collections
import json
import re

WHOLE = ("truncated", "replaced", "removed", "durable")

# What xfs_repair -n (of xfsprogs 6.1) prints of a filesystem that it finds no fault with.
XFS_REPAIR_SAYS_ANYWAY = re.compile(r"Phase \d - .*|\s+- .*|No modify flag set, skipping .*|")
# XFS replaces an attribute that is not in the inode in several transactions: between the first and the last, the old
# entry stands beside the new one, and either is marked as incomplete. Its log's replay ends at any of them.
XFS_REPLACES = re.compile(r"attribute entry #\d+ in attr block \d+, inode \d+ is INCOMPLETE")
# What xfs_repair would do about such an entry: without -n, clear all of that file's attributes.
XFS_REPAIR_WOULD = re.compile(r"problem with attribute contents in inode \d+|would clear attr fork"
                              r"|bad (nblocks|anextents) \d+ for inode \d+, would reset to \d+")


def only_replaces(said):
    """Whether xfs_repair -n found attributes that were being replaced, and nothing else."""
    faults = [line for line in said if not XFS_REPAIR_SAYS_ANYWAY.fullmatch(line)]
    entries = [line for line in faults if XFS_REPLACES.fullmatch(line)]
    return bool(entries) and all(XFS_REPLACES.fullmatch(line) or XFS_REPAIR_WOULD.fullmatch(line) for line in faults)


class Judge:
    def __init__(self):
        self.writers = {}  # session: disk, pid
        self.recent = {}  # session: disk, of those that wrote before the last failure
        self.seen = {}  # disk, name: session at the last look
        self.durable = {}  # disk, name: session
        self.counts = collections.Counter()
        self.complaints = []
        self.notes = 0  # looks that found what is no fault of ours, and worth keeping

    def hear(self, lines, cut):
        """Takes note of what one boot said. Of the failure before it, then of its writers."""
        files, contents, disk, said = {}, {}, None, []
        known = dict(self.durable)
        writers = {}
        for line in lines:
            word, *rest = line.split(" ")
            if line.startswith("{"):
                record = json.loads(line)
                if record["type"] == "file":
                    files[disk, record["path"].split("/")[-1]] = record
            elif word == "begin":
                disk = rest[1]
            elif word == "end":
                said = []
                if int(rest[1]) not in (0, 1):
                    self.complain(cut, f"{disk}: provstamp verify ends with {rest[1]}")
            elif word == "content":
                contents[rest[0], rest[1]] = rest[2:]
            elif word == "check" and rest == ["xfs", "1"] and only_replaces(said):
                self.counts["xfs: checks that found an attribute being replaced, and nothing else"] += 1
                self.notes += 1
            elif word == "check" and rest[1] != "0":
                self.complain(cut, f"{rest[0]}: the check of the filesystem ends with {rest[1]}: {said}")
            elif word == "check":
                self.counts[f"{rest[0]}: checks passed"] += 1
            elif word == "writer":
                self.writers[rest[1]] = (rest[0], int(rest[2]))
                writers[rest[1]] = rest[0]
            elif word == "durable":
                self.durable[rest[0], rest[1]] = rest[2]
            elif word == "trouble":
                self.complain(cut, line)
            else:
                said.append(line)
        for key in files:
            self._judge(key, files[key], contents, cut)
        for key in known:
            self._judge_durable(key, files, contents, cut)
        self.seen = {key: record.get("session") for key, record in files.items()}
        self.recent = writers

    def complain(self, cut, text):
        self.complaints.append(f"cut {cut}: {text}")
        print(f"# {self.complaints[-1]}", flush=True)

    def _judge(self, key, record, contents, cut):
        disk, name = key
        state, session = record["state"], record.get("session")
        kind = name.split(".")[0]
        self.counts[f"{disk}: files"] += 1
        self.counts[f"{disk}: {state}"] += 1
        if state == "unstamped":
            # XFS stamps in the transaction after the one that creates.
            if disk != "xfs":
                self.complain(cut, f"{disk}/{name}: unstamped")
            return
        if state in ("malformed", "copied"):
            self.complain(cut, f"{disk}/{name}: {state} ({record['reason']})")
            return
        # A mixture of two stamps would show one writer's session with the other's pid.
        if self.writers.get(session) != (disk, record["pid"]) or record["comm"] != "init":
            self.complain(cut, f"{disk}/{name}: a stamp of nobody: {session}, pid {record['pid']}, {record['comm']}")
            return
        if self.recent.get(session) != disk and self.seen.get(key) != session:
            self.complain(cut, f"{disk}/{name}: a stamp of {session}, who has not written since another was named")
        if state != "ok" or key not in contents:
            return
        size, zeros, others, first, last = contents[key]
        if int(others):
            self.complain(cut, f"{disk}/{name}: ok, and {others} lines are nobody's")
        if last == "-" or int(zeros):
            self.counts[f"{disk}: ok, and not all of the content arrived"] += 1
        if kind in WHOLE and not {first, last} <= {session, "-"}:
            self.complain(cut, f"{disk}/{name}: ok as {session}'s, and holds lines of {first} and {last}")
        if kind == "appended" and last not in (session, "-"):
            self.complain(cut, f"{disk}/{name}: ok as {session}'s, and its end is {last}'s")
        if kind == "overwritten":
            self.counts[f"{disk}: overwritten in place, ok"] += 1
            if first not in (session, "-"):
                self.counts[f"{disk}: overwritten in place, ok and another's content"] += 1

    def _judge_durable(self, key, files, contents, cut):
        record = files.get(key)
        self.counts[f"{key[0]}: synced before the cut"] += 1
        if record is None or record["state"] != "ok" or record["session"] != self.durable[key]:
            self.complain(cut, f"{'/'.join(key)}: was synced, and is {record and record['state']}")
        elif contents[key][1:3] != ["0", "0"] or contents[key][4] != self.durable[key]:
            self.complain(cut, f"{'/'.join(key)}: was synced, and not all of it is there")
