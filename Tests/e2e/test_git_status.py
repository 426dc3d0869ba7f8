# SPDX-License-Identifier: Apache-2.0
"""provstamp status: what git lists, and whose each of it is."""

import json
import os

import pytest

from support import programs, stamping
from support.questions import objects
from support.repositories import Repository, listed, repository, rows  # noqa: F401 (a fixture)

SESSION, OTHER, NONE = stamping.SESSION, stamping.OTHER, stamping.NONE


@pytest.fixture
def changed(repository):
    """One path for each thing that can be said of a change."""
    for name in ("modified", "staged", "deleted", "removed", "renamed", "d/quiet"):
        repository.write(name, name.encode() * 20)
    repository.commit()
    repository.write("modified", session=SESSION)
    repository.write("staged", session=OTHER)
    repository.git("add", "staged")
    os.unlink(repository.path / "deleted")
    repository.git("rm", "-q", "removed")
    repository.git("mv", "renamed", "d/moved")
    stamping.put(repository.path / "d" / "moved", session=NONE, comm=b"mv")
    repository.write("d/untracked", session=OTHER)
    repository.write("bare")
    repository.write("later", session=SESSION)
    stamping.tick()
    with open(repository.path / "later", "a", encoding="ascii") as file:
        file.write("by nobody knows whom\n")
    repository.write("carried", session=SESSION, inode=1)
    return repository


EXPECTED = {
    "modified": (" M", SESSION, "sed"), "staged": ("M ", OTHER, "sed"),
    "deleted": (" D", "?", "deleted"), "removed": ("D ", "?", "deleted"),
    "renamed -> d/moved": ("R ", "none", "mv"), "d/untracked": ("??", OTHER, "sed"),
    "bare": ("??", "?", "unstamped"), "later": ("??", "?", f"changed, was {SESSION[:8]}"),
    "carried": ("??", "?", "copied"),
}


def test_each_path_that_git_lists_has_its_writer(changed):
    done = changed.ask("status")
    assert (done.returncode, done.stderr) == (0, b"")
    assert listed(done) == EXPECTED
    letters = changed.git("status", "--porcelain", "-uall").decode().splitlines()
    assert sorted(line[:2] for line in letters) == sorted(row[0] for row in EXPECTED.values())


def test_a_clean_tree_lists_nothing(changed):
    changed.commit()
    assert (changed.ask("status").returncode, changed.ask("status").stdout) == (1, b"")


def test_json_names_a_session_only_where_it_is_known(changed):
    answers = {answer["path"]: answer for answer in objects(changed.ask("status", "--json"))
               if answer["type"] == "status"}
    assert {name for name, answer in answers.items() if answer["session"]} == {
        "modified", "staged", "d/untracked"}
    assert answers["d/moved"]["from"] == "renamed" and answers["d/moved"]["known"] is True
    assert answers["later"]["cause"] == "changed" and answers["later"]["known"] is False
    assert answers["later"]["stamp"]["session"] == SESSION
    assert answers["deleted"]["cause"] == "deleted" and "stamp" not in answers["deleted"]


def test_what_is_asked_for_adds_up(changed):
    def names(*arguments):
        return set(listed(changed.ask("status", *arguments)))

    known = {name for name, row in EXPECTED.items() if row[1] != "?"}
    # A test runs outside any session: its own is what root wrote outside any.
    assert names("--mine") == {"renamed -> d/moved"}
    assert names("--others") == known - names("--mine")
    assert names("--unknown") == set(EXPECTED) - known
    assert names("--mine", "--unknown") == names("--mine") | names("--unknown")
    assert names("--session", SESSION[:6]) == {"modified"}
    assert names("--session", "none") == {"renamed -> d/moved"}
    done = changed.ask("status", "--session", SESSION)
    assert b"5 of 9 changed files are of an unknown writer and not shown" in done.stderr


def test_nested_sessions_and_ambiguous_prefixes(repository):
    repository.write("nested", session="c0ffee00" * 4, root=SESSION[:8])
    repository.write("own", session=SESSION)
    assert set(listed(repository.ask("status", "--session", SESSION))) == {"nested", "own"}
    assert set(listed(repository.ask("status", "--session", SESSION, "--exact"))) == {"own"}
    twin = SESSION[:6] + "ff" + SESSION[8:]
    repository.write("twin", session=twin)
    done = repository.ask("status", "--session", SESSION[:5])
    assert (done.returncode, done.stdout) == (2, b"")
    assert SESSION.encode() in done.stderr and twin.encode() in done.stderr


def test_names_lead_to_the_files_wherever_one_stands(changed):
    inside = changed.path / "d"
    for arguments, directory in (([], changed.path), ([], inside), (["d"], changed.path),
                                 ([".."], inside), ([changed.path], "/")):
        done = changed.ask("status", "-0", *arguments, directory=directory)
        names = done.stdout.split(b"\0")[:-1]
        there = [name for name in names if os.path.lexists(os.path.join(os.fsencode(directory), name))]
        assert len(names) == (2 if arguments == ["d"] else len(EXPECTED))
        assert len(names) - len(there) == (0 if arguments == ["d"] else 2)
    assert set(listed(changed.ask("status", "d"))) == {"d/untracked", "renamed -> d/moved"} or set(
        listed(changed.ask("status", "d"))) == {"d/untracked", "d/moved"}
    assert "../modified" in listed(changed.ask("status", directory=inside))


NAMES = [b"*.c", b"a.c", b":(top)x", b"new\nline", b"\xff\xfe", b"a" * 255, b" ", b"tab\t", b"-f",
         b"back\\slash", b'"quoted"', b"d/[ab]"]


def test_git_add_takes_the_names_for_no_more_than_they_are(repository):
    repository.write("kept")
    repository.commit()
    for name in NAMES:
        repository.write(name, session=SESSION)
    # What a pattern would match besides.
    others = [b"b.c", b"x", b"d/a"]
    for name in others:
        repository.write(name, session=OTHER)
    mine = repository.ask("status", "--session", SESSION, "-0").stdout
    assert sorted(mine.split(b"\0")[:-1]) == sorted(NAMES)
    repository.git("--literal-pathspecs", "add", "--pathspec-from-file=-", "--pathspec-file-nul",
                   input=mine)
    staged = repository.git("diff", "--cached", "--name-only", "-z").split(b"\0")[:-1]
    assert sorted(staged) == sorted(NAMES)
    text = repository.ask("status").stdout
    assert len(text.splitlines()) == len(NAMES) + len(others)
    assert b"\xff" not in text


def test_a_work_tree_besides_the_main_one(repository, private):
    repository.write("file")
    repository.commit()
    repository.git("worktree", "add", "-q", private / "second")
    second = Repository(private / "second")
    second.write("file", b"changed\n", session=OTHER)
    assert listed(second.ask("status")) == {"file": (" M", OTHER, "sed")}
    assert repository.ask("status").returncode == 1


def test_a_repository_that_is_elsewhere(repository, private):
    repository.write("d/file")
    repository.commit()
    os.rename(repository.path / ".git", private / "elsewhere.git")
    repository.write("d/file", b"changed\n", session=OTHER)
    where = {"GIT_DIR": str(private / "elsewhere.git"), "GIT_WORK_TREE": str(repository.path)}
    for directory, name in ((repository.path, "d/file"), (repository.path / "d", "file"),
                            (private, f"{repository.path}/d/file")):
        done = repository.ask("status", env=where, directory=directory)
        assert listed(done) == {name: (" M", OTHER, "sed")}, done.stderr


def test_what_is_no_file_of_this_repository(repository, private):
    inner = Repository(private / "inner")
    inner.path.mkdir()
    inner.create().write("file")
    inner.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path,
                   "module")
    repository.commit()
    Repository(repository.path / "module").write("file", b"changed\n", session=SESSION)
    os.rename(inner.path, repository.path / "inner")
    assert listed(repository.ask("status")) == {
        "module": (" M", "?", "submodule"), "inner/": ("??", "?", "repository")}


def test_links_and_unborn_branches(repository):
    os.symlink("nowhere", repository.path / "link")
    stamping.put(repository.path / "link", "security.prov", session=OTHER)
    repository.git("add", "link")
    assert listed(repository.ask("status")) == {"link": ("A ", OTHER, "sed")}


def test_conflicts_are_listed(repository):
    repository.write("file", b"base\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "side")
    repository.write("file", b"side\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("file", b"main\n")
    repository.commit()
    assert repository.git("merge", "side", check=False).returncode == 1
    stamping.put(repository.path / "file", session=SESSION)
    assert listed(repository.ask("status")) == {"file": ("UU", SESSION, "sed")}


# --- trouble


def test_no_repository_is_trouble_with_a_way_out(private, repository):
    done = repository.ask("status", directory=private)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"not a git repository" in done.stderr and b"way out: name a directory" in done.stderr
    assert repository.ask("status", "missing").returncode == 2
    done = repository.ask("status", directory=repository.path / ".git")
    assert done.returncode == 2 and b"work tree" in done.stderr
    done = repository.ask("status", env={"PATH": "/nonexistent"})
    assert done.returncode == 2 and b"git: not found in PATH" in done.stderr


def test_a_gap_is_trouble(private, user):
    path = private / "users"
    path.mkdir()
    os.chown(path, user.uid, user.gid)
    repository = Repository(path, user).create()
    repository.write("seen", session=SESSION)
    repository.write("secret", session=SESSION)
    os.chmod(path / "secret", 0)
    os.mkdir(path / "closed", 0)
    done = repository.ask("status")
    assert done.returncode == 2
    assert listed(done) == {"seen": ("??", SESSION, "sed"), "secret": ("??", "?", "unreadable")}
    assert b"secret: cannot read its stamp: permission denied" in done.stderr
    assert b"could not open directory 'closed/'" in done.stderr


def test_wrong_usage(repository):
    for arguments in (["--exact"], ["-0", "--json"], ["--session", "xyz"], ["one", "two"]):
        done = repository.ask("status", *arguments)
        assert (done.returncode, done.stdout) == (2, b"")


# --- whose configuration runs as whom


def test_root_runs_git_as_the_trees_owner(private, user):
    """A tree's configuration names programs that git runs: never as root."""
    path = private / "users"
    path.mkdir()
    os.chown(path, user.uid, user.gid)
    repository = Repository(path, user).create()
    repository.write("file", session=SESSION)
    monitor, trace = path / "monitor", private / "trace"
    trace.touch()
    trace.chmod(0o666)
    monitor.write_text(f"#!/bin/sh\nid -u >> {trace}; id -G >> {trace}\n")
    monitor.chmod(0o755)
    repository.git("config", "core.fsmonitor", monitor)
    done = Repository(path).ask("status")
    assert "file" in listed(done), done.stderr
    ran = trace.read_text().splitlines()
    assert ran and set(ran[::2]) == {str(user.uid)}
    assert all("0" not in groups.split() for groups in ran[1::2])


def test_a_user_is_told_of_anothers_tree(repository, user):
    done = repository.ask("status", who=user)
    assert done.returncode == 2 and b"dubious ownership" in done.stderr
    assert b"git config --global --add safe.directory" in done.stderr


# --- real sessions


def test_sessions_side_by_side_add_their_own_files_alone(private, mount, session):
    source, view = private / "source", private / "view"
    source.mkdir()
    view.mkdir()
    repository = Repository(source).create()
    repository.write("shared", b"base\n")
    repository.commit()
    mount(source, view)
    one, two = session(), session()
    one.shell("echo one > mine && echo one > '*'", cwd=view)
    two.shell("echo two > theirs && echo two >> shared && ln -s theirs link", cwd=view)
    add = "git --literal-pathspecs add --pathspec-from-file=- --pathspec-file-nul"
    one.shell(f"{programs.provstamp()} status --mine -0 | {add}", cwd=view)
    staged = repository.git("diff", "--cached", "--name-only").decode().splitlines()
    assert sorted(staged) == ["*", "mine"]
    _, output, _ = two.run(programs.provstamp(), "status", "--others", cwd=view)
    assert {line.split("\t")[1] for line in output.decode().splitlines()} == {one.id}
    _, output, _ = two.run(programs.provstamp(), "status", "--json", cwd=view)
    answers = [json.loads(line) for line in output.decode().splitlines()]
    lines = [answer["path"] for answer in answers if answer.get("mine")]
    assert sorted(lines) == ["link", "shared", "theirs"]


def test_a_named_session_shows_its_intent(private, mount, session):
    source, view = private / "source", private / "view"
    source.mkdir()
    view.mkdir()
    repository = Repository(source).create()
    mount(source, view)
    one = session(arguments=["--intent", "fix the parser"])
    one.shell("echo one > file", cwd=view)
    assert listed(repository.ask("status")) == {"file": ("??", one.id, "fix the parser")}
