# SPDX-License-Identifier: Apache-2.0
"""The hooks: refusing to commit what another running session wrote, and being installed and removed."""

import os
import stat

import pytest

from support import programs, stamping
from support.repositories import Repository, repository  # noqa: F401 (a fixture)


@pytest.fixture
def view(private, mount):
    """A repository with the hook, in a view."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    inside = Repository(source).create()
    inside.write("shared", b"base\n")
    inside.commit()
    mount(source, mountpoint)
    repository = Repository(mountpoint)
    assert repository.ask("git", "install-hook").returncode == 0
    return repository


def commit(session, view, *arguments):
    """Commit in a session; (status, standard error)."""
    status, _, errors = session.run("git", "commit", "-q", "-m", "message", *arguments, check=False,
                                    cwd=str(view.path))
    return status, errors.decode()


# --- the guard, in real sessions


def test_a_running_sessions_files_are_not_committed_by_another(view, session):
    one = session(arguments=["--intent", "take notes"])
    two = session()
    one.shell("echo one > notes.txt && mkdir d && echo one > 'd/it'\"'\"'s'", cwd=str(view.path))
    two.shell("echo two > own.txt && git add -A", cwd=str(view.path))
    status, errors = commit(two, view)
    assert status == 1
    assert f"session {one.id} \"take notes\"" in errors
    assert "    notes.txt\n" in errors and "    d/it's\n" in errors and "own.txt" not in errors
    # What it says to do works as it stands, and leaves two's own.
    remedy = errors.split("way out: `", 1)[1].split("`", 1)[0]
    two.shell(remedy, cwd=str(view.path / "d"))
    assert commit(two, view) == (0, "")
    assert view.git("show", "--format=", "--name-only").decode().split() == ["own.txt"]
    # Its own files it may commit.
    one.shell("git add notes.txt", cwd=str(view.path))
    assert commit(one, view) == (0, "")


def test_nothing_is_refused_once_the_session_has_ended(view, session):
    one, two = session(), session()
    one.shell("echo one > notes.txt", cwd=str(view.path))
    two.shell("git add -A", cwd=str(view.path))
    assert commit(two, view)[0] == 1
    one.close()
    assert commit(two, view) == (0, "")


def test_ways_past_it(view, session):
    one, two = session(), session()
    one.shell("mkdir locales && echo one > locales/de && echo one > a", cwd=str(view.path))
    two.shell("git add -A", cwd=str(view.path))
    view.git("config", "--add", "provstamp.allowPath", "local*")
    status, errors = commit(two, view)
    assert status == 1 and "locales" not in errors
    view.git("config", "--add", "provstamp.allowPath", "[ab]")
    assert commit(two, view) == (0, "")
    one.shell("echo again > a", cwd=str(view.path))
    two.shell("git add -A", cwd=str(view.path))
    view.git("config", "--unset-all", "provstamp.allowPath")
    assert commit(two, view)[0] == 1
    view.git("config", "provstamp.allowSession", one.id[:8])
    assert commit(two, view) == (0, "")
    view.git("config", "--unset-all", "provstamp.allowSession")
    one.shell("echo thrice > a", cwd=str(view.path))
    assert commit(two, view, "-a")[0] == 1
    assert commit(two, view, "-a", "--no-verify") == (0, "")


def test_every_way_to_commit_is_looked_at(view, session):
    """git commit PATH and -a have an index of their own, which the hook is told of."""
    one, two = session(), session()
    two.shell("echo two > mine && git add mine", cwd=str(view.path))
    one.shell("echo one >> shared", cwd=str(view.path))
    assert commit(two, view, "mine") == (0, "")
    for arguments in (["shared"], ["-a"]):
        status, errors = commit(two, view, *arguments)
        assert status == 1 and "    shared\n" in errors
        assert "name the files that you want to commit" in errors


def test_what_was_staged_before_another_wrote_is_no_reason(view, session):
    one, two = session(), session()
    two.shell("echo two >> shared && git add shared", cwd=str(view.path))
    one.shell("echo one >> shared", cwd=str(view.path))
    status, errors = commit(two, view)
    assert status == 0 and "whose the staged content is cannot be told" in errors
    one.shell("echo one > new && git add new && echo more >> new", cwd=str(view.path))
    assert commit(two, view)[0] == 1


def test_nested_sessions_are_no_others(view, session):
    outer = session()
    outer.shell(f"{programs.provstamp()} run -- sh -c 'echo inner > inner'", cwd=str(view.path))
    outer.shell("echo outer > outer && git add -A", cwd=str(view.path))
    # The inner session commits what the outer one wrote, which runs.
    outer.shell(f"{programs.provstamp()} run -- git commit -q -m message", cwd=str(view.path))
    assert set(view.git("show", "--format=", "--name-only").decode().split()) == {"inner", "outer"}


def test_a_person_outside_any_session_is_told_too(view, session):
    one = session()
    one.shell("echo one > notes.txt", cwd=str(view.path))
    view.git("add", "-A")
    done = view.git("commit", "-q", "-m", "message", check=False)
    assert done.returncode == 1 and one.id.encode() in done.stderr


def test_hostile_names_do_not_reach_the_terminal(view, session):
    one = session()
    one.python("import os; os.chdir(at); open(b'\\x1b[31m\\n\\xff', 'w').write('x')",
               at=str(view.path))
    view.git("add", "-A")
    done = view.git("commit", "-q", "-m", "message", check=False)
    assert done.returncode == 1 and b"\x1b" not in done.stderr and b"\xff" not in done.stderr
    remedy = done.stderr.decode().split("way out: `", 1)[1].split("`", 1)[0]
    assert view.run("bash", "-c", remedy).returncode == 0
    assert view.git("diff", "--cached", "--name-only") == b""


def test_a_work_tree_besides_the_main_one(view, private, session, mount):
    source, second = private / "second-source", private / "second"
    second.mkdir()
    view.git("worktree", "add", "-q", source)
    mount(source, second)
    one = session()
    one.shell("echo one > notes.txt", cwd=str(second))
    other = Repository(second)
    other.git("add", "-A")
    assert other.git("commit", "-q", "-m", "message", check=False).returncode == 1


# --- installing and removing


def hook(repository, name="pre-commit"):
    return repository.path / ".git" / "hooks" / name


def test_install_show_remove(repository):
    assert repository.ask("git", "show-hook").returncode == 1
    done = repository.ask("git", "install-hook")
    assert done.returncode == 0 and done.stdout == b".git/hooks/pre-commit: installed\n"
    assert stat.S_IMODE(hook(repository).stat().st_mode) == 0o755
    shown = repository.ask("git", "show-hook")
    assert shown.returncode == 0
    assert f"pre-commit: provstamp, {programs.provstamp()}" in shown.stdout.decode()
    assert repository.ask("git", "install-hook").stdout.endswith(b": renewed\n")
    repository.write("file", b"content\n")
    repository.commit()
    assert repository.ask("git", "remove-hook").returncode == 0
    assert not hook(repository).exists()
    assert repository.ask("git", "remove-hook").returncode == 1


def test_what_was_there_is_chained_and_comes_back(repository):
    ours = "#!/bin/sh\necho before $# >> trace; exit ${FAIL-0}\n"
    hook(repository).parent.mkdir(exist_ok=True)
    hook(repository).write_text(ours)
    hook(repository).chmod(0o755)
    assert b"runs first" in repository.ask("git", "install-hook").stdout
    repository.ask("git", "install-hook")
    repository.write("file", b"content\n")
    repository.commit()
    assert (repository.path / "trace").read_text() == "before 0\n"
    repository.write("file", b"more\n")
    repository.git("add", "file")
    assert repository.git("commit", "-q", "-m", "m", check=False, env={"FAIL": "1"}).returncode == 1
    done = repository.ask("git", "remove-hook", "pre-commit")
    assert b"what was there before is back" in done.stdout
    assert hook(repository).read_text() == ours and os.access(hook(repository), os.X_OK)
    assert os.listdir(hook(repository).parent).count("pre-commit.before-provstamp") == 0


def test_what_is_not_run_by_git_is_not_run_by_the_hook(repository):
    hook(repository).parent.mkdir(exist_ok=True)
    hook(repository).write_text("#!/bin/sh\nexit 1\n")
    repository.ask("git", "install-hook")
    repository.write("file", b"content\n")
    repository.commit()


def test_somebody_elses_changes_are_kept(repository):
    repository.ask("git", "install-hook")
    with open(hook(repository), "a", encoding="ascii") as script:
        script.write("echo more\n")
    for command in ("install-hook", "remove-hook"):
        done = repository.ask("git", command)
        assert done.returncode == 2 and b"changed since it was installed" in done.stderr
    assert hook(repository).read_text().endswith("echo more\n")


def test_core_hooks_path_counts(repository, private):
    repository.git("config", "core.hooksPath", "tracked hooks")
    assert repository.ask("git", "install-hook").returncode == 0
    assert (repository.path / "tracked hooks" / "pre-commit").exists()
    assert not hook(repository).exists()
    repository.git("config", "--unset", "core.hooksPath")
    settings = private / "gitconfig"
    settings.write_text(f"[core]\n\thooksPath = {private}/everybodys\n")
    everywhere = {"GIT_CONFIG_GLOBAL": str(settings)}
    done = repository.ask("git", "install-hook", env=everywhere)
    assert done.returncode == 2 and b"--shared" in done.stderr
    assert repository.ask("git", "install-hook", "--shared", env=everywhere).returncode == 0
    assert (private / "everybodys" / "pre-commit").exists()


def test_a_subdirectory_a_work_tree_and_another_directory(repository, private):
    repository.write("d/file", b"content\n")
    repository.commit()
    repository.git("worktree", "add", "-q", private / "second")
    for place, arguments in ((repository.path / "d", []), (private / "second", []),
                             (private, ["-C", repository.path])):
        assert repository.ask("git", "install-hook", *arguments, directory=place).returncode == 0
        assert hook(repository).exists()
        assert repository.ask("git", "remove-hook", *arguments, directory=place).returncode == 0
        assert not hook(repository).exists()


def test_paths_of_any_bytes(private):
    path = private / "it's $HOME `x`\n\udcff"
    path.mkdir()
    program = path / "provstamp"
    os.link(programs.provstamp(), program)
    repository = Repository(path).create()
    done = repository.run(program, "git", "install-hook")
    assert done.returncode == 0, done.stderr
    shown = repository.run(program, "git", "show-hook")
    assert shown.returncode == 0 and b"\xff" not in shown.stdout
    repository.write("file", b"content\n")
    repository.commit()
    assert repository.run(program, "git", "remove-hook").returncode == 0


def test_a_program_that_is_gone_stops_no_commit(repository, private):
    program = private / "provstamp"
    os.link(programs.provstamp(), program)
    repository.run(program, "git", "install-hook")
    program.unlink()
    repository.write("file", b"content\n")
    repository.git("add", "file")
    done = repository.git("commit", "-q", "-m", "m", check=False, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0 and b"provstamp: not found, so this hook does nothing" in done.stderr


def test_root_changes_no_hooks_of_others(private, user):
    path = private / "users"
    path.mkdir()
    os.chown(path, user.uid, user.gid)
    users = Repository(path, user).create()
    done = Repository(path).ask("git", "install-hook")
    assert done.returncode == 2 and b"another user's repository" in done.stderr
    assert users.ask("git", "install-hook").returncode == 0


def test_no_repository(private, repository):
    for command in ("install-hook", "remove-hook", "show-hook", "record"):
        done = repository.ask("git", command, directory=private)
        assert done.returncode == 2 and b"not a git repository" in done.stderr
    assert repository.ask("git", "install-hook", "post-checkout").returncode == 2


# --- trailers


def test_trailers_name_the_sessions_once(repository):
    assert repository.ask("git", "install-hook", "prepare-commit-msg").returncode == 0
    repository.write("one", session=stamping.SESSION)
    repository.write("two", session=stamping.SESSION, comm=b"cc")
    repository.write("three", session=stamping.OTHER)
    repository.write("none", session=stamping.NONE)
    repository.write("bare", b"x")
    repository.commit("subject")
    body = repository.git("log", "-1", "--format=%B").decode().splitlines()
    assert body[:2] == ["subject", ""]
    assert [line for line in body if line] == [
        "subject", f"Agent-Session: {stamping.SESSION}", f"Agent-Session: {stamping.OTHER}"]
    repository.git("commit", "-q", "--amend", "--no-edit")
    assert repository.git("log", "-1", "--format=%B").decode().splitlines() == body
    repository.write("bare", b"y")
    repository.commit("no sessions")
    assert repository.git("log", "-1", "--format=%B") == b"no sessions\n\n"
