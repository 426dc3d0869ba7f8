# SPDX-License-Identifier: Apache-2.0
"""`provstamp run`: that it stands for its command, and keeps its session's record."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import textwrap

import pytest

from support import identity, programs, records, stamping
from support.mounts import PATIENCE, until

PYTHON = [os.path.realpath(sys.executable), "-S", "-E", "-c"]


@pytest.fixture(params=["root", "user"])
def who(request, user):
    return identity.ROOT if request.param == "root" else user


class Caller:
    """Starts commands, in sessions and outside, as one identity."""

    def __init__(self, who, home):
        self.who, self.home = who, home
        self.started = []

    def popen(self, argv, **options):
        options.setdefault("env", self.who.environment(self.home))
        options.setdefault("cwd", self.home)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        process = self.who.popen(argv, **options)
        self.started.append(process)
        return process

    def start(self, *command, options=(), **keywords):
        return self.popen([programs.provstamp(), "run", "-q", *options, "--", *command], **keywords)

    def start_python(self, source, *arguments, **keywords):
        return self.start(*PYTHON, textwrap.dedent(source), *arguments, **keywords)

    def finish(self, process):
        output, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, output, errors

    def run(self, *command, **keywords):
        return self.finish(self.start(*command, **keywords))

    def raw(self, *arguments, **keywords):
        return self.finish(self.popen([programs.provstamp(), "run", *arguments], **keywords))

    def close(self):
        for process in self.started:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def caller(who, home):
    caller = Caller(who, home)
    yield caller
    caller.close()


def status_of(process):
    """/proc/PID/status of a process as a dictionary; None when it has gone."""
    try:
        text = pathlib.Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def has_ended(process):
    status = status_of(process)
    return status is None or status["State"].startswith("Z")


def is_stopped(process):
    status = status_of(process)
    return status is not None and status["State"].startswith("T")


# Standing for the command


@pytest.mark.parametrize("status", [0, 1, 2, 42, 125, 255])
def test_the_status_is_the_commands(caller, status):
    assert caller.run("sh", "-c", f"exit {status}") == (status, b"", b"")


def test_a_command_that_is_not_there(caller):
    status, output, errors = caller.run("no-such-command")
    assert (status, output) == (127, b"")
    assert errors.startswith(b"provstamp: no-such-command: ")
    assert caller.run("./absent/command")[0] == 127


def test_a_command_that_is_no_program(caller):
    (caller.home / "text").write_text("text")
    status, output, errors = caller.run("./text")
    assert (status, output) == (126, b"")
    assert errors.startswith(b"provstamp: ./text: ") and b"Permission denied" in errors
    assert caller.run("/")[0] == 126


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT, signal.SIGPIPE,
    signal.SIGRTMIN + 3])
def test_a_killed_command_ends_by_its_signal(caller, number):
    limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, limit)
    try:
        # The command forbids its own core file, so that any that appears is provstamp's.
        status, _, _ = caller.run("sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
    assert status == -number
    assert list(caller.home.glob("core*")) == []


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGWINCH, signal.SIGALRM, signal.SIGTSTP, signal.SIGRTMIN + 1])
def test_a_signal_is_passed_on(caller, number):
    process = caller.start_python(
        """
        import signal, sys, time
        number = int(sys.argv[1])
        signal.pthread_sigmask(signal.SIG_BLOCK, [number, signal.SIGVTALRM])
        print("up", flush=True)
        print(int(signal.sigwait([number])), flush=True)
        # The signal after it shows that the first came once.
        print(int(signal.sigwait([number, signal.SIGVTALRM])), flush=True)
        """, str(int(number)))
    assert process.stdout.readline() == b"up\n"
    os.kill(process.pid, number)
    assert process.stdout.readline() == b"%d\n" % number
    os.kill(process.pid, signal.SIGVTALRM)
    assert process.stdout.readline() == b"%d\n" % signal.SIGVTALRM
    assert caller.finish(process)[0] == 0


def test_a_timer_of_the_caller_reaches_the_command(caller):
    """perl -e 'alarm 1; exec @ARGV' is how scripts limit a command's time."""
    process = caller.popen(
        ["perl", "-e", "alarm 1; exec @ARGV", programs.provstamp(), "run", "sleep", "1000"])
    assert caller.finish(process)[0] == -signal.SIGALRM


REPORT = """
import json, os, signal
status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "signals": {name: status[name] for name in ("SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd")},
    "descriptors": sorted((int(fd), os.readlink(f"/proc/self/fd/{fd}"))
                          for fd in os.listdir("/proc/self/fd")
                          if os.path.lexists(f"/proc/self/fd/{fd}")),
    "group": os.getpgrp(), "session": os.getsid(0), "directory": os.getcwd(),
    "umask": status["Umask"], "identity": [status["Uid"], status["Gid"], status["Groups"]],
    "limits": open("/proc/self/limits").read(),
    "environment": dict(os.environ),
}))
"""


@pytest.mark.parametrize("closed", [[], [0], [0, 1, 2], [2]], ids=str)
def test_the_command_has_what_the_caller_gave(caller, closed):
    """The same program inside and outside a session finds the same things."""
    report = caller.home / "report"
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    launcher = textwrap.dedent("""
        import os, signal, sys
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        os.umask(0o027)
        for fd in eval(sys.argv[1]):
            os.close(fd)
        os.execv(sys.argv[2], sys.argv[2:])
        """)
    found = []
    for prefix in ([], [programs.provstamp(), "run", "--"]):
        report.unlink(missing_ok=True)
        command = [*PYTHON, f"import sys; sys.stdout = open({str(report)!r}, 'w')\n{REPORT}"]
        process = caller.popen(
            [*PYTHON, launcher, repr(closed), *prefix, *command], stdin=subprocess.DEVNULL,
            stdout=writer, stderr=writer, pass_fds=[reader, writer])
        status, _, _ = caller.finish(process)
        assert status == 0, os.read(reader, 65536) if not set(closed) & {1, 2} else status
        answer = json.loads(report.read_text())
        assert answer.pop("group") == process.pid
        assert answer.pop("session") == process.pid
        found.append(answer)
    os.close(reader)
    os.close(writer)
    outside, inside = found
    assert len(inside["environment"].pop("AGENT_SESSION_ID")) == 32
    assert inside == outside


def test_arguments_are_bytes_and_the_commands_own(caller):
    words = [b"--intent", b"-x", b"", b"\xff\xfe", b"a\nb", "ü".encode(), b"--help", b"--"]
    status, output, _ = caller.run("printf", r"[%s]", *words)
    assert (status, output) == (0, b"".join(b"[%s]" % word for word in words))
    # Without "--", what follows the command's name is still the command's.
    assert caller.raw("-q", "printf", "[%s]", "--intent", "--version") == (0, b"[--intent][--version]", b"")


@pytest.mark.parametrize("arguments, complaint", [
    ([], b"no command"),
    (["--"], b"no command"),
    (["--no-such-option", "true"], b"--no-such-option"),
    (["--intent", "", "--", "true"], b"empty"),
    (["--intent", "x" * 64, "--", "true"], b"64 bytes"),
    (["--intent", "a\x1bb", "--", "true"], b"U+1B"),
    (["--budget", "max_write_bytes=1M", "--", "true"], b"only a kernel with agent sessions"),
    (["--budget", "bytes=1M", "--", "true"], b"max_write_bytes"),
    (["--user-namespace", "--", "true"], b"only a kernel with agent sessions"),
])
def test_wrong_usage_says_what_is_wrong(caller, arguments, complaint):
    status, output, errors = caller.raw(*arguments)
    assert (status, output) == (125, b"")
    assert errors.startswith(b"provstamp: ") and complaint in errors and b"way out" in errors


def test_help_teaches(caller):
    status, output, _ = caller.raw("--help")
    assert status == 0
    assert b"provstamp run --name" in output and b"127" in output


# Stopping


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN])
def test_it_stops_when_the_command_stops(caller, number):
    """In a process group whose parent is in another one: the kernel stops none that is orphaned, as that of
    the tests themselves is where nobody waits for them."""
    process = caller.start_python(
        """
        import os, sys
        print(os.getpid(), flush=True)
        sys.stdin.readline()
        print("on", flush=True)
        """, stdin=subprocess.PIPE, start_new_session=False, process_group=0)
    command = int(process.stdout.readline())
    for continued in (process.pid, command):
        os.kill(command, number)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == number
        assert is_stopped(command)
        os.kill(continued, signal.SIGCONT)
        until(lambda: not is_stopped(command), "the command goes on")
        until(lambda: not is_stopped(process.pid), "provstamp goes on")
    output, _ = process.communicate(b"\n", timeout=PATIENCE)
    assert output == b"on\n"
    assert process.returncode == 0


def test_a_command_whose_standing_process_is_killed_ends(caller):
    process = caller.start_python(
        "import os, time; print(os.getpid(), flush=True); time.sleep(1000)")
    command = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: has_ended(command), "the command ends")
    assert caller.finish(process)[0] == -signal.SIGKILL


# The record


def test_a_record_stands_while_the_command_runs(caller, who):
    process = caller.start("sh", "-c", 'echo $AGENT_SESSION_ID; read line', "a b",
                           options=["--intent", "fix the pärser"], stdin=subprocess.PIPE)
    session = process.stdout.readline().decode().strip()
    record = records.of_session(who, session)
    assert record.uid == who.uid
    assert record.intent == "fix the pärser"
    assert record.command == r"sh -c echo\x20$AGENT_SESSION_ID;\x20read\x20line a\x20b"
    assert record.is_whole
    leader = status_of(record.leader)
    assert leader["Name"] == "provstamp-run"
    status = record.path.stat()
    assert (status.st_uid, status.st_nlink, status.st_mode & 0o777) == (who.uid, 1, 0o644)
    mode = record.path.parent.stat().st_mode & 0o777
    assert mode == (0o755 if who.uid == 0 else 0o700)
    process.communicate(b"\n", timeout=PATIENCE)
    assert not record.path.exists()
    assert has_ended(record.leader)


def test_the_supervisor_holds_nothing_of_the_callers(caller, who):
    process = caller.start("sh", "-c", "echo $AGENT_SESSION_ID; read line", stdin=subprocess.PIPE)
    record = records.of_session(who, process.stdout.readline().decode().strip())
    descriptors = pathlib.Path(f"/proc/{record.leader}/fd")
    until(lambda: not any(str(link.readlink()).startswith("pipe:") for link in descriptors.iterdir()),
          "the supervisor lets go of the caller's pipes")
    for number in "012":
        assert (descriptors / number).readlink() == pathlib.Path("/dev/null")
    assert pathlib.Path(f"/proc/{record.leader}/cwd").readlink() == pathlib.Path("/")
    process.communicate(b"\n", timeout=PATIENCE)


def test_a_session_lasts_as_long_as_a_member_lives(caller, who):
    gate, opened = os.pipe()
    process = caller.start_python(
        """
        import os, sys
        ours, theirs = os.pipe()
        if os.fork():
            print(os.environ["AGENT_SESSION_ID"], os.read(ours, 20).decode(), flush=True)
            os._exit(5)
        os.setsid()
        if os.fork():
            os._exit(0)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.write(theirs, str(os.getpid()).encode())
        os.read(int(sys.argv[1]), 1)
        """, str(gate), pass_fds=[gate])
    os.close(gate)
    # The caller has status and end of output at once, although the session goes on.
    status, output, _ = caller.finish(process)
    assert status == 5
    session, orphan = output.decode().split()
    orphan = int(orphan)
    record = records.of_session(who, session)
    until(lambda: status_of(orphan)["PPid"] == str(record.leader), "the supervisor adopts the orphan")
    assert not has_ended(record.leader)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        os.kill(record.leader, number)
    os.write(opened, b"x")
    os.close(opened)
    until(lambda: has_ended(record.leader), "the supervisor ends after the last member")
    assert has_ended(orphan)
    assert not record.path.exists()


def test_many_sessions_at_once(caller, who):
    processes = [caller.start("sh", "-c", "echo $AGENT_SESSION_ID; read line",
                              stdin=subprocess.PIPE) for _ in range(50)]
    sessions = [process.stdout.readline().decode().strip() for process in processes]
    found = [records.of_session(who, session) for session in sessions]
    assert all(found)
    assert len({record.leader for record in found}) == len(set(sessions)) == 50
    for process in processes:
        process.communicate(b"\n", timeout=PATIENCE)
        assert process.returncode == 0
    assert not any(record.path.exists() for record in found)


def test_a_killed_supervisor_ends_the_command_and_is_cleaned_up_after(caller, who):
    process = caller.start_python(
        """
        import os, time
        print(os.environ["AGENT_SESSION_ID"], os.getpid(), flush=True)
        time.sleep(1000)
        """)
    session, command = process.stdout.readline().decode().split()
    record = records.of_session(who, session)
    os.kill(record.leader, signal.SIGKILL)
    status, _, errors = caller.finish(process)
    assert status == 125
    assert b"supervisor" in errors and str(record.leader).encode() in errors
    assert has_ended(int(command))
    assert caller.run("true")[0] == 0
    assert not record.path.exists()


def test_a_record_that_is_in_use_is_not_cleaned_up(caller, who):
    first = caller.start("sh", "-c", "echo $AGENT_SESSION_ID; read line", stdin=subprocess.PIPE)
    record = records.of_session(who, first.stdout.readline().decode().strip())
    assert caller.run("true")[0] == 0
    assert record.path.exists()
    first.communicate(b"\n", timeout=PATIENCE)


def test_root_sees_the_living_sessions_of_others(user, home, tmp_path):
    """In the release build, too, which once read the directory after it had closed the descriptor."""
    caller = Caller(user, home)
    process = caller.start(
        "sh", "-c", "echo $AGENT_SESSION_ID; read line",
        options=["--intent", "seen by root"], stdin=subprocess.PIPE,
    )
    session = process.stdout.readline().decode().strip()
    file = tmp_path / "file"
    stamping.put(file, session=session, uid=user.uid)
    root = Caller(identity.ROOT, tmp_path)

    def ask(*arguments):
        status, output, errors = root.finish(root.popen([programs.provstamp(), *arguments]))
        assert (status, errors) == (0, b"")
        return output

    def of_tree():
        lines = [json.loads(line) for line in ask("sessions", "--json", tmp_path).splitlines()]
        [found] = [line for line in lines if line.get("session") == session]
        return found

    try:
        assert of_tree().get("running")
        assert b"seen by root" in ask("who", file)
    finally:
        process.communicate(b"\n", timeout=PATIENCE)
    assert not of_tree().get("running")


# Where there is no login, and where there is no help


@pytest.fixture
def unknown_user():
    """A user without a runtime directory, of this worker's own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    user = identity.Identity("nobody-in-particular", 61100 + number, 61100 + number)
    yield user
    subprocess.run(["rm", "-rf", f"/tmp/.provstamp-{user.uid}"], check=True)


def test_a_user_without_a_login_has_a_place_in_tmp(unknown_user, home):
    caller = Caller(unknown_user, home)
    place = pathlib.Path(f"/tmp/.provstamp-{unknown_user.uid}")
    status, output, errors = caller.run("sh", "-c", f"echo $AGENT_SESSION_ID; cat {place}/sessions/*")
    assert (status, errors) == (0, b"")
    session, _, record = output.decode().partition("\n")
    assert f"id {session}\n" in record
    assert place.stat().st_mode & 0o777 == 0o700
    assert list((place / "sessions").iterdir()) == []


@pytest.mark.parametrize("obstacle", ["another user's", "writable", "writable below", "link", "file"])
def test_a_place_that_others_control_holds_no_record(unknown_user, private, home, obstacle):
    """Nor does it keep anybody from having a session."""
    place = pathlib.Path(f"/tmp/.provstamp-{unknown_user.uid}")
    if obstacle == "another user's":
        place.mkdir(0o777)
    elif obstacle.startswith("writable"):
        for directory in (place, place / "sessions"):
            directory.mkdir()
            os.chown(directory, unknown_user.uid, unknown_user.gid)
        (place / "sessions" if "below" in obstacle else place).chmod(0o777)
    elif obstacle == "link":
        place.symlink_to(home)
    else:
        place.touch()
    caller = Caller(unknown_user, home)
    try:
        status, output, errors = caller.raw(
            "--", "sh", "-c", 'echo $AGENT_SESSION_ID; exec "$0" whoami', programs.provstamp())
        assert status == 0
        session, answer = output.decode().splitlines()
        assert answer.startswith(f"session {session}")
        assert str(place).encode() in errors and b"way out" in errors
        if obstacle.startswith("writable"):
            remedy = errors.decode().partition("chmod")[2].split("\n")[0].split(",")[0]
            caller.finish(caller.popen(["sh", "-c", "chmod" + remedy]))
            again = caller.raw("--", "true")
            assert again[0] == 0 and str(place).encode() not in again[2]
    finally:
        if not place.is_dir() or place.is_symlink():
            place.unlink()


@pytest.mark.parametrize("script, status", [
    ("exit 7", 7), ("kill -TERM $$", 128 + signal.SIGTERM), ("sleep 0.01 & exit 3", 3)])
def test_it_can_be_a_containers_first_process(script, status):
    process = identity.ROOT.popen(
        ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", programs.provstamp(), "run",
         "-q", "--", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output, errors) == (status, b"", b"")


def test_a_foreign_proc_is_not_believed():
    process = identity.ROOT.popen(
        ["unshare", "--pid", "--fork", "--kill-child", programs.provstamp(), "run", "--", "echo",
         "ran"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (125, b"")
    assert b"/proc" in errors and b"pid namespace" in errors


@pytest.fixture
def run_in_chroot(private):
    """run(identity, mount_point=…): `provstamp run` of id(1) in a directory as its root directory."""
    root = private / "root"
    for name, mode in (("usr", 0o755), ("proc", 0o755), ("dev", 0o755), ("run", 0o755), ("tmp", 0o1777)):
        (root / name).mkdir(parents=True)
        (root / name).chmod(mode)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    shutil.copy(programs.provstamp(), root)

    def run(who, mount_point, dev="dev", quiet="-q"):
        prepare = f"mount --bind {root} {root}; cd {root}\n" if mount_point else f"cd {root}\n"
        script = prepare + f"""
            mount --rbind /usr usr
            mount --rbind /dev {dev}
            mount -t proc proc proc
            exec chroot --userspec={who.uid}:{who.gid} . /provstamp run {quiet} -- id -u
        """
        done = subprocess.run(["unshare", "--mount", "sh", "-euc", script], capture_output=True,
                              cwd="/", env={"PATH": os.defpath + ":/usr/sbin"}, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


def test_root_has_sessions_in_a_chroot_that_is_no_mount_point(run_in_chroot):
    assert run_in_chroot(identity.ROOT, mount_point=False) == (0, b"0\n", b"")


def test_in_a_chroot_that_is_no_mount_point_others_are_told_the_way_out(run_in_chroot, unknown_user):
    """The session is there; what it is for cannot be written down."""
    status, output, errors = run_in_chroot(unknown_user, mount_point=False, quiet="")
    assert (status, output) == (0, b"%d\n" % unknown_user.uid)
    assert b"is on a mount that cannot be seen" in errors and b"mount --bind DIR DIR" in errors
    status, output, errors = run_in_chroot(unknown_user, mount_point=True, quiet="")
    assert (status, output) == (0, b"%d\n" % unknown_user.uid)
    assert b"mount --bind" not in errors


def test_what_a_chroot_lacks_is_named(run_in_chroot):
    status, output, errors = run_in_chroot(identity.ROOT, mount_point=False, dev="tmp")
    assert (status, output) == (125, b"")
    assert b"/dev/null: No such file or directory" in errors and b"mount --bind /dev" in errors
