# SPDX-License-Identifier: Apache-2.0
"""Writers that outlive a commit: recorded in notes, and read from them line by line."""

import fcntl
import os
import random
import re

import pytest

from support import programs, stamping, stamps
from support.mounts import until
from support.questions import objects
from support.repositories import Repository, repository  # noqa: F401 (a fixture)

SESSION, OTHER, NONE = stamping.SESSION, stamping.OTHER, stamping.NONE
REF = "refs/notes/provenance"
LINE = re.compile(
    rb"prov1 blob:[0-9a-f]{40} session:(none|[0-9a-f]{32}) root:(-|[0-9a-f]{8}) time:\d+ inode:\d+ "
    rb"stamper:\d+ flags:\d+ pid:\d+ uid:\d+ comm:\S* trust:(kernel|privileged|advisory) "
    rb"others:(\?|-|\S+) path:(\S+)")


@pytest.fixture
def recorded(repository):
    """A repository whose commits are recorded."""
    assert repository.ask("git", "install-hook", "post-commit").returncode == 0
    return repository


def note(repository, commit="HEAD"):
    """The lines of a commit's note."""
    done = repository.git("notes", "--ref", REF, "show", commit, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def fields(line):
    assert LINE.fullmatch(line), line
    return dict(word.split(":", 1) for word in line.decode().split()[1:])


def blame(repository, name, *arguments, **options):
    """(session or cause, content) of each line."""
    done = repository.ask("blame", "--json", *arguments, name, **options)
    lines = [answer for answer in objects(done) if answer["type"] == "line"]
    assert lines, done.stderr
    return [(line["session"] or line["cause"] or "none", line["content"]) for line in lines]


def append(repository, name, text, **stamp):
    """Write on in the same file, as another writer whose predecessor goes to the file's log."""
    path = repository.path / name
    before = stamps.attribute(path, stamps.USER)
    log = stamps.attribute(path, stamps.USER + ".log") or b""
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)
    stamping.put(path, **stamp)
    if before and stamps.decode(before).session != stamp["session"]:
        os.setxattr(path, stamps.USER + ".log", (before + log)[:15 * 64])


# --- what is recorded


def test_each_path_of_a_commit_has_its_stamp(recorded):
    recorded.write("d/a b", session=SESSION, comm=b"x y\x1b", pid=7, uid=5, root="aabbccdd")
    recorded.write("none", session=NONE, comm=b"vim")
    recorded.write("bare")
    os.symlink("none", recorded.path / "link")
    stamping.put(recorded.path / "link", stamps.SECURITY, session=OTHER)
    recorded.write("\udcff\n", session=OTHER)
    recorded.commit()
    lines = note(recorded)
    assert lines == sorted(lines)
    records = {entry["path"]: entry for entry in map(fields, lines)}
    assert set(records) == {r"d/a\x20b", "none", "link", r"\xff\x0a"}
    stamp = stamps.read(recorded.path / "d" / "a b")
    assert records[r"d/a\x20b"] == {
        "blob": recorded.head("HEAD:d/a b"), "session": SESSION, "root": "aabbccdd",
        "time": str(stamp.time), "inode": str(stamp.inode), "stamper": "2", "flags": "1", "pid": "7",
        "uid": "5", "comm": r"x\x20y\x1b", "trust": "advisory", "others": "-", "path": r"d/a\x20b"}
    assert (records["none"]["session"], records["link"]["trust"]) == ("none", "privileged")


def test_only_what_is_committed_is_recorded(recorded):
    recorded.write("same", session=SESSION)
    recorded.write("differs", session=SESSION)
    recorded.write("later", session=SESSION)
    recorded.git("add", "-A")
    recorded.write("differs", b"something else\n", session=OTHER)
    stamping.tick()
    with open(recorded.path / "later", "a", encoding="ascii") as file:
        file.write("unwatched\n")
    done = recorded.git("commit", "-q", "-m", "m", check=False)
    assert done.returncode == 0
    assert b"something else than was committed: differs" in done.stderr
    assert [fields(line)["path"] for line in note(recorded)] == ["same"]
    done = recorded.ask("git", "record")
    assert b"1 path recorded; not recorded: 1 changed" in done.stderr
    assert len(note(recorded)) == 1


def test_filters_count(recorded):
    """What is committed may be spelled otherwise in the work tree: git knows."""
    recorded.write(".gitattributes", b"*.txt text eol=crlf\n")
    recorded.write("file.txt", b"one\r\ntwo\r\n", session=SESSION)
    recorded.commit()
    assert recorded.git("show", "HEAD:file.txt") == b"one\ntwo\n"
    assert [fields(line)["path"] for line in note(recorded)] == ["file.txt"]
    assert {writer for writer, _ in blame(recorded, "file.txt")} == {SESSION}


def test_others_are_those_since_the_last_commit(recorded):
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    append(recorded, "file", "two\n", session=OTHER)
    recorded.commit()
    assert fields(note(recorded)[0])["others"] == "-"
    append(recorded, "file", "three\n", session=SESSION)
    append(recorded, "file", "four\n", session=OTHER)
    recorded.commit()
    assert fields(note(recorded)[0])["others"] == SESSION
    assert blame(recorded, "file") == [
        (SESSION, "one"), (OTHER, "two"), ("several-writers", "three"), ("several-writers", "four")]


def test_without_a_record_before_every_earlier_writer_may_have(repository):
    repository.write("file", b"one\n", session=SESSION)
    repository.commit()
    append(repository, "file", "two\n", session=OTHER)
    repository.commit()
    assert repository.ask("git", "record").returncode == 0
    assert fields(note(repository)[0])["others"] == SESSION
    assert blame(repository, "file") == [("not-recorded", "one"), ("several-writers", "two")]


def test_recorders_of_one_repository_wait_for_each_other(repository):
    """Git itself would keep what the last of them wrote alone."""
    repository.write("file", b"one\n", session=SESSION)
    repository.commit()
    directory = os.open(repository.path / ".git", os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    recorder = repository.who.popen([programs.provstamp(), "git", "record", "-q"],
                                    cwd=repository.path, env=repository.environment)
    try:
        until(lambda: waits_for_lock(recorder.pid), "the recorder waits")
        assert note(repository) == []
    finally:
        os.close(directory)
    assert recorder.wait() == 0 and len(note(repository)) == 1


def waits_for_lock(pid):
    with open("/proc/locks", encoding="ascii") as locks:
        return any("->" in line and f" {pid} " in line for line in locks)


# --- commits that are made anew


def test_amend_and_rebase_take_the_records_along(recorded):
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit("first")
    recorded.git("commit", "-q", "--amend", "-m", "reworded")
    assert blame(recorded, "file") == [(SESSION, "one")]
    recorded.git("checkout", "-q", "-b", "side")
    recorded.write("mine", b"mine\n", session=OTHER)
    recorded.commit("side")
    recorded.git("checkout", "-q", "main")
    recorded.write("theirs", b"theirs\n", session=SESSION)
    recorded.commit("main")
    recorded.git("checkout", "-q", "side")
    # What git wrote is git's for whoever ran it: the record says who was the author.
    recorded.git("rebase", "-q", "main")
    stamping.put(recorded.path / "mine", session="dd" * 16, comm=b"git")
    assert blame(recorded, "mine") == [(OTHER, "mine")]
    assert blame(recorded, "theirs") == [(SESSION, "theirs")]


def test_a_rebase_that_changes_the_content_is_not_passed_off(recorded):
    base = b"".join(b"line %d\n" % number for number in range(9))
    recorded.write("file", base, session=NONE, comm=b"vim")
    recorded.commit("base")
    recorded.git("checkout", "-q", "-b", "side")
    recorded.write("file", base + b"side\n", session=OTHER)
    recorded.commit("side")
    recorded.git("checkout", "-q", "main")
    recorded.write("file", b"main\n" + base, session=SESSION)
    recorded.commit("main")
    recorded.git("checkout", "-q", "side")
    recorded.git("rebase", "-q", "main")
    lines = blame(recorded, "file")
    assert (lines[0], lines[1], lines[-1]) == (
        (SESSION, "main"), ("none", "line 0"), ("rewritten", "side"))
    done = recorded.ask("blame", "--json", "file")
    assert objects(done)[-2]["candidates"] == [OTHER]


def test_a_cherry_pick_takes_the_records_along(recorded):
    recorded.write("file", b"one\n")
    recorded.commit("base")
    recorded.git("checkout", "-q", "-b", "side")
    recorded.write("picked", b"picked\n", session=OTHER)
    picked = recorded.commit("side")
    recorded.git("checkout", "-q", "main")
    recorded.write("other", b"other\n")
    recorded.commit("other")
    recorded.git("cherry-pick", picked)
    assert recorded.head() != picked
    assert blame(recorded, "picked") == [(OTHER, "picked")]


def test_a_merge_is_recorded_where_it_is_as_no_parent(recorded):
    recorded.write("file", b"base\n")
    recorded.write("kept", b"base\n")
    recorded.commit("base")
    recorded.git("checkout", "-q", "-b", "side")
    recorded.write("file", b"side\n", session=OTHER)
    recorded.write("kept", b"side\n", session=OTHER)
    recorded.commit("side")
    recorded.git("checkout", "-q", "main")
    recorded.write("file", b"main\n", session=SESSION)
    recorded.commit("main")
    assert recorded.git("merge", "side", check=False).returncode == 1
    recorded.write("file", b"main\nmerged\nside\n", session="dd" * 16)
    recorded.commit("merge")
    assert [fields(line)["path"] for line in note(recorded)] == ["file"]
    assert blame(recorded, "file") == [(SESSION, "main"), ("dd" * 16, "merged"), (OTHER, "side")]
    assert blame(recorded, "kept") == [(OTHER, "side")]


def test_what_git_put_there_has_an_author_that_nobody_knows(recorded):
    recorded.write("file", b"one\n", session=SESSION, comm=b"git")
    recorded.commit()
    assert blame(recorded, "file") == [("by-git", "one")]


def test_notes_of_two_clones_are_merged_line_by_line(recorded, private):
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    recorded.git("clone", "-q", ".", private / "clone")
    clone = Repository(private / "clone")
    for key, value in (("user.name", "B"), ("user.email", "b@example.com")):
        clone.git("config", key, value)
    assert clone.ask("git", "install-hook", "post-commit").returncode == 0
    clone.write("theirs", b"theirs\n", session=OTHER)
    clone.commit()
    recorded.write("mine", b"mine\n", session=SESSION)
    recorded.commit()
    clone.git("fetch", "-q", "origin", f"{REF}:refs/notes/fetched")
    clone.git("notes", "--ref", REF, "merge", "-q", "refs/notes/fetched")
    assert blame(clone, "file") == [(SESSION, "one")]
    assert blame(clone, "theirs") == [(OTHER, "theirs")]


# --- lines that are not committed


def test_uncommitted_lines_are_the_stamps(recorded):
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    append(recorded, "file", "two\n", session=OTHER)
    assert blame(recorded, "file") == [(SESSION, "one"), (OTHER, "two")]
    done = recorded.ask("blame", "file")
    assert done.returncode == 0
    assert [line.split("\t")[0] for line in done.stdout.decode().splitlines()] == [SESSION, OTHER]
    assert f"1 of 2 lines by notes: claims of whoever may push {REF}" in done.stderr.decode()


def test_several_uncommitted_writers_are_none(recorded):
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    append(recorded, "file", "two\n", session=OTHER)
    append(recorded, "file", "three\n", session="dd" * 16)
    assert blame(recorded, "file") == [
        (SESSION, "one"), ("several-writers", "two"), ("several-writers", "three")]
    answer = objects(recorded.ask("blame", "--json", "file"))[1]
    assert answer["candidates"] == sorted([OTHER, "dd" * 16]) and answer["known"] is False
    assert recorded.ask("blame", "file").returncode == 1


def test_a_stamp_that_does_not_hold_names_nobody(recorded):
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    append(recorded, "file", "two\n", session=OTHER)
    stamping.tick()
    with open(recorded.path / "file", "a", encoding="ascii") as file:
        file.write("three\n")
    assert blame(recorded, "file")[1:] == [("changed", "two"), ("changed", "three")]
    os.removexattr(recorded.path / "file", stamps.USER)
    assert blame(recorded, "file")[1:] == [("unstamped", "two"), ("unstamped", "three")]


# --- options and forms


def test_ranges_revisions_and_porcelain(recorded):
    recorded.write("file", b"1\n2\n3\n4\n", session=SESSION)
    recorded.commit()
    append(recorded, "file", "5", session=OTHER)
    assert blame(recorded, "file", "-L", "2,3") == [(SESSION, "2"), (SESSION, "3")]
    assert len(blame(recorded, "file", "-L", "1,1", "-L", "3,+2")) == 3
    assert len(blame(recorded, "file", "--revision", "HEAD")) == 4
    plain = recorded.git("blame", "--porcelain", "file")
    ours = recorded.ask("blame", "--porcelain", "file").stdout
    added = [line for line in ours.splitlines() if line.startswith(b"agent-session")]
    assert added == [f"agent-session {SESSION}".encode()] * 4 + [f"agent-session {OTHER}".encode()]
    kept = [line for line in ours.splitlines() if not line.startswith(b"agent-session")]
    # The time of lines that are not committed is the time of asking.
    same = [(one, two) for one, two in zip(kept, plain.splitlines(), strict=True)
            if b"-time " not in one]
    assert all(one == two for one, two in same)
    for arguments in (["--porcelain", "--json"], ["--revision", "--contents=/etc/passwd"], []):
        done = recorded.ask("blame", *arguments, *(["file"] if arguments else []))
        assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize("name", [b"new\nline", b'"quoted"', b"\xff\t", b"-L", b":(top)x", b"a b",
                                  "ü".encode()])
def test_names_of_any_bytes(recorded, name):
    recorded.write(b"d/" + name, b"one\n", session=SESSION)
    recorded.commit()
    recorded.write(b"d/" + name, b"one\ntwo\n", session=SESSION)
    for directory, path in ((recorded.path, b"d/" + name), (recorded.path / "d", b"./" + name),
                            ("/", os.fsencode(recorded.path) + b"/d/" + name)):
        done = recorded.ask("blame", "--", path, directory=directory)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(SESSION.encode()) == 2


def test_renames_are_followed_as_git_does(recorded):
    recorded.write("before", b"one\ntwo\nthree\n", session=SESSION)
    recorded.commit()
    recorded.git("mv", "before", "after")
    # A stamper that watches renews the stamp.
    stamping.put(recorded.path / "after", session=SESSION)
    recorded.commit()
    append(recorded, "after", "four\n", session=OTHER)
    recorded.commit()
    assert [writer for writer, _ in blame(recorded, "after")] == [SESSION] * 3 + [OTHER]


def test_hostile_content_is_made_visible(recorded):
    recorded.write("file", b"\x1b[2J\tb\\n\xff\n", session=SESSION, comm=b"\x1b[31m")
    recorded.commit()
    line = recorded.ask("blame", "file").stdout
    assert line.endswith(b"\\x1b[2J\tb\\n\\xff\n") and b"\x1b" not in line
    [answer, _] = objects(recorded.ask("blame", "--json", "file"))
    assert answer["content_bytes"] == "G1sySgliXG7/"


def test_notes_that_anybody_wrote_are_claims_at_most(recorded):
    """Whatever is in a note: no crash, no raw byte on a terminal, no trust, nothing guessed."""
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    [good] = note(recorded)
    blob = good.split()[1]
    bad = [
        good.replace(b"prov1", b"prov2"), good.replace(b" session:", b"  session:"),
        good.replace(SESSION.encode(), SESSION.upper().encode()), good.replace(b"pid:", b"pid:0"),
        good.replace(b"pid:", b"pid:+"), good.replace(b"uid:0", b"uid:4294967296"),
        good.replace(b"others:-", b"others:" + b",".join([b"none"] * 16)),
        good.replace(b"path:file", b"path:f\\x69le"), good.replace(b"trust:", b"trust:\x1b"),
        good.replace(b"session:" + SESSION.encode(), b"session:" + b"0" * 32),
        good.replace(b"comm:sed", b"comm:" + b"a" * 17), b"prov1 path:file", b"path:file",
        b"\0" * 100, b"\xff" * 100 + b" path:file", good + b" ", b"x" * 200_000 + b" path:file",
    ]

    def tell(*lines):
        made = recorded.git("hash-object", "-w", "--stdin", input=b"\n".join(lines) + b"\n").strip()
        recorded.git("notes", "--ref", REF, "add", "-f", "-C", made, "HEAD")
        done = recorded.ask("blame", "--json", "file")
        assert b"\x1b" not in done.stdout + done.stderr
        return objects(done)[0]

    for line in bad:
        assert tell(line)["cause"] == "not-recorded", line
    answer = tell(*bad, good)
    assert (answer["session"], answer["trust"]) == (SESSION, "advisory")
    # A note that boasts is no more than a claim.
    answer = tell(good.replace(b"trust:advisory", b"trust:kernel"))
    assert (answer["trust"], answer["recorded_trust"]) == ("advisory", "kernel")
    assert tell(good, good.replace(SESSION.encode(), OTHER.encode()))["cause"] == "records-differ"
    assert tell(good.replace(blob, b"blob:" + b"0" * 40))["cause"] == "rewritten"
    generator = random.Random(5)
    for _ in range(60):
        mutant = bytearray(good)
        for _ in range(generator.randint(1, 6)):
            mutant[generator.randrange(len(mutant))] = generator.randrange(256)
        answer = tell(bytes(mutant), good)
        assert answer["session"] == SESSION or answer["cause"] in (
            "records-differ", "several-writers")


def test_configured_programs_are_not_run(recorded, private):
    trace = private / "trace"
    recorded.git("config", "diff.x.textconv", f"touch {trace}; cat")
    recorded.write(".gitattributes", b"file diff=x\n")
    recorded.write("file", b"one\n", session=SESSION)
    recorded.commit()
    trace.unlink(missing_ok=True)
    assert blame(recorded, "file") == [(SESSION, "one")]
    assert not trace.exists()


def test_sha256_repositories(private):
    (private / "r").mkdir()
    repository = Repository(private / "r").create("--object-format=sha256")
    repository.ask("git", "install-hook", "post-commit")
    repository.write("file", b"one\n", session=SESSION)
    repository.commit()
    assert blame(repository, "file") == [(SESSION, "one")]


def test_trouble(recorded, private):
    for path in ("missing", private, "/"):
        done = recorded.ask("blame", path)
        assert (done.returncode, done.stdout) == (2, b"") and b"way out" in done.stderr


# --- real sessions


def test_sessions_in_a_view_are_recorded_and_blamed(private, mount, session):
    source, view = private / "source", private / "view"
    source.mkdir()
    view.mkdir()
    Repository(source).create()
    mount(source, view)
    repository = Repository(view)
    assert repository.ask("git", "install-hook", "post-commit").returncode == 0
    one, two = session(), session()
    here = {"cwd": str(view)}
    one.shell("printf 'one\\ntwo\\n' > file && git add file && git commit -q -m one", **here)
    two.shell("echo three >> file && git commit -q -a -m two", **here)
    one.shell("sed -i 's/two/TWO/' file", **here)
    assert blame(repository, "file") == [(one.id, "one"), (one.id, "TWO"), (two.id, "three")]
    two.shell("echo four >> file", **here)
    assert blame(repository, "file") == [
        (one.id, "one"), ("several-writers", "TWO"), (two.id, "three"), ("several-writers", "four")]
    assert programs.provstamp() in repository.ask("git", "show-hook").stdout.decode()
