# SPDX-License-Identifier: Apache-2.0
"""docs/git.md: its commands run as they stand, one after the other, and do what it says."""

import re

from support import programs, stamping
from support.repositories import Repository, listed, repository  # noqa: F401 (a fixture)

PAGE = programs.REPOSITORY / "docs" / "git.md"


def blocks():
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_page_run_as_they_stand(repository, private):
    repository.git("init", "-q", "--bare", private / "origin")
    repository.git("remote", "add", "origin", private / "origin")
    repository.write("d/my own *.c", session=stamping.NONE)
    repository.write("theirs.c", session=stamping.OTHER)

    def run(beginning):
        [block] = [block for block in blocks() if block.startswith(beginning)]
        done = repository.run("bash", "-euo", "pipefail", "-c", block)
        assert done.returncode == 0, (block, done.stderr)
        ran.append(block)

    ran = []
    run("provstamp status --mine -0")
    assert repository.git("diff", "--cached", "--name-only", "-z") == b"d/my own *.c\0"
    run("provstamp git install-hook\n")
    run("git config --add provstamp.allowPath")
    run("provstamp git install-hook post-commit\n")
    repository.git("commit", "-q", "-m", "m")
    run("git push origin refs/notes/provenance")
    assert repository.git("notes", "--ref", "provenance", "show").startswith(b"prov1 ")
    run("provstamp git install-hook prepare-commit-msg")
    repository.commit("subject")
    assert stamping.OTHER in repository.git("log", "-1", "--format=%B").decode()
    assert ran == blocks()


def test_every_reason_that_is_printed_is_on_the_page(repository):
    page = PAGE.read_text("utf-8")
    sources = programs.REPOSITORY / "Sources" / "provstamp"
    causes = set()
    for folder in ("Git", "Blame", "Notes"):
        for source in (sources / folder).glob("*.swift"):
            causes |= set(re.findall(r'cause: "([a-z-]+)"|cause = "([a-z-]+)"',
                                     source.read_text("utf-8")))
    words = {word for pair in causes for word in pair if word}
    assert len(words) > 8
    assert {word for word in words if f"`{word}`" not in page} == set()
