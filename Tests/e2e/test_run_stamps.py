# SPDX-License-Identifier: Apache-2.0
"""What sessions of `provstamp run` leave on files: the whole way, through a view."""

import os
import signal
import subprocess

import pytest

from support import places, programs, records, stamps
from support.mounts import PATIENCE, until


@pytest.fixture
def area(request, private, user, mount):
    """A view, and somebody who works in it; the test itself stays root, outside any session."""
    return places.prepare(*request.param, private, user, mount)


class Worker:
    def __init__(self, area, home):
        self.area, self.home = area, home
        self.started = []

    def start(self, *argv, environment=(), **options):
        who = self.area.worker
        # Only the worker itself can go there: the view may be closed to root.
        enter = ["sh", "-c", 'cd "$0" && exec "$@"', self.area.path]
        process = who.popen(
            [*enter, *argv], env=who.environment(self.home) | dict(environment), cwd="/",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.started.append(process)
        return process

    def session(self, script, *arguments):
        """A session that runs a shell script."""
        return self.start(programs.provstamp(), "run", "--", "sh", "-euc", script, *arguments)

    def finish(self, process):
        """Lets it go on and waits for its end; the rest of its output."""
        output, _ = process.communicate(b"\n", timeout=PATIENCE)
        assert process.returncode == 0
        return output.decode().split()

    def gate(self):
        """A pipe, outside the view, at which a member of a session waits."""
        path = self.home / "gate"
        os.mkfifo(path)
        path.chmod(0o666)
        return path

    def open_gate(self):
        (self.home / "gate").write_text("go\n")

    def stamp(self, name):
        return stamps.read(self.area.source / name)

    def close(self):
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def worker(area, home):
    worker = Worker(area, home)
    yield worker
    worker.close()


ID = "echo $AGENT_SESSION_ID; "


def test_a_session_is_on_what_it_writes(worker):
    session, pid = worker.finish(worker.session(ID + "echo $$; echo x > file"))
    stamp = worker.stamp("file")
    assert (stamp.session, stamp.root) == (session, "0" * 8)
    assert (stamp.pid, stamp.uid, stamp.comm) == (int(pid), worker.area.worker.uid, "sh")


def test_a_nested_session_names_itself_and_the_outermost(worker):
    inner = '"$0" run -- sh -c \'echo $AGENT_SESSION_ID; echo 3 > inner\''
    middle = f'"$0" run -- sh -c \'{ID}echo 2 > middle; . ./script\' "$0"; '
    (worker.area.source / "script").write_text(inner)
    outer, between, innermost = worker.finish(
        worker.session(ID + "echo 1 > outer; " + middle, programs.provstamp()))
    assert [worker.stamp(name).session for name in ("outer", "middle", "inner")] == [
        outer, between, innermost]
    assert len({outer, between, innermost}) == 3
    assert worker.stamp("outer").root == "0" * 8
    assert worker.stamp("middle").root == worker.stamp("inner").root == outer[:8]


def test_the_environment_is_no_evidence(worker):
    """Neither a false claim outside a session nor inside one changes what is stamped."""
    false = "feedface" * 4
    worker.finish(worker.start("sh", "-c", "echo x > outside",
                               environment={"AGENT_SESSION_ID": false}))
    assert worker.stamp("outside").session == stamps.NO_SESSION
    session, = worker.finish(worker.session(
        ID + f"export AGENT_SESSION_ID={false}; sh -c 'echo x > inside'"))
    assert worker.stamp("inside").session == session != false


def test_a_member_that_outlives_its_command_stays_a_member(worker):
    process = worker.session(
        ID + '(read line < "$0"; echo late > file) >&- & echo up', worker.gate())
    session, _ = worker.finish(process)
    assert not (worker.area.source / "file").exists()
    worker.open_gate()
    until(lambda: (worker.area.source / "file").exists()
          and (worker.area.source / "file").read_text() == "late\n", "the orphan writes")
    until(lambda: records.of_session(worker.area.worker, session) is None, "the session ends")
    assert worker.stamp("file").session == session


def test_a_killed_leader_takes_its_members_with_it(worker):
    """Those that forked away, too: killing the leader sheds no session."""
    process = worker.session(
        ID + "(setsid sh -c 'echo 1 > seen; sh -c \"read line < \\\"$0\\\"; echo 2 > late\"' "
        '"$0" >&- & ) & cat', worker.gate())
    session = process.stdout.readline().decode().strip()
    until(lambda: (worker.area.source / "seen").exists()
          and (worker.area.source / "seen").read_text() == "1\n", "the member writes")
    assert worker.stamp("seen").session == session
    leader = records.of_session(worker.area.worker, session).leader
    members = [pid for pid in processes_of(session) if pid != process.pid]
    assert len(members) >= 3
    os.kill(leader, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 125
    assert not any(os.path.exists(f"/proc/{pid}") for pid in members)
    assert not (worker.area.source / "late").exists()


def processes_of(session):
    """The processes that have the session's id in their environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as environment:
                if f"AGENT_SESSION_ID={session}".encode() in environment.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue
    return found


def test_sessions_at_once_are_told_apart(worker):
    script = ID + "read line; mkdir -p $AGENT_SESSION_ID; cd $AGENT_SESSION_ID; " \
                  "for i in 1 2 3 4 5; do echo $i > $i; sh -c 'echo again >> common'; done"
    processes = [worker.session(script) for _ in range(30)]
    sessions = [process.stdout.readline().decode().strip() for process in processes]
    for process in processes:
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in processes:
        worker.finish(process)
    for session in sessions:
        for name in ("", "1", "2", "3", "4", "5", "common"):
            assert worker.stamp(f"{session}/{name}").session == session


def test_two_sessions_in_one_file_are_both_named(worker):
    first, = worker.finish(worker.session(ID + "echo 1 >> file"))
    second, = worker.finish(worker.session(ID + "echo 2 >> file"))
    worker.finish(worker.start("sh", "-c", "echo 3 >> file"))
    assert worker.stamp("file").session == stamps.NO_SESSION
    earlier = stamps.log(worker.area.source / "file")
    assert [stamp.session for stamp in earlier] == [second, first]


HIDING = """
mount -t proc -o hidepid=$1 proc /proc
as="setpriv --reuid=$2 --regid=$3 --clear-groups"
mount=$as
test "$7" = user || mount=
cd "$4"
$mount "$5" -f source view &
tries=0
until $mount mountpoint -q view; do
    tries=$((tries + 1)); test $tries -lt 3000; sleep 0.01
done
trap "umount view; wait" EXIT
$as "$6" run -q -- sh -c "echo x > view/file"
"""


@pytest.mark.parametrize("hidden, mounted_by, is_known", [
    ("off", "user", True), ("noaccess", "user", False), ("invisible", "user", False),
    ("noaccess", "root", True), ("invisible", "root", True)])
def test_an_ancestor_that_cannot_be_seen_may_lead_a_session(
        private, user, hidden, mounted_by, is_known):
    """So the writer is unknown, and there is no stamp: never one that says "no session". Root sees all."""
    for name in ("source", "view"):
        (private / name).mkdir()
        os.chown(private / name, user.uid, user.gid)
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-euc", HIDING, "sh", hidden,
         str(user.uid), str(user.gid), private, programs.provfs(), programs.provstamp(), mounted_by],
        cwd="/", capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    assert (private / "source" / "file").read_text() == "x\n"
    stamp = stamps.read(private / "source" / "file")
    assert (stamp is not None and stamp.session != stamps.NO_SESSION) == is_known
    assert is_known or stamp is None
    assert (b"hides who writes" in done.stderr) != is_known


@pytest.mark.places(places.OWN_VIEW_USER)
def test_roots_session_is_seen_by_a_users_daemon(area, home, user):
    script = ID + 'exec setpriv --reuid="$0" --regid="$1" --clear-groups sh -c "echo x > $2/file"'
    done = subprocess.run(
        [programs.provstamp(), "run", "--", "sh", "-euc", script, str(user.uid),
         str(user.gid), area.path],
        cwd="/", capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    stamp = stamps.read(area.source / "file")
    assert (stamp.session, stamp.uid) == (done.stdout.decode().strip(), user.uid)
