# SPDX-License-Identifier: Apache-2.0
"""Agent sessions: one `provstamp run` each, doing what the test says, one step after the other."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import textwrap

from . import mounts, programs
from .wire import receive, send

class StepFailed(Exception):
    """What the test asked the session to do failed there; the text is the session's account."""


class Session:
    """A process that does the test's steps: in a session of its own, or outside any."""

    def __init__(self, identity, home, log_path, arguments=(), outside=False, environment=(),
                 prefix=()):
        self.identity = identity
        self.log_path = log_path
        ours, theirs = socket.socketpair()
        # No shim of a version manager: the interpreter itself is the session's leader.
        agent = [os.path.realpath(sys.executable), "-S", "-E", programs.agent(), str(theirs.fileno())]
        argv = agent if outside else [programs.provstamp(), "run", *arguments, "--", *agent]
        variables = identity.environment(home) | dict(environment)
        with open(log_path, "ab") as log:
            self.process = identity.popen(
                [*prefix, *argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[theirs.fileno()], cwd=str(home), env=variables)
        theirs.close()
        self._link = ours
        self._link.settimeout(mounts.PATIENCE * 4)
        self._reader, self._writer = ours.makefile("rb"), ours.makefile("wb")
        started = receive(self._reader)
        if started is None:
            raise StepFailed(f"{argv} ended before its command ran\n{self.output()}")
        _, self.id, self.leader = started
        if not outside:
            assert re.fullmatch("[0-9a-f]{32}", self.id or ""), (
                f"AGENT_SESSION_ID is {self.id!r}\n{self.output()}")

    def output(self):
        return pathlib.Path(self.log_path).read_text("utf-8", "replace")

    def _ask(self, *message):
        self.begin(*message)
        return self.finish()

    def begin(self, *message):
        """Have a step begun; see agent.py for the messages."""
        send(self._writer, message)

    def finish(self, patience=mounts.PATIENCE * 4):
        """Wait for the step that was begun, and its value."""
        self._link.settimeout(patience)
        answer = receive(self._reader)
        if answer is None:
            raise StepFailed(f"the session ended during a step\n{self.output()}")
        outcome, value = answer
        if outcome == "failed":
            raise StepFailed(value)
        return value

    def run(self, *argv, check=True, **options):
        """Run a command in the session; (status, stdout, stderr). `cwd` and `env` as subprocess."""
        argv = [os.fspath(word) for word in argv]
        status, output, errors = self._ask("run", argv, options)
        assert not check or status == 0, (
            f"{argv!r} exited with {status}\nstdout: {output!r}\nstderr: {errors!r}")
        return status, output, errors

    def shell(self, script, **options):
        """Run a script by /bin/sh in the session."""
        return self.run("/bin/sh", "-euc", script, **options)

    def python(self, source, **names):
        """Execute Python in the session's leader; the value of its variable `result`."""
        return self._ask("python", textwrap.dedent(source), names)

    def fork(self, source, **names):
        """Execute Python in a child of the leader; (wait status, pid)."""
        return self._ask("fork", textwrap.dedent(source), names)

    def end_command(self):
        """End the session's command; what it has left in the background goes on."""
        self._link.shutdown(socket.SHUT_WR)

    def close(self):
        """End the session; its command and its supervisor end well."""
        if self.process.poll() is None:
            self.end_command()
            code = self.process.wait(mounts.PATIENCE)
            assert code == 0, f"the session's command ended with {code}\n{self.output()}"
        self._link.close()

    def kill(self):
        """End by force: the whole process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        self._link.close()
