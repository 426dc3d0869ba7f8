# SPDX-License-Identifier: Apache-2.0
"""provstamp on files with real attributes, put there by hand: answers, exit status, forms of output."""

import base64
import errno
import os
import pty
import re
import subprocess
import threading
import time

import pytest

from support import programs, stamping, stamps
from support.questions import ask, files, objects, paths, tree  # noqa: F401 (two are fixtures)


# --- who


def test_who_names_every_field(private, ask, user):
    value = stamping.put(private / "a", comm=b"sed", pid=77, uid=user.uid, root="aabbccdd",
                         flags=stamps.CREATED | stamps.MAPPED)
    stamp = stamps.decode(value)
    done = ask("who", "--json", "a")
    assert done.returncode == 0 and done.stderr == b""
    [answer] = objects(done)
    expected = {
        "schema": "provstamp/1", "type": "file", "path": "a", "state": "ok",
        "reason": "inode-unchanged", "trust": "advisory", "attribute": "user.prov",
        "stamper": "provfs", "session": stamp.session, "root": "aabbccdd", "comm": "sed", "pid": 77,
        "uid": user.uid, "user": user.name, "time_ns": stamp.time, "inode": stamp.inode,
        "flags": ["created", "mapped"], "file_inode": stamp.inode, "size": 8, "intent": None,
    }
    assert {key: answer[key] for key in expected} == expected
    assert answer["time"].endswith(f"{stamp.time % 10**9:09d}Z")
    text = ask("who", "a").stdout.decode()
    for part in ("a: ", stamp.session, "sed[77]", user.name, answer["time"], "advisory", "created"):
        assert part in text


def test_who_takes_the_trusted_stamp_and_names_the_other(private, ask):
    stamping.put(private / "a", stamps.SECURITY)
    assert files(ask("who", "--json", "a"))["a"]["trust"] == "privileged"
    stamping.tick()
    with open(private / "a", "a", encoding="ascii") as file:
        file.write("written elsewhere")
    stamping.put(private / "a", stamps.USER, session=stamping.OTHER)
    done = ask("who", "--json", "a")
    answer = files(done)["a"]
    assert done.returncode == 1
    assert (answer["state"], answer["session"]) == ("changed", stamping.SESSION)
    assert (answer["also"]["state"], answer["also"]["session"]) == ("ok", stamping.OTHER)
    lines = ask("who", "a").stdout.decode().splitlines()
    assert lines[0].startswith("a: changed: ")
    assert "user.prov" in lines[1] and stamping.OTHER in lines[1]


def test_who_does_not_claim_what_it_does_not_know(private, ask):
    (private / "bare").touch()
    (private / "short").touch()
    os.setxattr(private / "short", "user.prov", b"x" * 63)
    stamping.put(private / "carried", inode=1)
    for name, state in (("bare", "unstamped"), ("short", "malformed"), ("carried", "copied")):
        done = ask("who", name)
        assert done.returncode == 1
        assert done.stdout.decode().startswith(f"{name}: {state}: ")
    assert ask("who", "/proc/self/status").stdout.endswith(b"keeps no extended attributes\n")


def test_who_reports_each_file_it_cannot_read_and_goes_on(private, ask, user):
    stamping.put(private / "good")
    stamping.put(private / "secret")
    os.chmod(private / "secret", 0o600)
    stamping.put(private / "trusted", stamps.SECURITY)
    os.chmod(private / "trusted", 0o600)
    done = ask("who", "missing", "secret", "good", "trusted", who=user)
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.decode().splitlines()] == [
        "missing", "secret"]
    # Everybody may read security.prov, of files too that they may not read.
    assert [line.split(":")[0] for line in done.stdout.decode().splitlines()] == [
        "good", "trusted"]


def test_who_on_a_link_is_about_the_link(private, ask):
    stamping.put(private / "target")
    os.symlink("target", private / "link")
    assert files(ask("who", "--json", "link"))["link"]["state"] == "unstamped"
    stamping.put(private / "link", stamps.SECURITY, session=stamping.OTHER)
    answer = files(ask("who", "--json", "link"))["link"]
    assert (answer["session"], answer["reason"]) == (stamping.OTHER, "creation")


def on_a_terminal(private, *arguments, **environment):
    """What provstamp prints to a terminal."""
    parent, child = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "TZ": "EST5", **environment}
    process = subprocess.Popen([programs.provstamp(), *arguments], cwd=private, stdout=child,
                               env=environment)
    os.close(child)
    output = b""
    try:
        while chunk := os.read(parent, 65536):
            output += chunk
    except OSError as error:
        assert error.errno == errno.EIO  # The terminal's other end was closed.
    os.close(parent)
    process.wait()
    return output.decode()


@pytest.mark.parametrize("number, name", [(1, "lsm"), (2, "provfs"), (3, "provstampd")])
def test_each_stamper_is_called_by_its_name(private, ask, number, name):
    stamping.put(private / "file", stamper=number)
    assert files(ask("who", "--json", "file"))["file"]["stamper"] == name
    assert ask("find", "--type", "f", "--format", "%(stamper)").stdout.decode().split() == [name]


def session_color(shown, session):
    """What a terminal is told before the session's first digits."""
    return re.search(r"(\x1b\[38;5;\d+m)" + session[:8], shown).group(1)


def test_a_terminal_gets_what_a_person_wants(private, ask):
    stamping.put(private / "late", when=1_600_000_000 * 10**9)
    stamping.put(private / "new\nline")
    shown = on_a_terminal(private, "who", "late")
    assert "\x1b[31mchanged\x1b[0m" in shown
    color = session_color(shown, stamping.SESSION)
    assert f"session {color}{stamping.SESSION[:8]}\x1b[0m  sed" in shown and "2020-09-13 07:26:40" in shown
    # It is the session's everywhere, and another one has another.
    stamping.put(private / "other", session=stamping.OTHER)
    listed = on_a_terminal(private, "sessions")
    assert session_color(listed, stamping.SESSION) == color
    assert session_color(listed, stamping.OTHER) != color
    (private / "other").unlink()
    assert on_a_terminal(private, "find", "--state", "ok") == "./new\\nline\r\n"
    for arguments, environment in (([], {"NO_COLOR": "1"}), (["--color", "never"], {}),
                                   ([], {"TERM": "dumb"})):
        assert "\x1b" not in on_a_terminal(private, "who", *arguments, "late", **environment)
    assert "\x1b[31m" in on_a_terminal(private, "who", "late", NO_COLOR="")
    assert b"\x1b" not in ask("who", "late").stdout
    assert b"\x1b[31m" in ask("who", "--color", "always", "late").stdout


# --- names are bytes

NAMES = [b"plain", b"new\nline", b"\xff\xfe", b"\x1b[31mred", "\u202egnp.exe".encode(), b"a" * 255,
         b"back\\slash", b"\xf4\x8f\xb8\x80", "\U0010fe80".encode(), b" ", "ü".encode(), b"tab\t"]


def test_any_name_is_asked_about_and_answered(private, ask):
    for name in NAMES:
        stamping.put(os.fsencode(private) + b"/" + name)
    arguments = [os.fsdecode(name) for name in NAMES]
    answers = objects(ask("who", "--json", *arguments))
    named = [base64.b64decode(answer["path_bytes"]) if "path_bytes" in answer
             else answer["path"].encode() for answer in answers]
    assert named == NAMES
    assert all(answer["state"] == "ok" for answer in answers)
    found = ask("find", "-0", ".").stdout
    assert sorted(found.split(b"\0")[:-1]) == sorted(b"./" + name for name in NAMES)
    listed = ask("who", "-0", "--files-from", "-", input=b"\0".join(NAMES))
    assert [line for line in listed.stdout.split(b"\0")[:-1] if line.startswith(b"plain")]
    assert listed.returncode == 0 and listed.stdout.count(b"session " + b"3f2a99c1") == len(NAMES)


def test_no_name_reaches_the_output_as_a_command(private, ask):
    """A name cannot forge another line, nor move the cursor: in text, and in JSON."""
    for name in NAMES:
        stamping.put(os.fsencode(private) + b"/" + name)
    stamping.put(private / "comm", comm=b"\x1b[2J\nx: y")
    for arguments in (["find", "--long"], ["verify", "--all"], ["sessions"], ["find", "--json"]):
        output = ask(*arguments).stdout
        assert b"\x1b" not in output and "\u202e".encode() not in output
        output.decode("utf-8")
        if arguments[0] == "find":
            extra = 1 if "--json" in arguments else 0
            assert len(output.splitlines()) == len(NAMES) + 1 + extra


# --- find


def test_find_by_session(tree, ask):
    own = {"./own", "./d/nested"}
    dashed = "-".join((stamping.SESSION[:8], stamping.SESSION[8:12], stamping.SESSION[12:16],
                       stamping.SESSION[16:20], stamping.SESSION[20:]))
    for form in (stamping.SESSION, stamping.SESSION.upper(), dashed, stamping.SESSION[:4],
                 stamping.SESSION[:13]):
        done = ask("find", "--session", form)
        assert (paths(done), done.returncode) == (own, 0)
        assert b"1 by sessions nested" in done.stderr
        assert paths(ask("find", "--session", form, "--exact")) == {"./own"}
    nested = files(ask("find", "--json", "--session", stamping.SESSION))
    assert nested["./d/nested"]["nested"] is True and nested["./own"]["nested"] is False
    assert paths(ask("find", "--session", "none")) == {"./d/none"}


def test_an_ambiguous_prefix_prints_nothing_but_the_candidates(tree, ask):
    twin = stamping.SESSION[:6] + "ff" + stamping.SESSION[8:]
    stamping.put(tree / "twin", session=twin)
    for arguments in ([], ["--json"], ["--long"]):
        done = ask("find", *arguments, "--session", stamping.SESSION[:6])
        assert (done.returncode, done.stdout) == (2, b"")
        assert stamping.SESSION.encode() in done.stderr and twin.encode() in done.stderr
        # Other filters do not make it mean one.
        assert ask("find", "--session", stamping.SESSION[:6], "--comm", "vim").returncode == 2
    assert paths(ask("find", "--session", stamping.SESSION[:8], "--exact")) == {"./own"}
    # An outermost session that is known by its four bytes alone is a candidate too.
    (tree / "own").unlink()
    done = ask("find", "--session", stamping.SESSION[:6])
    assert done.returncode == 2 and (stamping.SESSION[:8] + "…").encode() in done.stderr


def test_find_by_everything_else(tree, ask):
    stamped = {"./own", "./d/nested", "./other", "./d/none"}
    assert paths(ask("find")) == stamped
    assert paths(ask("find", "--comm", "vim")) == {"./d/none"}
    assert paths(ask("find", "--uid", "nobody")) == {"./other"} == paths(
        ask("find", "--uid", "65534"))
    assert paths(ask("find", "--until", "2021-01-01")) == {"./d/none"}
    assert paths(ask("find", "--since", "1h")) == stamped - {"./d/none"}
    assert paths(ask("find", "--since", "@1600000000", "--until", "@1600000000.5")) == {"./d/none"}
    assert paths(ask("find", "--trust", "privileged")) == set()
    assert paths(ask("find", "--unstamped", "--type", "f")) == {"./bare"}
    assert paths(ask("find", "--state", "changed,copied")) == {"./d/none"}
    assert paths(ask("find", "--state", "ok", "--state", "unstamped", "--type", "f")) == (
        stamped - {"./d/none"} | {"./bare"})
    assert ask("find", "--sort", "path").stdout.decode().splitlines() == sorted(stamped)
    assert paths(ask("find", "own", "d")) == {"own", "d/nested", "d/none"}


def test_times_without_a_zone_are_local(private, ask):
    """In zones that need no files: five hours west of Greenwich; and one with summer time."""
    def since(zone, time):
        return paths(ask("find", "--since", time, env={"TZ": zone, "PATH": os.environ["PATH"]}))

    noon = 1_751_364_000  # 2025-07-01T10:00:00Z
    stamping.put(private / "noon", when=noon * 10**9)
    assert since("EST5", "2025-07-01T05:00:00") == {"./noon"} == since("EST5", "2025-07-01 05:00")
    assert since("EST5", "2025-07-01T05:00:01") == set()
    summer = "CET-1CEST,M3.5.0,M10.5.0/3"
    assert since(summer, "2025-07-01T12:00:00") == {"./noon"}
    assert since(summer, "2025-07-01T12:00:01") == set()
    today = (int(time.time()) - 5 * 3600) // 86400 * 86400 + 5 * 3600
    stamping.put(private / "yesterday", when=(today - 86400) * 10**9)
    assert since("EST5", "yesterday") == {"./yesterday"} == since("EST5", "yesterday 00:00")
    assert since("EST5", "yesterday 00:01") == set() == since("EST5", "00:00")
    assert since("EST5", "today") == set()


def test_an_empty_answer_explains_itself(tree, ask):
    done = ask("find", "--comm", "nobody-has-this")
    assert (done.returncode, done.stdout) == (1, b"")
    # The test's directory, d, bare: unstamped.
    assert b"nothing found among 7 files: 3 unstamped" in done.stderr
    summary = objects(ask("find", "--json", "--comm", "nobody-has-this"))
    assert summary == [{
        "schema": "provstamp/1", "type": "summary", "found": 0, "nested": 0,
        "states": dict.fromkeys(
            ["ok", "unproven", "changed", "copied", "malformed", "unstamped"], 0),
        "copies_left_out": 0, "whole": True, "examined": 7, "unstamped": 3, "without_xattrs": 0,
        "unreadable": 0, "skipped_mounts": 0, "git_directories_left_out": 0}]


def test_stale_results_are_not_passed_off_as_true(tree, ask):
    stamping.put(tree / "changed")
    stamping.tick()
    (tree / "changed").write_bytes(b"elsewhere")
    done = ask("find", "--session", stamping.SESSION)
    assert "./changed" in paths(done) and b"1 changed: there the stamp does not hold" in done.stderr
    assert "./changed" not in paths(ask("find", "--session", stamping.SESSION, "--state", "ok"))


@pytest.mark.parametrize("question", [
    ["--session", stamping.SESSION], ["--comm", "sed"], ["--user", "root"], ["--since", "today"]])
def test_a_copy_is_nothing_that_the_writer_wrote(tree, ask, question):
    stamping.put(tree / "carried", inode=5)
    done = ask("find", *question)
    assert "./carried" not in paths(done) and "./own" in paths(done)
    assert b"1 file with a copy of such a stamp left out" in done.stderr
    assert paths(ask("find", *question, "--state", "copied")) == {"./carried"}
    assert "./carried" in paths(ask("find"))


def test_unreadable_directories_are_named_once(tree, ask, user):
    stamping.put(tree / "d" / "more")
    os.chmod(tree / "d", 0o700)
    done = ask("find", who=user)
    assert done.returncode == 2
    assert paths(done) == {"./own", "./other"}
    assert done.stderr.count(b"./d: ") == 1 and b"permission denied" in done.stderr
    assert objects(ask("find", "--json", who=user))[-1]["unreadable"] == 1


@pytest.mark.parametrize("arguments", [
    ["find", "--since", "garbage"], ["find", "--since", "2026-02-30"], ["find", "--session", "xyz"],
    ["find", "--session", "3f2"], ["find", "--state", "fine"], ["find", "--nonsense"], ["who"],
    ["nonsense"], ["find", "--uid", "no-such-user"], ["find", "--unstamped", "--comm", "x"],
    ["find", "--exact"], ["verify", "--all", "--quiet"], ["verify", "--strict", "--by-mtime"],
    ["who", "--files-from", "missing"],
])
def test_wrong_usage_is_trouble(ask, arguments):
    done = ask(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"provstamp: ")


def test_a_word_that_is_no_command_is_named_with_what_may_be_meant(ask):
    for arguments, meant in ((["stauts"], b"did you mean status?"), (["help", "fnid"], b"mean find?"),
                             (["git", "install-hok"], b"mean install-hook?"), (["grep"], b"way out")):
        done = ask(*arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b": no such command; " in done.stderr and meant in done.stderr
    assert ask("help", "find").returncode == 0 == ask("help", "git", "record").returncode
    done = ask("find", "--since", "soon")
    assert b"'2 hours ago', 1h30m" in done.stderr


# --- verify, log, sessions


def test_verify_tells_what_happened_to_each_file(private, ask, needs):
    for name in ("same", "appended", "truncated", "chmodded", "backdated", "renamed", "linked"):
        stamping.put(private / name)
    stamping.put(private / "seen", stamps.SECURITY, stamper=1)
    stamping.put(private / "future", when=2**62)
    (private / "bare").touch()
    stamping.tick()
    with open(private / "appended", "a", encoding="ascii") as file:
        file.write("more")
    os.truncate(private / "truncated", 1)
    os.chmod(private / "chmodded", 0o600)
    os.chmod(private / "seen", 0o600)
    with open(private / "backdated", "a", encoding="ascii") as file:
        file.write("more")
    os.utime(private / "backdated", ns=(10**18, 10**18))
    os.rename(private / "renamed", private / "moved")
    os.link(private / "linked", private / "second-name")
    subprocess.run([needs("cp"), "-a", "same", "copied"], cwd=private, check=True)
    expected = {
        "same": "inode-unchanged", "appended": "modified-later", "truncated": "modified-later",
        "chmodded": "inode-changed-later", "backdated": "inode-changed-later",
        "moved": "inode-changed-later", "linked": "inode-changed-later",
        "second-name": "inode-changed-later", "copied": "other-inode", "future": "stamp-in-future",
        "bare": "no-stamp", "seen": "content-unchanged",
    }
    done = ask("verify", "--json", "--all")
    assert done.returncode == 1
    assert {entry["path"][2:]: entry["reason"] for entry in files(done).values()} == expected
    summary = objects(done)[-1]
    assert summary["files"] == len(expected)
    assert summary["states"] == {
        "ok": 2, "unproven": 5, "changed": 3, "copied": 1, "malformed": 0, "unstamped": 1}
    assert summary["ok_trusts"] == {"kernel": 0, "privileged": 1, "advisory": 1}
    listed = ask("verify").stdout.decode().splitlines()
    assert {line.split(":")[0] for line in listed[:-2]} == {
        "./" + name for name in expected if name not in ("same", "seen")}
    assert listed[-2] == "12 files: 2 ok, 5 unproven, 3 changed, 1 copied, 1 unstamped"
    assert listed[-1] == ("of those that are ok, 1 only advisory: whoever owns the file could have "
                          "forged the stamp")
    strict = files(ask("verify", "--strict", "--json", "--all"))
    assert [path[2:] for path, entry in strict.items() if entry["state"] == "ok"] == ["same"]
    assert strict["./seen"]["state"] == "unproven"
    by_mtime = ask("verify", "--by-mtime", "--json", "--all")
    assert objects(by_mtime)[-1]["states"]["ok"] == 7
    assert files(by_mtime)["./backdated"]["reason"] == "content-unchanged"


@pytest.mark.parametrize("hide", [
    "cp -p ../home/file {}", "rsync -a --inplace ../home/file {}",
    "tar --overwrite -xf ../home/a.tar {}",
    "echo new >> {0}; touch -r ../home/file {0}"])
def test_content_that_came_with_its_own_times_is_unproven(private, home, ask, needs, hide):
    """Past whoever stamps: mtime is then older than the stamp, and only ctime tells."""
    needs("rsync")
    (home / "file").write_text("somebody else's")
    subprocess.run(["sh", "-ec", "touch -d 2020-01-01 file; tar -cf a.tar file"], cwd=home, check=True)
    work = private / "work"
    work.mkdir()
    stamping.put(work / "file")
    stamping.tick()
    subprocess.run(["sh", "-ec", hide.format("file")], cwd=work, check=True)
    assert (work / "file").read_text() != "content\n"
    done = ask("verify", "--json", "work")
    entry = files(done)["work/file"]
    assert (entry["state"], entry["reason"], done.returncode) == (
        "unproven", "inode-changed-later", 1)
    assert ask("verify", "--by-mtime", "work").returncode == 0
    who = ask("who", "work/file")
    assert who.returncode == 1 and who.stdout.startswith(b"work/file: unproven: ")
    assert b"1 unproven" in ask("find", "work", "--type", "f").stderr
    sums = [entry for entry in objects(ask("sessions", "--json", "work"))
            if entry["type"] == "session"]
    assert [(entry["files"], entry["unproven"]) for entry in sums] == [(1, 1)]


def test_verify_says_what_advisory_means(private, ask):
    stamping.put(private / "theirs")
    stamping.put(private / "roots", stamps.SECURITY)
    lines = ask("verify", "--all").stdout.decode().splitlines()
    told = {line.split(":")[0]: "could have forged" in line for line in lines}
    assert told["./theirs"] and not told["./roots"]
    assert lines[-1].startswith("of those that are ok, 1 only advisory: ")
    (private / "theirs").unlink()
    assert "advisory" not in ask("verify", "--all").stdout.decode()


def test_what_is_printed_is_what_matched(private, ask):
    """A stamp is replaced without end while it is searched: each answer is of one reading."""
    stamping.put(private / "file", when=1)
    for number in range(400):
        os.link(private / "file", private / f"name{number}")
    inode = os.lstat(private / "file").st_ino
    turns = [stamping.encode(session=session, comm=comm, when=1, inode=inode)
             for session, comm in ((stamping.SESSION, b"one"), (stamping.OTHER, b"two"))]
    stop = threading.Event()

    def replace():
        while not stop.is_set():
            for value in turns:
                os.setxattr(private / "file", stamps.USER, value)

    replacer = threading.Thread(target=replace)
    replacer.start()
    try:
        for _ in range(10):
            for entry in files(ask("find", "--json", "--session", stamping.SESSION)).values():
                assert (entry["session"], entry["comm"]) == (stamping.SESSION, "one")
            for entry in objects(ask("sessions", "--json")):
                if entry["type"] == "session":
                    name = {stamping.SESSION: "one", stamping.OTHER: "two"}[entry["session"]]
                    assert entry["comms"] == [name]
    finally:
        stop.set()
        replacer.join()


def test_verify_exit_status(private, ask):
    stamping.put(private / "a")
    assert ask("verify").returncode == 0
    (private / "bare").touch()
    assert ask("verify").returncode == 1
    assert ask("verify", "--allow-unstamped").returncode == 0
    assert ask("verify", "--quiet").stdout.decode().splitlines()[0] == "2 files: 1 ok, 1 unstamped"
    assert ask("verify", "missing").returncode == 2


def test_log_is_newest_first_without_the_stamp_itself(private, ask):
    value = stamping.put(private / "a")
    earlier = [stamping.encode(session=stamping.NONE, comm=b"vim", when=2),
               stamping.encode(session=stamping.OTHER, when=1)]
    os.setxattr(private / "a", "user.prov.log", value + b"".join(earlier))
    done = ask("log", "--json", "a")
    assert done.returncode == 0
    entries = objects(done)
    assert [entry["type"] for entry in entries] == ["file", "earlier", "earlier"]
    assert [entry["time_ns"] for entry in entries[1:]] == [2, 1]
    assert [entry["session"] for entry in entries[1:]] == [None, stamping.OTHER]
    assert len(ask("log", "a").stdout.splitlines()) == 3
    (private / "bare").touch()
    assert ask("log", "bare").returncode == 1
    for bad in (b"x", b"\0" * 64, stamping.encode() * 16):
        os.setxattr(private / "a", "user.prov.log", bad)
        done = ask("log", "a")
        assert done.returncode == 1 and b"the log of earlier writers is" in done.stderr


def test_log_of_a_trusted_stamp_takes_no_permission(private, ask, user):
    stamping.put(private / "a", stamps.SECURITY)
    stamping.put(private / "b")
    for name in ("a", "b"):
        os.chmod(private / name, 0o600)
    assert ask("log", "a", who=user).returncode == 0
    assert ask("log", "b", who=user).returncode == 2


def test_sessions_sum_up(tree, ask):
    stamping.put(tree / "carried", inode=5)
    done = ask("sessions", "--json")
    assert done.returncode == 0
    sums = {entry["session"]: entry for entry in objects(done) if entry["type"] == "session"}
    own = sums[stamping.SESSION]
    assert (own["files"], own["bytes"], own["copied"], own["comms"], own["users"]) == (
        1, 8, 1, ["sed"], ["root"])
    assert own["first_ns"] == own["last_ns"] == stamps.read(tree / "own").time
    assert sums["c0ffee00" * 4]["roots"] == [stamping.SESSION[:8]]
    assert sums[None]["changed"] == 1
    assert ask("sessions").stdout.decode().splitlines()[-1].startswith("outside any session: 1 file")
    assert ask("sessions", "bare").returncode == 1


# --- older stampers' text


def test_older_text_is_read_and_never_taken_for_more(private, ask):
    (private / "old").touch()
    os.setxattr(private / "old", "user.prov.session", b"comm:x:pid:1:pid:2:uid:0")
    os.setxattr(private / "old", "user.prov.ts", b"4102444800")
    os.setxattr(private / "old", "user.prov.history", b"comm:vim:pid:3,01ARZ3NDEKTSV4RRFFQ69G5FAV")
    answer = files(ask("who", "--json", "old"))["old"]
    assert (answer["state"], answer["reason"]) == ("changed", "stamp-in-future")
    assert (answer["stamper"], answer["trust"], answer["session"]) == ("legacy", "advisory", None)
    assert (answer["comm"], answer["pid"], answer["uid"]) == ("x:pid:1", 2, 0)
    assert answer["legacy"]["ambiguous"] is True
    entries = objects(ask("log", "--json", "old"))
    assert [entry["legacy"]["text"] for entry in entries[1:]] == [
        "comm:vim:pid:3", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]
    stamping.put(private / "old")
    assert files(ask("who", "--json", "old"))["old"]["stamper"] == "provfs"
