# SPDX-License-Identifier: Apache-2.0
"""What provstamp report tells of a session, and what provstamp audit takes for a finding."""

import base64
import csv
import io
import os

import pytest

from support import stamping
from support.questions import ask, objects, tree  # noqa: F401 (fixtures)

LOG = "user.prov.log"
SESSION, OTHER = stamping.SESSION, stamping.OTHER


@pytest.fixture
def work(private):
    """What a session left in a repository, and what others did to it."""
    for name in ("src/deep", ".git/hooks", ".git/objects", ".github/workflows"):
        (private / name).mkdir(parents=True)
    for name in ("plain", "src/b.c", "src/deep/c.c", ".git/config", ".git/HEAD", ".git/objects/ab",
                 ".git/hooks/pre-commit", ".git/hooks/x.sample", ".github/workflows/ci.yml", "a.pem", "api_token.txt",
                 "tokenizer.c", "tool"):
        stamping.put(private / name)
    (private / "tool").chmod(0o755)
    (private / ".git/hooks/pre-commit").chmod(0o4755)
    stamping.put(private / "before", flags=0)
    stamping.put(private / "over")
    put_log(private / "over", session=OTHER, comm=b"vim")
    stamping.put(private / "others", session=OTHER)
    stamping.put(private / "lost", session=OTHER)
    put_log(private / "lost", session=SESSION)
    (private / "doubt").touch()
    put_log(private / "doubt", session=SESSION)
    stamping.put(private / "copy", inode=1)
    (private / "bare").touch()
    return private


def put_log(path, *entries, **fields):
    os.setxattr(path, LOG, b"".join(entries) or stamping.encode(inode=1, **fields))


def report(ask, *arguments):
    done = ask("report", "--session", SESSION, "--json", *arguments)
    found = {}
    for entry in objects(done):
        assert entry["schema"] == "provstamp/1"
        found.setdefault(entry["type"], []).append(entry)
    return done, found


def by_path(entries):
    return {entry["path"].removeprefix("./"): entry for entry in entries}


def test_deeds_of_a_session(work, ask):
    done, found = report(ask)
    assert done.returncode == 0
    files = by_path(found["file"])
    assert (files["plain"]["deed"], files["before"]["deed"], files["over"]["deed"]) == (
        "created", "changed", "overwrote")
    assert (files["over"]["overwrote"]["session"], files["over"]["overwrote"]["comm"]) == (OTHER, "vim")
    assert not {"others", "lost", "doubt", "copy", "bare"} & set(files)
    lost = by_path(found["lost"])
    assert set(lost) == {"lost", "doubt"}
    assert lost["lost"]["now"]["session"] == OTHER and lost["lost"]["stamp"]["session"] == SESSION
    assert lost["doubt"]["now"]["state"] == "unstamped"
    [summary] = found["summary"]
    assert (summary["copies_left_out"], summary["lost"], summary["overwrote"], summary["changed"]) == (1, 2, 1, 1)


def test_what_to_look_at_first(work, ask):
    _, found = report(ask)
    concerns = {path: set(entry["concerns"]) for path, entry in by_path(found["file"]).items()}
    assert concerns["tool"] == {"executable"}
    assert concerns["a.pem"] == concerns["api_token.txt"] == {"credential"}
    assert concerns["tokenizer.c"] == concerns["src/b.c"] == set()
    assert concerns[".github/workflows/ci.yml"] == {"ci", "dotfile"}
    assert concerns[".git/hooks/pre-commit"] == {"git-hook", "executable", "set-id", "dotfile"}
    assert concerns[".git/config"] == {"git-config", "dotfile"}
    assert concerns[".git/hooks/x.sample"] == {"dotfile"}


def test_of_gits_own_files_hooks_and_config_alone(work, ask):
    def inside(*arguments):
        files = by_path(report(ask, *arguments)[1]["file"])
        return {path for path in files if path.startswith(".git/")}
    few = {".git/config", ".git/hooks/pre-commit", ".git/hooks/x.sample"}
    assert inside() == few
    everything = few | {".git/HEAD", ".git/objects/ab"}
    assert inside("--git-dir") == inside(".git") == inside(".git/") == everything


def test_directories_are_rolled_up_and_times_put_together(work, ask):
    (work / "src/old").touch()
    stamping.put(work / "src/old", when=1_600_000_000 * 10**9 + 5)
    _, found = report(ask, "src")
    assert {path: entry["files"] for path, entry in by_path(found["directory"]).items()} == {
        "src": 3, "src/deep": 1}
    assert by_path(found["directory"])["src"]["bytes"] == 16
    moments = found["moment"]
    assert [entry["files"] for entry in moments] == [1, 2]
    assert moments[0]["from"] <= "2020-09-13T12:26:40.000000005Z" < moments[0]["until"]
    for entry in found["account"]:
        assert (entry["session"], entry["files"], entry["first_ns"]) == (SESSION, 3, 1_600_000_000 * 10**9 + 5)


def test_a_stamp_that_does_not_hold_is_told(work, ask):
    stamping.tick()
    (work / "plain").write_text("by nobody")
    assert by_path(report(ask)[1]["file"])["plain"]["state"] == "changed"
    text = ask("report", "--session", SESSION).stdout.decode()
    section = text.split("STAMPS THAT DO NOT HOLD, OR MAY NOT\n")[1].split("\n\n")[0]
    assert "./plain" in section and "modified-later" in section


def test_all_sessions(work, ask):
    found = [entry for entry in objects(ask("report", "--json")) if entry["type"] == "account"]
    assert {entry["session"] for entry in found} == {SESSION, OTHER}
    files = by_path(entry for entry in objects(ask("report", "--json")) if entry["type"] == "file")
    assert files["lost"]["overwrote"]["session"] == SESSION


def test_nested_sessions_are_the_sessions_own_but_for_exact(tree, ask):
    assert set(by_path(report(ask)[1]["file"])) == {"own", "d/nested"}
    put_log(tree / "own", session="c0ffee00" * 4, root=SESSION[:8])
    assert by_path(report(ask)[1]["file"])["own"]["deed"] == "created"
    _, found = report(ask, "--exact")
    assert by_path(found["file"])["own"]["deed"] == "overwrote"
    assert set(by_path(found["file"])) == {"own"}


def test_a_beginning_of_several_ids_is_refused(private, ask):
    stamping.put(private / "one", session=SESSION)
    stamping.put(private / "two", session=SESSION[:8] + "f" * 24)
    done = ask("report", "--session", SESSION[:6])
    assert (done.returncode, done.stdout) == (2, b"") and b"ambiguous" in done.stderr


# --- nothing written, and nothing watched


def test_nothing_found_is_not_nothing_written(private, ask):
    (private / "bare").touch()
    done, found = report(ask)
    assert done.returncode == 1
    [coverage] = found["coverage"]
    [summary] = found["summary"]
    assert (coverage["watched_by"], summary["whole"]) == ("nothing", False)
    assert "need not be all" in summary["conclusion"]
    [account] = found["account"]
    assert (account["session"], account["files"]) == (SESSION, 0)


def test_a_view_is_what_watches(private, mount, session, ask):
    (private / "tree").mkdir()
    view = mount(private / "tree", private / "tree")
    first, second = session(), session()
    first.shell("echo one > both; echo one > own; mkdir d; echo two > d/saved", cwd=view.mountpoint)
    second.shell("echo two >> both; echo new > t; mv t d/saved; echo x > new", cwd=view.mountpoint)
    done = ask("report", "--json", "--session", second.id, "tree")
    entries = objects(done)
    files = by_path(entry for entry in entries if entry["type"] == "file")
    assert {path: entry["deed"] for path, entry in files.items()} == {
        "tree/both": "overwrote", "tree/d/saved": "overwrote", "tree/new": "created"}
    assert {entry["overwrote"]["session"] for entry in files.values() if "overwrote" in entry} == {first.id}
    [coverage] = [entry for entry in entries if entry["type"] == "coverage"]
    assert (coverage["watched_by"], coverage["filesystem"]) == ("provfs", "fuse.provfs")
    assert coverage["path"] == str(view.mountpoint) and coverage["since"] is None and coverage["gaps"]
    lost = [entry for entry in objects(ask("report", "--json", "--session", first.id, "tree"))
            if entry["type"] == "lost"]
    assert {entry["path"]: entry["now"]["session"] for entry in lost} == {
        "tree/both": second.id, "tree/d/saved": second.id}


def test_filesystems_below_are_covered_each(private, mount, ask):
    (private / "tree/inner").mkdir(parents=True)
    (private / "source").mkdir()
    view = mount(private / "source", private / "tree/inner")
    watchers = {entry["path"]: entry["watched_by"] for entry in report(ask, "tree")[1]["coverage"]}
    assert watchers.pop(str(view.mountpoint)) == "provfs"
    assert list(watchers.values()) == ["nothing"]
    assert [entry["watched_by"] for entry in report(ask, "-x", "tree")[1]["coverage"]] == ["nothing"]


def test_what_cannot_be_read_is_trouble(private, ask, user):
    stamping.put(private / "file")
    (private / "closed").mkdir(mode=0o700)
    done = ask("report", "--session", SESSION, "--json", who=user)
    assert done.returncode == 2 and b"closed" in done.stderr
    assert objects(done)[-1]["unreadable"] > 0 and objects(done)[-1]["whole"] is False


def test_audit_fails_where_somebody_should_look(private, ask):
    stamping.put(private / "a.pem")
    done = ask("audit", "--session", SESSION, "--json")
    summary = objects(done)[-1]
    # The file, and that nothing watches.
    assert (done.returncode, summary["concerns"], summary["findings"]) == (1, 1, 2)
    assert ask("audit", "--session", SESSION).stdout == ask("report", "--session", SESSION).stdout


# --- forms, and names that mean something to them


HOSTILE = [b"a\nb", b"|x|*y*", b"<img src=x onerror=alert(1)>", b'"q",r', b"=1+2", b"\xff\xfe", b"`c`", b"www.e.org",
           "\u202eevil".encode(), b"[l](u)", b"\x1b[31m", b"&amp;"]


@pytest.fixture
def hostile(private):
    for name in HOSTILE:
        stamping.put(os.fsencode(private) + b"/" + name, comm=b"=H\n<b>")
    return private


def test_csv_is_one_row_a_file(hostile, ask):
    done = ask("report", "--csv", *HOSTILE)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline="")))
    assert len(rows) == len(HOSTILE)
    exact = [base64.b64decode(row["path_base64"]) for row in rows if row["path_base64"]]
    assert exact == [b"\xff\xfe"]
    assert {"a\\nb", '"q",r', "'=1+2", "<img src=x onerror=alert(1)>"} < {row["path"] for row in rows}
    assert {row["program"] for row in rows} == {"'=H\\n<b>"}
    assert not any(cell[:1] in "=+-@" for row in rows for cell in row.values() if cell)


def test_markdown_shows_names_and_obeys_none(hostile, ask):
    text = ask("report", "--markdown", "--long").stdout.decode("utf-8")
    files = text.split("## Files\n")[1].strip().splitlines()
    assert len(files) == len(HOSTILE) + 2
    for line in files:
        assert line.count("|") == 9 and not set("<>*`[~\x1b\u202e") & set(line), line
    assert "www." not in text and "www&#46;e.org" in text


def test_text_lists_files_on_demand(work, ask):
    few = ask("report", "--session", SESSION).stdout
    assert b"\nFILES\n" not in few and b"\nLOOK AT THESE FIRST\n" in few
    assert b"\nFILES\n" in ask("report", "--session", SESSION, "--long").stdout


def test_two_forms_are_refused(private, ask):
    for forms in (["--json", "--csv"], ["--csv", "--markdown"], ["-0"]):
        done = ask("report", *forms)
        assert done.returncode == 2 and b"provstamp" in done.stderr, forms


def test_a_malformed_log_is_no_log(private, ask):
    stamping.put(private / "file")
    os.setxattr(private / "file", LOG, b"x")
    _, found = report(ask)
    [entry] = found["file"]
    assert (entry["deed"], entry["earlier_writers"]) == ("changed", None)
    assert (found["summary"][0]["malformed_logs"], found["summary"][0]["whole"]) == (1, False)
