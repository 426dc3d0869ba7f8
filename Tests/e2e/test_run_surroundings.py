# SPDX-License-Identifier: Apache-2.0
"""What `provstamp run` and `provstamp doctor` say of where they are started, and that the advice helps."""

import errno
import fcntl
import json
import os
import subprocess

import pytest

from support import identity, programs, records, stamps
from support.mounts import PATIENCE, unmount, until


def doctor(process, *arguments, **options):
    """The findings by name, as a process of the test's sees them."""
    _, output, _ = process.run(programs.provstamp(), "doctor", "--json", *arguments, check=False, **options)
    findings = {}
    for line in map(json.loads, output.splitlines()):
        findings.setdefault(line["name"], []).append(line)
    return findings


# Standing in a directory that a view was mounted on


@pytest.fixture
def covered(tree, owner, mount, session):
    """(directory, a process in it from before the view on it was mounted)."""
    directory, _ = tree
    outsider = session(owner, outside=True)
    outsider.python("import os; os.chdir(path)", path=str(directory))
    attribute = stamps.SECURITY if owner.uid == 0 else stamps.USER
    mount(directory, directory, owner)
    return directory, outsider, attribute


def test_a_session_enters_the_view_that_covers_its_directory(covered):
    directory, outsider, attribute = covered
    outsider.run("sh", "-c", "echo x > past")
    _, output, errors = outsider.run(
        programs.provstamp(), "run", "-q", "--", "sh", "-c", "echo $AGENT_SESSION_ID; echo x > file; pwd")
    written_by, where = output.decode().split()
    assert (where, errors) == (str(directory), b"")
    answer = outsider.run(programs.provstamp(), "who", "--json", directory / "file")[1]
    assert json.loads(answer)["session"] == written_by
    assert outsider.run(programs.provstamp(), "who", directory / "past", check=False)[0] == 1


def test_doctors_advice_leads_into_the_view(covered):
    directory, outsider, _ = covered
    finding, = doctor(outsider)["watched"]
    assert finding["status"] == "warn" and "past the view" in finding["detail"]
    advice = finding["remedy"].partition("   ")[0]
    assert advice == f"cd {directory}"
    output = outsider.run("sh", "-c", f'{advice}; exec "$0" doctor --json', programs.provstamp(),
                          check=False)[1]
    answers = [line for line in map(json.loads, output.splitlines()) if line["name"] == "watched"]
    assert [line["status"] for line in answers] == ["ok"]


def test_another_directory_of_the_same_path_is_not_entered(private, session):
    """A command runs where it was started, whatever was mounted there."""
    place = private / "place"
    place.mkdir()
    outsider = session(identity.ROOT, outside=True)
    outsider.python("import os; os.chdir(path)", path=str(place))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    try:
        outsider.run(programs.provstamp(), "run", "-q", "--", "sh", "-c", "echo x > here")
        assert os.listdir(place) == []
    finally:
        unmount(place)
    assert os.listdir(place) == ["here"]


def test_a_session_where_nothing_stamps_says_so(private, session):
    place = private / "a b; touch INJECTED"
    place.mkdir()
    outsider = session(identity.ROOT, outside=True)
    command = [programs.provstamp(), "run", "--", "true"]
    errors = outsider.run(*command, cwd=str(place))[2].decode()
    assert f"nothing stamps what is written in {place}" in errors
    advice = errors.partition("way out: ")[2].partition(", or work")[0]
    assert advice == f"provfs '{place}' '{place}'"
    assert outsider.run(*command[:2], "-q", *command[2:], cwd=str(place))[2] == b""


# Servers, and sessions in sessions


SERVER = """
    import ctypes, os, subprocess
    if os.fork() == 0:
        link.close()
        os.setsid()
        ctypes.CDLL(None).prctl(15, b'tmux: server', 0, 0, 0)
        done = subprocess.run([program, 'run', '--', program, 'doctor', '--json'], capture_output=True)
        with open(path + '.new', 'wb') as file: file.write(done.stderr + done.stdout)
        os.rename(path + '.new', path)
        os._exit(0)
    """


@pytest.mark.parametrize("outside", [False, True])
def test_a_server_that_a_session_started_is_named(home, session, outside):
    who = session(identity.ROOT, outside=outside)
    answer = home / "answer"
    who.python(SERVER, program=programs.provstamp(), path=str(answer))
    until(answer.exists, "the server's session ends")
    text = answer.read_text()
    is_named = f"which started this, is in session {who.id}" in text
    is_listed = '"session-server"' in text and f"is in session {who.id}" in text
    assert (is_named, is_listed) == (not outside, not outside)


def test_a_nested_session_names_the_one_around(session):
    outer = session(identity.ROOT)
    errors = outer.run(programs.provstamp(), "run", "--", "true")[2].decode()
    assert f"it is nested in session {outer.id}" in errors
    outsider = session(identity.ROOT, outside=True)
    assert b"nested" not in outsider.run(programs.provstamp(), "run", "--", "true")[2]


# Advice that is pasted into a shell


def names(advice, directory):
    """The file that the advice is to remove, as a shell takes the word."""
    command, _, word = advice.partition(" ")
    if command != "rm":
        return None
    return subprocess.run(["bash", "-c", f"printf %s {word}"], cwd=directory, stdout=subprocess.PIPE,
                          check=True, timeout=PATIENCE).stdout


@pytest.mark.parametrize("name", [
    "a;touch INJECTED", "$(touch INJECTED)", "`touch INJECTED`", "it's", "a\nb", "a\x1b[31m b", "-rf",
    "\u202ea", "a|b&c", "~", "*"])
def test_what_doctor_says_to_remove_is_quoted(private, session, name):
    directory = records.directory(identity.ROOT)
    outsider = session(identity.ROOT, outside=True)
    outsider.run(programs.provstamp(), "run", "-q", "--", "true")
    record = directory / name
    with open(record, "w", encoding="ascii") as file:
        # Whoever makes a session meanwhile takes away what nobody has locked.
        fcntl.lockf(file, fcntl.LOCK_EX)
        # Other tests have records there as well.
        advice, = [finding["remedy"] for finding in doctor(outsider, "/")["session-record"]
                   if names(finding["remedy"], private) == os.fsencode(record)]
        subprocess.run(["bash", "-c", advice], cwd=private, check=True, timeout=PATIENCE)
        assert not os.path.lexists(record)
        assert "INJECTED" not in os.listdir(private)


def test_doctor_says_what_a_hidden_proc_costs(session):
    outsider = session(identity.ROOT, outside=True)
    script = 'mount -t proc -o hidepid=$1 proc /proc; exec "$0" doctor --json /'
    for option, is_told in (("invisible", True), ("off", False)):
        output = outsider.run("unshare", "--mount", "--propagation", "private", "sh", "-euc", script,
                              programs.provstamp(), option, check=False)[1]
        names = [json.loads(line)["name"] for line in output.splitlines()]
        assert ("proc-hidden" in names) == is_told


# What others try


def test_nobody_keeps_root_from_a_session_by_locks(user, session):
    """A reader's lock on a record that is being made, or on one that is there, is in nobody's way."""
    attacker = session(user, outside=True)
    attacker.python("""
        import fcntl, os, threading
        def lock():
            held = []
            while not kept.get('stop'):
                for name in os.listdir(directory):
                    try:
                        file = os.open(os.path.join(directory, name), os.O_RDONLY)
                        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                        held.append(file)
                    except OSError:
                        pass
                while len(held) > 500: os.close(held.pop(0))
        kept['thread'] = threading.Thread(target=lock)
        kept['thread'].start()
        """, directory=str(records.directory(identity.ROOT)))
    victim = session(identity.ROOT, outside=True)
    try:
        for _ in range(50):
            assert victim.run(programs.provstamp(), "run", "-q", "--", "true")[1:] == (b"", b"")
    finally:
        attacker.python("kept['stop'] = True; kept['thread'].join()")
    assert not [name for name in os.listdir(records.directory(identity.ROOT)) if name.startswith(".")]


@pytest.mark.parametrize("which", ["leader", "foreground"])
def test_nobody_renames_who_leads_a_session(user, session, which):
    """Its name makes a leader of a process: others of its user can neither set it nor trace the process."""
    one = session(user)
    leader = records.of_session(user, one.id).leader
    target = leader if which == "leader" else one.process.pid
    other = session(user, outside=True)
    outcome = other.python("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            with open(f'/proc/{target}/comm', 'w') as comm: comm.write('sh')
            result = ['renamed']
        except OSError as error:
            result = [error.errno]
        result.append(libc.ptrace(0x4206, target, None, None) and ctypes.get_errno())
        """, target=target)
    assert outcome[0] in (errno.EACCES, errno.EINVAL) and outcome[1] == errno.EPERM
