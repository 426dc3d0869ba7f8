# SPDX-License-Identifier: Apache-2.0
"""What is known of sessions besides what they wrote: names, the ledger, ps, whoami."""

import json
import os
import re
import subprocess

import pytest

from support import identity, programs, stamping
from support.mounts import PATIENCE, until

AGENT_ID = "8f3a2b1c-7a9e-4d52-9c11-0123456789ab"


class Desk:
    """One user's commands, with a ledger of his own."""

    def __init__(self, user, home):
        self.user, self.home = user, home
        self.directory = home / ".local/state/provstamp/ledger"

    def do(self, *arguments, **options):
        options.setdefault("env", self.user.environment(self.home))
        options.setdefault("cwd", str(self.home))
        return self.user.run([programs.provstamp(), *map(str, arguments)], check=False, **options)

    def run(self, *arguments, command=("true",)):
        done = self.do("run", *arguments, "--print-id", "--", *command)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().splitlines()[0]

    def accounts(self, *arguments):
        """What this ledger tells of; the user may have sessions elsewhere."""
        done = self.do("ps", "--json", *arguments)
        return {line["session"]: line for line in map(json.loads, done.stdout.splitlines())
                if line["type"] == "account" and line["directory"] == str(self.home)}

    def start(self, *arguments):
        """A session that runs until its standard input ends."""
        argv = [programs.provstamp(), "run", "--print-id", *arguments, "--", "cat"]
        process = self.user.popen(argv, env=self.user.environment(self.home), cwd=str(self.home),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return process, process.stdout.readline().decode().strip()


@pytest.fixture
def desk(user, home):
    return Desk(user, home)


def end(process):
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()


def test_the_id_is_told_where_it_is_asked_for(desk):
    done = desk.do("run", "--name", "parser", "--print-id", "--id-file", "id", "--",
                   "sh", "-c", "cat id; echo $AGENT_SESSION_ID")
    ids = done.stdout.decode().split()
    assert len(ids) == 3 and len(set(ids)) == 1
    assert done.stderr.decode().splitlines()[-1] == f'provstamp: note: session {ids[0]} "parser"'
    assert desk.do("run", "-q", "--", "true").stderr == b""


def test_an_id_file_that_cannot_be_written_starts_nothing(desk):
    done = desk.do("run", "-q", "--id-file", "no/such/id", "--", "touch", "made")
    assert done.returncode == 125 and b"no/such/id" in done.stderr
    assert not (desk.home / "made").exists()


def test_a_session_is_known_after_its_end(desk):
    done = desk.do("run", "-q", "--print-id", "--name", "parser", "--intent", "fix it", "--id", AGENT_ID,
                   "--", "sh", "-c", "exit 3")
    account = desk.accounts("--all")[done.stdout.decode().strip()]
    expected = {"name": "parser", "intent": "fix it", "alias": AGENT_ID, "kind": "registry",
                "parent": None, "running": False, "exit_status": 3, "signal": None,
                "uid": desk.user.uid, "user": desk.user.name, "host": os.uname().nodename,
                "directory": str(desk.home), "command": ["sh", "-c", "exit 3"], "processes": []}
    assert {key: account[key] for key in expected} == expected
    assert account["started_ns"] < account["ended_ns"]
    assert desk.accounts() == {}


def test_a_signal_that_ended_the_command_is_kept(desk):
    done = desk.do("run", "-q", "--print-id", "--", "sh", "-c", "kill -TERM $$")
    account = desk.accounts("--all")[done.stdout.decode().strip()]
    assert (account["signal"], account["exit_status"]) == (15, None)


def test_an_end_that_nobody_saw_is_not_made_up(desk):
    process, session = desk.start("--name", "killed")
    record = f"/run/user/{desk.user.uid}/provstamp/sessions"
    leader = next(int(name.split("-")[1]) for name in os.listdir(record)
                  if session in open(os.path.join(record, name), encoding="utf-8").read())
    os.kill(leader, 9)
    process.communicate(timeout=PATIENCE)
    account = desk.accounts("--all")[session]
    assert (account["running"], account["ended"], account["exit_status"]) == (None, None, None)
    assert b"end not seen" in desk.do("ps", "-a").stdout


def test_ps_shows_sessions_that_run_with_their_processes(desk):
    outer, outer_id = desk.start("--name", "outer")
    account = desk.accounts()[outer_id]
    assert account["running"] is True and account["name"] == "outer"
    assert [process["comm"] for process in account["processes"]] == ["cat"]
    line = next(line for line in desk.do("ps").stdout.decode().splitlines() if outer_id in line)
    fields = line.split("\t")
    assert fields[1:3] == ["outer", "running"] and re.fullmatch(r"cat\[\d+\]", fields[5])
    end(outer)
    until(lambda: outer_id not in desk.accounts(), "the session to end")


def test_whoami(desk):
    done = desk.do("whoami")
    assert (done.returncode, done.stdout) == (1, b"no session\n")
    script = f"{programs.provstamp()} whoami --json; {programs.provstamp()} run -q -- " \
             f"{programs.provstamp()} whoami --json"
    done = desk.do("run", "-q", "--name", "outer", "--", "sh", "-c", script)
    outer, inner = map(json.loads, done.stdout.splitlines())
    assert (outer["name"], outer["root"], outer["running"]) == ("outer", None, True)
    assert (inner["root"], inner["parent"]) == (outer["session"][:8], outer["session"])


def test_an_agents_own_id_is_one_running_sessions_at_a_time(desk):
    process, session = desk.start("--id", AGENT_ID)
    done = desk.do("run", "--id", AGENT_ID.replace("-", "").upper(), "--", "touch", "made")
    assert done.returncode == 125 and session.encode() in done.stderr
    assert not (desk.home / "made").exists()
    assert os.listdir(desk.directory) == [session]
    # The session that has it is none the worse for being asked about.
    assert desk.accounts()[session]["running"] is True
    end(process)
    again = desk.run("--id", AGENT_ID)
    assert desk.accounts("--all")[again]["alias"] == AGENT_ID


def test_an_id_given_does_not_cost_the_session_its_place(desk):
    done = desk.do("run", "-q", "--id", AGENT_ID, "--", programs.provstamp(), "whoami")
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize("option, value", [
    ("--id", "12"), ("--id", "0" * 32), ("--name", "beef"), ("--name", "self"), ("--name", "a,b"),
    ("--name", ""), ("--name", "x" * 64)])
def test_what_is_no_name_or_id_is_refused(desk, option, value):
    done = desk.do("run", option, value, "--", "touch", "made")
    assert done.returncode == 125 and done.stderr.startswith(f"provstamp: {option}".encode())
    assert not (desk.home / "made").exists()


@pytest.fixture
def work(desk, private):
    """Two sessions named, and files stamped as theirs."""
    ids = {"parser": desk.run("--name", "parser", "--id", AGENT_ID),
           "lexer": desk.run("--name", "lexer", "--intent", "speed")}
    for name, session in ids.items():
        stamping.put(private / name, session=session)
    stamping.put(private / "other")
    stamping.put(private / "outside", session="0" * 32)
    return private, ids


@pytest.mark.parametrize("question, expected", [
    ("parser", {"parser"}), ("parser,lexer", {"parser", "lexer"}), (AGENT_ID, {"parser"}),
    (AGENT_ID[:8], {"parser"}), ("lexer,none", {"lexer", "outside"})])
def test_find_takes_names_and_lists_of_them(desk, work, question, expected):
    tree, _ = work
    done = desk.do("find", "--type", "f", "--session", question, tree)
    assert {os.path.basename(line) for line in done.stdout.decode().split()} == expected
    assert done.returncode == 0


def test_a_name_says_which_session_it_was_taken_for(desk, work):
    tree, ids = work
    done = desk.do("find", "--session", "parser", tree)
    assert f"parser is session {ids['parser']}".encode() in done.stderr


def test_ended_sessions_are_named_in_every_answer(desk, work):
    tree, ids = work
    who = desk.do("who", tree / "lexer").stdout.decode()
    assert 'lexer  "speed"' in who
    answer = json.loads(desk.do("who", "--json", tree / "lexer").stdout)
    assert (answer["name"], answer["intent"]) == ("lexer", "speed")
    assert "parser" in desk.do("sessions", tree).stdout.decode()
    listed = [json.loads(line) for line in desk.do("sessions", "--json", tree).stdout.splitlines()]
    [lexer] = [line for line in listed if line.get("session") == ids["lexer"]]
    assert (lexer["name"], lexer["running"]) == ("lexer", False)


def test_a_name_that_nobody_has_leads_to_one_that_somebody_has(desk, work):
    done = desk.do("find", "--session", "praser", work[0])
    assert done.returncode == 2 and b"did you mean parser?" in done.stderr
    done = desk.do("find", "--session", "self", work[0])
    assert done.returncode == 2 and b"in no session" in done.stderr


def test_self_is_the_askers_session(desk, private):
    os.chmod(private, 0o777)
    script = 'touch mine; setfattr -n user.x -v 1 mine; echo $AGENT_SESSION_ID; read go; ' \
             f'{programs.provstamp()} find --session self {private}'
    process = desk.user.popen(
        [programs.provstamp(), "run", "-q", "--", "sh", "-c", script],
        env=desk.user.environment(desk.home), cwd=str(private), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    session = process.stdout.readline().decode().strip()
    stamping.put(private / "stamped", session=session)
    output, errors = process.communicate(b"go\n", timeout=PATIENCE)
    assert output.decode() == f"{private}/stamped\n", errors.decode()


@pytest.mark.parametrize("garbage", [
    b"", b"\0" * 100, b"provstamp ledger 1\n" * 1000, b"provstamp ledger 1\nid 12\n"],
    ids=["empty", "zeros", "long", "begun"])
def test_garbage_in_the_ledger_is_passed_over(desk, garbage):
    session = desk.run("--name", "parser")
    good = (desk.directory / session).read_bytes()
    (desk.directory / ("1" * 32)).write_bytes(garbage)
    (desk.directory / ("2" * 32)).write_bytes(good)
    (desk.directory / ("3" * 32)).symlink_to(session)
    os.mkfifo(desk.directory / ("4" * 32))
    (desk.directory / "x").write_bytes(good)
    assert set(desk.accounts("--all")) == {session}


def test_a_ledger_that_others_may_write_to_is_not_read(desk):
    desk.run("--name", "parser")
    os.chmod(desk.directory, 0o777)
    assert desk.accounts("--all") == {}
    done = desk.do("run", "--name", "parser", "--", "true")
    assert done.returncode == 125 and b"ledger" in done.stderr


def test_an_entry_of_somebody_else_is_not_read(desk):
    session = desk.run("--name", "parser")
    os.chown(desk.directory / session, 0, 0)
    os.chmod(desk.directory / session, 0o644)
    assert desk.accounts("--all") == {}


def test_the_ledger_forgets_the_oldest(desk):
    kept = desk.run("--name", "kept")
    text = (desk.directory / kept).read_text()
    for number in range(4100):
        session = f"{number + 1:08x}{'0' * 24}"
        path = desk.directory / session
        path.write_text(text.replace(f"id {kept}", f"id {session}"))
        os.chown(path, desk.user.uid, desk.user.gid)
        os.utime(path, (1_600_000_000, 1_600_000_000 + number) if number < 2 else None)
    os.utime(desk.directory / kept, (2_000_000_000, 2_000_000_000))
    newest = desk.run("--name", "newest")
    until(lambda: len(os.listdir(desk.directory)) <= 4096, "room to be made")
    names = os.listdir(desk.directory)
    assert kept in names and newest in names and f"{1:08x}{'0' * 24}" not in names


def test_a_session_without_a_home_runs_nameless_or_not_at_all(desk):
    environment = desk.user.environment(desk.home)
    environment["HOME"] = "relative"
    done = desk.do("run", "--", "echo", "ran", env=environment)
    assert (done.returncode, done.stdout) == (0, b"ran\n") and b"ledger" in done.stderr
    done = desk.do("run", "--name", "x", "--", "echo", "ran", env=environment)
    assert (done.returncode, done.stdout) == (125, b"") and b"XDG_STATE_HOME" in done.stderr
    environment["XDG_STATE_HOME"] = str(desk.home / "state")
    assert desk.do("run", "--name", "x", "--", "true", env=environment).returncode == 0
    assert len(os.listdir(desk.home / "state/provstamp/ledger")) == 1


def test_roots_ledger_is_roots_alone():
    script = f"""
        mount -t tmpfs tmpfs /var/lib
        {programs.provstamp()} run -q --name secret -- true
        stat -c %a:%u /var/lib/provstamp/ledger
        {programs.provstamp()} ps -a --json
    """
    done = subprocess.run(["unshare", "--mount", "sh", "-euc", script], capture_output=True,
                          check=True, cwd="/", env=identity.ROOT.environment("/root"))
    first, *accounts = done.stdout.decode().splitlines()
    assert first == "700:0"
    assert any(json.loads(line).get("name") == "secret" for line in accounts)
