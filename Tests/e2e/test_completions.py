# SPDX-License-Identifier: Apache-2.0
"""Completions, typed in the shells themselves, from where `make install` puts them."""

import os
import re
import signal

import pytest

from support import identity, programs
from support.terminal import Terminal

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "-i"],
}
START = {
    "bash": "PS1='rea''dy> '; . /usr/share/bash-completion/bash_completion\n",
    "zsh": "PS1='rea''dy> '; autoload -Uz compinit; compinit -D -u; unsetopt list_beep\n",
    "fish": "",
}
READY = {"bash": "ready> ", "zsh": "ready> ", "fish": ""}
# What is typed before the key, and the word that then stands there.
WORDS = [
    ("provstamp fin", "find"), ("provstamp find --sess", "--session"), ("provstamp help verif", "verify"),
    ("provstamp find --state unpr", "unproven"), ("provstamp find --state=unpr", "--state=unproven"),
    ("provstamp find --user daemo", "daemon"), ("provstamp find --session sel", "self"),
    ("provstamp run -- sha256su", "sha256sum"), ("provstamp run --name x -- sha256su", "sha256sum"),
    ("provstamp run -- cat /etc/hostna", "/etc/hostname"),
    ("provfs --foregr", "--foreground"), ("provfs -o attribution", "attribution=exact"),
]


@pytest.fixture(params=["/usr", "/usr/local"])
def shell(request, home, needs):
    """shell("zsh") is a terminal with it, where both programs are installed; the machine stays as it is."""
    terminals = []

    def start(name):
        needs(name)
        prepare = f"""
            mount -t tmpfs tmpfs /mnt
            mkdir /mnt/upper /mnt/work
            mount -t overlay overlay -o lowerdir=/usr,upperdir=/mnt/upper,workdir=/mnt/work /usr
            mkdir -p /etc/fish
            mount -t tmpfs tmpfs /etc/fish
            make -s -C '{programs.REPOSITORY}' install PREFIX={request.param}
            stty columns 200
            exec "$@"
        """
        environment = identity.ROOT.environment(home) | {"TERM": "dumb" if name != "fish" else "xterm"}
        terminal = Terminal(["unshare", "--mount", "bash", "-euc", prepare, "bash", *SHELLS[name]],
                            identity.ROOT, environment, str(home))
        terminals.append(terminal)
        terminal.until("# ")  # root's prompt, as the shell comes
        terminal.type(START[name])
        terminal.until(READY[name])
        return terminal

    yield start
    for terminal in terminals:
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.hang_up()
        terminal.wait()


@pytest.mark.parametrize("name", sorted(SHELLS))
def test_words_are_completed_as_they_are_typed(shell, name):
    terminal = shell(name)
    for typed, completed in WORDS:
        terminal.type(typed + "\t")
        terminal.until(re.escape(completed))
        terminal.type("\x15")
