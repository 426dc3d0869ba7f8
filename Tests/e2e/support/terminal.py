# SPDX-License-Identifier: Apache-2.0
"""A terminal with a program on it, and somebody who types."""

import os
import pty
import re
import select
import signal
import termios
import time

from . import mounts


class Terminal:
    """A pseudo-terminal whose session is led by a program, which runs as `who`."""

    def __init__(self, argv, who, environment, directory="/"):
        self.shown = b""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            try:
                who.assume()
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.chdir(directory)
                os.execvpe(argv[0], [os.fspath(word) for word in argv], environment)
            finally:
                os._exit(1)

    def type(self, text):
        os.write(self._terminal, text.encode())

    def until(self, pattern):
        """Wait until the terminal has shown what `pattern` matches; what was shown up to its end goes."""
        end = time.monotonic() + mounts.PATIENCE
        while True:
            found = re.search(pattern.encode(), self.shown)
            if found:
                self.shown = self.shown[found.end():]
                return found
            remaining = end - time.monotonic()
            ready = select.select([self._terminal], [], [], max(0, remaining))[0]
            assert ready, f"waited in vain for {pattern!r}; the terminal shows {self.shown!r}"
            try:
                self.shown += os.read(self._terminal, 65536)
            except OSError:
                raise AssertionError(
                    f"the terminal ended before {pattern!r}; it shows {self.shown!r}") from None

    def resize(self, rows, columns):
        termios.tcsetwinsize(self._terminal, (rows, columns))

    def hang_up(self):
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1

    def wait(self):
        """The wait status of the program."""
        pid, self.pid = self.pid, None
        return os.waitpid(pid, 0)[1]

    def close(self):
        self.hang_up()
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
