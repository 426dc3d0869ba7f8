# SPDX-License-Identifier: Apache-2.0
"""The examples of provstamp's help, and so of its manual page, and of docs/provstamp.md run as they stand."""

import os
import re
import subprocess

import pytest

from support import programs, stamping

PAGE = programs.REPOSITORY / "docs" / "provstamp.md"
COMMANDS = ["who", "log", "find", "verify", "sessions", "report", "audit", "watch", "ps", "whoami", "run", "export", "mcp", "doctor"]


def examples(command):
    text = subprocess.run([programs.provstamp(), "help", command], capture_output=True, check=True,
                          env={"COLUMNS": "1000"}).stdout.decode()
    section = re.search(r"^EXAMPLES\n(.*?)^$", text, re.DOTALL | re.MULTILINE).group(1)
    # What stands after the command, two spaces away or more, says what it is for.
    return [re.sub(r" {2,}\S.*$", "", line.strip()) for line in section.splitlines()]


@pytest.fixture
def run(private):
    """run(line): bash runs it in a subdirectory of a repository whose name has a space."""
    work = private / "my work"
    here = work / "sub directory"
    here.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", work], check=True)
    for name in ("report.md", "src/a b.c", "src/c.c", "deleted"):
        (here / name).parent.mkdir(exist_ok=True)
        stamping.put(here / name)
    subprocess.run(["git", "-C", work, "add", "."], check=True)
    (here / "deleted").unlink()
    (here / "report.md").write_text("changed")
    stamping.put(here / "report.md")
    for place in (private / "home/src/project", private / "bin"):
        place.mkdir(parents=True)
    stamping.put(private / "home/src/project/file")
    (private / "bin" / "provstamp").symlink_to(programs.provstamp())
    for name in ("claude", "make"):
        (private / "bin" / name).write_text("#!/bin/sh\necho ran\n")
        (private / "bin" / name).chmod(0o755)
    users = (private / "passwd")
    with open("/etc/passwd", encoding="utf-8") as passwd:
        users.write_text(passwd.read() + "alice:x:54321:54321::/nonexistent:/bin/false\n")
    prepare = f"""
        mount --bind '{users}' /etc/passwd
        mount -t tmpfs tmpfs /var/lib
        mount -t tmpfs tmpfs /srv && mkdir /srv/data
        provstamp run -q --name parser -- true
        exec timeout -s INT 5 bash -o pipefail -c "$1"
    """

    def run(line):
        environment = {"PATH": f"{private / 'bin'}:{os.environ['PATH']}", "HOME": str(private / "home")}
        return subprocess.run(["unshare", "--mount", "bash", "-euc", prepare, "bash", line], cwd=here,
                              capture_output=True, check=False, env=environment)

    return run


def is_understood(done):
    return done.returncode in (0, 1) and not re.search(rb"Usage|no such|not found", done.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_help_run_as_they_stand(run, command):
    lines = examples(command)
    assert lines and all("provstamp" in line for line in lines)
    for line in lines:
        if command == "watch":
            line = line.replace("timeout -s INT 60 ", "")
            done = run(f"timeout -s INT 1 {line}")
            if "--session self" in line:  # The test is in no session, which is told.
                assert b"in no session" in done.stderr
                continue
            assert b"0 stamps shown" in done.stderr, (line, done)
        elif "--budget" in line:
            assert is_understood(done) or b"--budget" in done.stderr, (line, done)
        elif "--session self" in line:
            assert b"in no session" in run(line).stderr
        elif "parser" in line or "3f2a99c1" in line:
            done = run(line)
            assert is_understood(done) or done.returncode == 125, (line, done)
        else:
            done = run(line)
            assert is_understood(done), (line, done)


def test_files_that_git_lists_are_asked_about(run):
    [line] = [line for line in examples("who") if line.startswith("git diff")]
    done = run(line)
    assert done.returncode == 0
    assert done.stdout.startswith(b"report.md\0session " + stamping.SESSION.encode())
    assert done.stdout.count(b"\0") == 1


def test_the_commands_of_the_page_run_as_they_stand(run):
    [block] = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    hashes, unknown, verify = [part for part in re.split(r"^#.*\n", block, flags=re.MULTILINE) if part]
    done = run(hashes)
    assert done.returncode == 0
    assert {line.split(b"  ", 1)[1] for line in done.stdout.splitlines()} == {
        b"./report.md", b"./src/a b.c", b"./src/c.c"}
    done = run("touch unstamped; echo changed > changed; " + unknown)
    assert done.stdout.splitlines() == [b"changed", b"src", b"unstamped"]
    done = run(verify)
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.startswith(b"1 file: 1 ok\n")
