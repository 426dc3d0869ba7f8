# SPDX-License-Identifier: Apache-2.0
"""`provstamp run` on a terminal: the keys, the shell's job control, and hanging up."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from support import identity, programs
from support.mounts import until
from support.terminal import Terminal

PYTHON = os.path.realpath(sys.executable)

# Tells of every signal that comes, and of every line. A thread tells of the signals: Python runs a handler between two
# instructions, which a signal that comes just before read(2) blocks would wait for until the next line.
LISTENER = """
import os, signal, sys, threading
def say(text):
    os.write(1, text.encode() + b"\\n")
def tell(arrivals):
    while True:
        for number in os.read(arrivals, 64):
            say("got-" + signal.Signals(number).name)
arrivals, wakeup = os.pipe()
os.set_blocking(wakeup, False)
signal.set_wakeup_fd(wakeup)
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGWINCH, signal.SIGTERM):
    signal.signal(number, lambda number, frame: None)
threading.Thread(target=tell, args=(arrivals,), daemon=True).start()
say(f"up-{os.getpid()}")
for line in iter(sys.stdin.readline, ""):
    say("line-" + line.strip())
    if line == "end\\n":
        sys.exit(4)
"""


@pytest.fixture
def terminal(user, home):
    opened = []

    def factory(*argv):
        environment = user.environment(home) | {
            "PROVSTAMP": programs.provstamp(), "PS1": "prompt> ", "TERM": "dumb",
            "LISTENER": LISTENER, "PYTHON": PYTHON, "HISTFILE": "/dev/null"}
        opened.append(Terminal(argv, user, environment, home))
        return opened[-1]

    yield factory
    for terminal in opened:
        terminal.close()


@pytest.fixture
def shell(terminal):
    shell = terminal("bash", "--norc", "--noprofile", "--noediting", "-i")
    shell.until("prompt> ")
    return shell


def start(shell, command):
    shell.type(f'{command}\n')
    return int(shell.until(r"up-(\d+)")[1])


RUN = '"$PROVSTAMP" run -- '
LISTEN = '"$PYTHON" -c "$LISTENER"'


def test_a_key_reaches_the_command_once(shell):
    start(shell, RUN + LISTEN)
    shell.type("\x03")
    shell.until("got-SIGINT")
    shell.type("\x1c")
    shell.until("got-SIGQUIT")
    shell.type("after\n")
    assert "got-" not in shell.until("(?s)(.*)line-after")[1].decode()
    shell.type("end\n")
    shell.until("prompt> ")
    shell.type("echo status-$?\n")
    shell.until("status-4")


@pytest.mark.parametrize("key, status", [("\x03", 130), ("\x1c", 131)])
def test_a_key_ends_the_command_as_it_would_alone(shell, key, status):
    start(shell, RUN + "sh -c 'echo up-$$; exec sleep 1000'")
    shell.type(key)
    shell.until("prompt> ")
    shell.type("echo status-$?\n")
    shell.until(f"status-{status}")


def test_the_shell_suspends_and_resumes_the_job(shell):
    command = start(shell, RUN + LISTEN)
    for _ in range(3):
        shell.type("\x1a")
        shell.until("Stopped")
        shell.until("prompt> ")
        state = pathlib.Path(f"/proc/{command}/status").read_text()
        assert "State:\tT" in state
        shell.type("jobs\n")
        shell.until(r"\[1\]\+ +Stopped")
        shell.until("prompt> ")
        shell.type("fg\n")
        shell.type("again\n")
        shell.until("line-again")
    shell.type("\x1a")
    shell.until("Stopped")
    shell.until("prompt> ")
    # In the background it goes on until it reads from the terminal; then it stops by itself.
    shell.type("bg\n")
    shell.until("prompt> ")
    shell.type("wait\n")
    shell.until("Stopped")
    shell.type("fg\n")
    shell.type("end\n")
    shell.until("line-end")
    shell.until("prompt> ")
    shell.type("echo status-$?\n")
    shell.until("status-4")


@contextlib.contextmanager
def kept_from_running(process):
    """Something more urgent has the only processor that `process` may use."""
    processor = min(os.sched_getaffinity(0))
    os.sched_setaffinity(process, {processor})
    spinner = subprocess.Popen([PYTHON, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(spinner.pid, {processor})
        os.sched_setscheduler(spinner.pid, os.SCHED_FIFO, os.sched_param(1))
        yield
    finally:
        spinner.kill()
        spinner.wait()


def parent(process):
    return int(re.search(r"^PPid:\t(\d+)$", pathlib.Path(f"/proc/{process}/status").read_text(), re.M)[1])


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a second processor")
def test_a_key_that_comes_before_provstamp_was_scheduled_suspends_once(shell):
    command = start(shell, RUN + LISTEN)
    foreground = parent(parent(command))
    shell.type("\x1a")
    shell.until("Stopped")
    shell.until("prompt> ")
    with kept_from_running(foreground):
        shell.type("fg\n")
        shell.type("again\n")
        shell.until("line-again")
        shell.type("\x1a")
        until(lambda: "State:\tT" in pathlib.Path(f"/proc/{command}/status").read_text(), "the command stops")
    shell.until("Stopped")
    shell.until("prompt> ")
    shell.type("fg\n")
    shell.type("further\n")
    shell.until("line-further")
    shell.type("jobs; echo none\n")
    shell.until("line-jobs; echo none")
    shell.type("end\n")
    shell.until("line-end")
    shell.until("prompt> ")


def test_a_command_that_ignores_the_key_is_not_suspended(shell):
    start(shell, RUN + "sh -c 'trap \"\" TSTP; echo up-$$; cat'")
    shell.type("\x1a")
    shell.type("still here\n")
    shell.until("still here\r\nstill here")
    shell.type("\x04")
    shell.until("prompt> ")


def test_a_background_job_is_ended_by_its_number(shell):
    start(shell, RUN + "sh -c 'echo up-$$; exec sleep 1000' &")
    shell.type("kill %1; wait %1; echo status-$?\n")
    shell.until("status-143")


def test_a_pipeline_is_one_job(shell):
    start(shell, RUN + LISTEN + ' | tee /dev/null')
    shell.type("\x1a")
    shell.until("Stopped")
    shell.until("prompt> ")
    shell.type("fg\n")
    shell.type("end\n")
    shell.until("line-end")
    shell.until("prompt> ")
    shell.type("jobs; echo none-$((1+1))\n")
    assert "[" not in shell.until("(?s)\\r\\n(.*)none-2")[1].decode()


def test_a_shell_in_a_session_has_jobs_of_its_own(shell):
    shell.type(RUN + "env PS1='inner> ' bash --norc --noprofile --noediting -i\n")
    shell.until("inner> ")
    start(shell, LISTEN)
    shell.type("\x1a")
    shell.until("Stopped")
    shell.until("inner> ")
    shell.type("fg\n")
    shell.type("again\n")
    shell.until("line-again")
    shell.type("\x03")
    shell.until("got-SIGINT")
    shell.type("end\n")
    shell.until("inner> ")
    # The inner shell stops itself: the job of the outer one.
    shell.type("suspend\n")
    shell.until("Stopped")
    shell.until("prompt> ")
    shell.type("fg\n")
    shell.type("echo back-$((1+1))\n")
    shell.until("back-2")
    shell.type("exit 6\n")
    shell.until("prompt> ")
    shell.type("echo status-$?\n")
    shell.until("status-6")


def test_the_command_may_change_the_terminal(shell):
    """stty in the foreground group works; in another group it would stop."""
    shell.type(RUN + "sh -c 'stty -echo; stty echo; echo up-$$'\n")
    shell.until(r"up-\d+")
    shell.until("prompt> ")


# Without a shell: provstamp leads the terminal's session, as in `xterm -e` and `ssh -t`.


def test_nobody_could_resume_so_nothing_is_suspended(terminal):
    alone = terminal(programs.provstamp(), "run", "--", PYTHON, "-c", LISTENER)
    alone.until(r"up-\d+")
    alone.type("\x1a")
    alone.type("end\n")
    alone.until("line-end")
    assert os.waitstatus_to_exitcode(alone.wait()) == 4


def test_a_window_that_closes_tells_the_command(terminal, home):
    """The command notes the hangup in a file: there is no terminal any more."""
    script = f"trap 'echo hung up > {home}/note; exit 0' HUP; echo up-$$; while :; do sleep 0.01; done"
    alone = terminal(programs.provstamp(), "run", "--", "sh", "-c", script)
    command = int(alone.until(r"up-(\d+)")[1])
    alone.hang_up()
    alone.wait()
    until(lambda: not pathlib.Path(f"/proc/{command}").exists(), "the command ends")
    assert (home / "note").read_text() == "hung up\n"


def test_a_window_that_closes_ends_a_command_that_says_nothing(terminal):
    alone = terminal(programs.provstamp(), "run", "--", "sh", "-c", "echo up-$$; exec sleep 1000")
    command = int(alone.until(r"up-(\d+)")[1])
    alone.hang_up()
    assert os.waitstatus_to_exitcode(alone.wait()) == -signal.SIGHUP
    assert not pathlib.Path(f"/proc/{command}").exists()


def test_a_change_of_size_is_told_once(shell):
    start(shell, RUN + LISTEN)
    shell.resize(50, 120)
    shell.until("got-SIGWINCH")
    shell.type("after\n")
    assert "got-" not in shell.until("(?s)(.*)line-after")[1].decode()
    shell.type("end\n")
    shell.until("prompt> ")


def test_root_is_treated_the_same(home):
    environment = identity.ROOT.environment(home) | {"TERM": "dumb"}
    alone = Terminal([programs.provstamp(), "run", "--", "sh", "-c", "echo up-$$; exec cat"],
                     identity.ROOT, environment, home)
    try:
        alone.until(r"up-\d+")
        alone.type("\x03")
        assert os.waitstatus_to_exitcode(alone.wait()) == -signal.SIGINT
    finally:
        alone.close()
