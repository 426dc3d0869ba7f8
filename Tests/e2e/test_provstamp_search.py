# SPDX-License-Identifier: Apache-2.0
"""What provstamp find, verify and sessions look at, and in which order and form they answer."""

import os
import pathlib

import pytest

from support import programs, stamping
from support.questions import ask, files, objects, paths  # noqa: F401 (a fixture)


@pytest.fixture
def work(private):
    """A tree with a repository, with files of different sizes and times."""
    for name in ("src/deep/er", "build", "repo/.git/hooks"):
        (private / name).mkdir(parents=True)
    second = 10**9
    for number, name in enumerate(
            ["src/a.c", "src/b.h", "src/deep/c.c", "src/deep/er/d.c", "build/a.c",
             "repo/file", "repo/.git/hooks/pre-commit", "repo/.git/config"]):
        path = private / name
        path.write_bytes(b"x" * (10 - number))
        stamping.put(path, session=stamping.SESSION if number % 2 else stamping.OTHER,
                     comm=b"cc" if number % 2 else b"vim", when=(1_600_000_000 + number) * second)
    return private


def names(done):
    return [pathlib.PurePath(line).name for line in done.stdout.decode().splitlines()]


# --- what is looked at


def test_name_exclude_and_depth(work, ask):
    found = {"--name *.c": {"./src/a.c", "./src/deep/c.c", "./src/deep/er/d.c", "./build/a.c"},
             "--name *.c --exclude build": {"./src/a.c", "./src/deep/c.c", "./src/deep/er/d.c"},
             "--name *.c --exclude src/*": {"./build/a.c"},
             "--name a.c --name b.h": {"./src/a.c", "./src/b.h", "./build/a.c"},
             "--name *.c --exclude deep/": {"./src/a.c", "./build/a.c"},
             "--name *.c --exclude deep/er": {"./src/a.c", "./src/deep/c.c", "./build/a.c"},
             "--name *.c --max-depth 2": {"./src/a.c", "./build/a.c"},
             "--name *.c --max-depth 0": set()}
    for options, expected in found.items():
        assert paths(ask("find", *options.split())) == expected, options
    # What is named is looked at, whatever is excluded; and its name is its last one.
    assert paths(ask("find", "--exclude", "src", "--name", "b.h", "src")) == {"src/b.h"}
    assert paths(ask("find", "--name", "a.c", "src/a.c", "src/b.h")) == {"src/a.c"}
    assert ask("find", "--max-depth=-1").returncode == 2


def test_patterns_are_bytes(work, ask):
    odd = os.fsencode(work / "build") + b"/\xff\n.c"
    with open(odd, "xb"):
        pass
    stamping.put(odd)
    assert ask("find", "-0", "--name", b"\xff*").stdout == b"./build/\xff\n.c\0"
    assert b"\xff" not in ask("find", "-0", "--exclude", b"*\xff*").stdout


def test_gits_own_files_are_left_out_and_counted(work, ask):
    done = ask("find", "--type", "f")
    assert "./repo/file" in paths(done)
    assert not any("/.git/" in path for path in paths(done))
    assert b"1 .git directory left out; --git-dir enters it" in done.stderr
    inside = {"./repo/.git/config", "./repo/.git/hooks/pre-commit"}
    assert inside < paths(ask("find", "--type", "f", "--git-dir"))
    for named in ("repo/.git", "repo/.git/"):
        done = ask("find", "--type", "f", named)
        assert {os.path.normpath(path) for path in paths(done)} == {
            "repo/.git/config", "repo/.git/hooks/pre-commit"}
        assert b"left out" not in done.stderr
    for command in ("find", "verify", "sessions"):
        assert objects(ask(command, "--json"))[-1]["git_directories_left_out"] == 1
    assert b"1 .git directory left out" in ask("verify").stdout
    assert b"1 .git directory left out" in ask("sessions").stderr


def test_a_directory_that_is_named_is_looked_at(work, ask):
    stamping.put(work / "src")
    assert paths(ask("find", "--type", "d", "src")) == {"src"}


def test_roots_come_from_standard_input(work, ask):
    done = ask("find", "-0", "--files-from", "-", "--name", "*.c", input=b"build\0src/deep\0")
    assert set(done.stdout.split(b"\0")[:-1]) == {
        b"build/a.c", b"src/deep/c.c", b"src/deep/er/d.c"}


# --- lists and words


def test_words_come_in_lists(work, ask):
    everything = paths(ask("find", "--type", "f"))
    assert paths(ask("find", "--comm", "cc,vim")) == everything
    assert paths(ask("find", "--comm", "cc")) | paths(ask("find", "--comm", "vim")) == everything
    assert paths(ask("find", "--user", "root,65534")) == everything
    assert paths(ask("find", "--session", f"{stamping.SESSION},{stamping.OTHER[:4]}")) == everything
    assert paths(ask("find", "--trust", "advisory,kernel")) == everything
    assert paths(ask("find", "--type", "f,d", "--state", "unstamped,malformed")) > {"./src"}
    for arguments in (["--comm", "cc,"], ["--user", "root,nosuch"], ["--type", "f,q"]):
        assert ask("find", *arguments).returncode == 2


def test_an_ambiguous_prefix_in_a_list_is_named(work, ask):
    stamping.put(work / "twin", session=stamping.SESSION[:6] + "f" * 26)
    done = ask("find", "--session", f"{stamping.OTHER},{stamping.SESSION[:5]}")
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"--session {stamping.SESSION[:5]}: ambiguous".encode() in done.stderr


def test_intents_of_older_stampers_are_found(work, ask):
    path = work / "old"
    path.touch()
    for key, value in (("session", stamping.SESSION), ("ts", "1600000000"), ("intent", "Fix the parser")):
        os.setxattr(path, f"user.prov.{key}", value.encode())
    for text in ("the pars", "fix*", "*PARSER"):
        assert paths(ask("find", "--intent", text)) == {"./old"}, text
    assert ask("find", "--intent", "fix").returncode == 0
    assert ask("find", "--intent", "fix?").returncode == 1


@pytest.mark.parametrize("arguments", [
    ["--unstamped"], ["--state", "unstamped"], ["--state", "ok,unstamped"]])
@pytest.mark.parametrize("question", [
    ["--session", "none"], ["--trust", "kernel"], ["--intent", "x"], ["--since", "1h"]])
def test_what_has_no_writer_is_not_asked_for_one(work, ask, arguments, question):
    done = ask("find", *arguments, *question)
    assert done.returncode == 2 and b"have no writer" in done.stderr
    assert b"Usage: provstamp find" in done.stderr


# --- order, number and form


def test_results_are_ordered(work, ask):
    by_time = ["file", "a.c", "d.c", "c.c", "b.h", "a.c"]
    assert names(ask("find", "--type", "f", "--sort", "time")) == by_time
    assert names(ask("find", "--type", "f", "--sort", "time", "--reverse")) == by_time[::-1]
    assert names(ask("find", "--type", "f", "--sort", "size")) == by_time[::-1]
    ordered = ask("find", "--type", "f", "--sort", "path").stdout.splitlines()
    assert ordered == sorted(ordered)
    sessions = ask("find", "--type", "f", "--sort", "session", "--format", "%(session)").stdout.split()
    assert sessions == sorted(sessions) and len(set(sessions)) == 2
    assert ask("find", "--reverse").returncode == 2


def test_a_limit_bounds_what_is_printed(work, ask):
    assert names(ask("find", "--type", "f", "--sort", "time", "--limit", "2")) == ["file", "a.c"]
    assert len(names(ask("find", "--type", "f", "--limit", "2"))) == 2
    *results, summary = objects(ask("find", "--type", "f", "--limit", "2", "--json"))
    assert len(results) == summary["found"] == 2 and summary["whole"] is False
    assert objects(ask("find", "--type", "f", "--json"))[-1]["whole"] is True


def test_a_count_is_a_number(work, ask):
    done = ask("find", "--type", "f", "--count")
    assert (done.returncode, done.stdout) == (0, b"6\n")
    done = ask("find", "--comm", "nobody", "--count")
    assert (done.returncode, done.stdout) == (1, b"0\n")
    [summary] = objects(ask("find", "--type", "f", "--count", "--json"))
    assert summary["found"] == 6


def test_a_format_names_fields(work, ask):
    odd = work / "a b\n"
    stamp = stamping.put(odd, comm=b"x\x1b[31m", pid=7)
    assert len(stamp) == 64
    done = ask("find", "-0", "--format", r"%(path)\t%(comm)[%(pid)]\\ %% %(state) %(user) %(root) %(name)",
               "a b\n")
    assert done.stdout == b"a b\n\tx\\x1b[31m[7]\\ % ok root - -\0"
    done = ask("find", "--format", "%(session) %(size)", "src/b.h")
    assert done.stdout.decode() == f"{stamping.SESSION} 9\n"
    for wrong, hint in (("%(pth)", "did you mean %(path)?"), ("%x", "%%"), ("\\q", "\\n"), ("%(path", "%%")):
        done = ask("find", "--format", wrong)
        assert done.returncode == 2 and hint.encode() in done.stderr, wrong
    assert ask("find", "--format", "x", "--json").returncode == 2


def test_every_field_of_a_format_is_in_the_help(ask):
    source = (programs.REPOSITORY / "Sources/provstamp/Output/RecordFormat.swift").read_text("utf-8")
    body = source.split("enum Field", 1)[1].split("}", 1)[0]
    declared = {word.strip() for line in body.splitlines() if line.startswith("    case ")
                for word in line.removeprefix("    case ").split(",")}
    text = ask("help", "find").stdout.decode().split("FORMATS")[1].split("EXAMPLES")[0]
    assert len(declared) == 20
    assert {field for field in declared if field not in text} == set()


# --- verify puts unstamped files together


def test_a_directory_without_stamps_is_one_line(work, ask):
    for name in ("vendor/x/1", "vendor/x/2", "vendor/y/3", "src/deep/plain", "src/deep/plain2"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).touch()
    lines = [line for line in ask("verify").stdout.decode().splitlines() if "unstamped" in line]
    assert lines[0].startswith("./src/deep/plain: unstamped") and lines[1].startswith("./src/deep/plain2: ")
    assert lines[2] == "./vendor/: unstamped: all 3 files below"
    each = [line for line in ask("verify", "--each").stdout.decode().splitlines() if ": unstamped" in line]
    assert len(each) == 5
    # What is counted is the same, and machines get every file.
    assert ask("verify", "-q").stdout.splitlines()[0] == ask("verify", "-q", "--each").stdout.splitlines()[0]
    assert len([line for line in objects(ask("verify", "--json")) if line.get("state") == "unstamped"]) == 5
    assert ask("verify", "-0").stdout.count(b"nothing stamped it") == 5


@pytest.mark.parametrize("root, line", [
    ("vendor", "vendor/: "), ("vendor/", "vendor/: "), ("./vendor/x", "./vendor/x/: ")])
def test_nothing_above_what_was_named_is_told_of(work, ask, root, line):
    for name in ("vendor/x/1", "vendor/x/2"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).touch()
    done = ask("verify", root)
    assert done.stdout.decode().splitlines()[0] == line + "unstamped: all 2 files below"


def test_a_file_that_is_named_is_a_line_of_its_own(work, ask):
    for name in ("1", "2"):
        (work / name).touch()
    assert len(ask("verify", "1", "2").stdout.splitlines()) == 3


def test_one_is_told_as_one(private, ask):
    stamping.put(private / "a")
    assert ask("verify", "a").stdout.startswith(b"1 file: 1 ok\n")
    assert ask("sessions", "a").stderr.startswith(b"provstamp: 1 file: ")
    assert b"among 1 file:" in ask("find", "--comm", "x", "a").stderr


# --- wrong usage


@pytest.mark.parametrize("arguments, usage, status", [
    (["find", "--uid", "nosuch"], "find", 2), (["verify", "--al"], "verify", 2),
    (["run", "--intent"], "run", 125), (["run", "--budget"], "run", 125),
    (["git", "install-hok"], "git", 2), (["status", "--exact"], "status", 2)])
def test_wrong_usage_shows_the_commands_own(ask, arguments, usage, status):
    done = ask(*arguments)
    assert done.returncode == status
    assert f"Usage: provstamp {usage}".encode() in done.stderr
    assert b"Usage: provstamp <subcommand>" not in done.stderr


@pytest.mark.parametrize("typed, meant", [
    (["find", "--sesion", "x"], "--session"), (["run", "--nmae", "x", "true"], "--name"),
    (["verfy"], "verify"), (["help", "verfy"], "verify")])
def test_a_word_that_is_none_leads_to_one(ask, typed, meant):
    done = ask(*typed)
    assert done.returncode in (2, 125)
    assert f"id you mean '{meant}'?".encode() in done.stderr or f"did you mean {meant}?".encode() in done.stderr
