# SPDX-License-Identifier: Apache-2.0
"""The command that a test runs under `provstamp run`: it does as told over a socket until the end.

Run as `python3 -S -E agent.py DESCRIPTOR`. Messages (wire.py):
("run", argv, options) answers (status, stdout, stderr); ("python", source, names) executes the
source here, in the session's leader, and answers the value of its variable `result`; ("fork",
source, names) does so in a child that is named, ends, and is waited for.
"""

import os
import socket
import subprocess
import sys
import traceback

from wire import receive, send


def execute(source, names, kept):
    scope = dict(kept)
    scope.update(names)
    exec(compile(source, "<test>", "exec"), scope)
    return scope.get("result")


def run(argv, options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def forked(source, names, kept):
    child = os.fork()
    if child == 0:
        try:
            execute(source, names, kept)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitpid(child, 0)[1], child


def main():
    link = socket.socket(fileno=int(sys.argv[1]))
    link.set_inheritable(False)
    reader, writer = link.makefile("rb"), link.makefile("wb")
    # What a test keeps between calls (open descriptors): the name `kept` in its sources.
    kept = {"kept": {}, "link": link}
    send(writer, ("started", os.environ.get("AGENT_SESSION_ID"), os.getpid()))
    while (message := receive(reader)) is not None:
        kind, what, rest = message
        try:
            if kind == "run":
                value = run(what, rest)
            elif kind == "python":
                value = execute(what, rest, kept)
            else:
                value = forked(what, rest, kept)
            send(writer, ("done", value))
        except BaseException:
            send(writer, ("failed", traceback.format_exc()))


main()
