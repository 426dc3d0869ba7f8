# SPDX-License-Identifier: Apache-2.0
"""Writers in namespaces of their own, or of others: known where they can be placed, else unknown."""

import os
import pathlib

import pytest

from support import programs, records
from support.mounts import until

pytestmark = pytest.mark.modes

# Enters the namespaces of the process `first`, and leaves an orphan there.
ENTERING = """
    import ctypes, os, time
    libc = ctypes.CDLL(None, use_errno=True)
    for kind in kinds:
        file = os.open(f'/proc/{first}/ns/{kind}', os.O_RDONLY)
        assert libc.setns(file, 0) == 0, os.strerror(ctypes.get_errno())
    entered = os.fork()
    if entered == 0:
        with open(path + '.entered', 'w') as file: file.write('has a parent outside')
        if os.fork() == 0:
            link.close()
            while os.getppid() != 1: time.sleep(0.01)
            with open(path, 'w') as file: file.write('adopted by the first process there')
            os.rename(path, path + '.done')
            os._exit(0)
        os._exit(0)
    os.waitpid(entered, 0)
    """


def unshare(scene, *options):
    """unshare(1) as whoever works here may call it."""
    mapped = () if scene.worker.uid == 0 else ("--user", "--map-root-user")
    return ["unshare", *mapped, *options]


def children(process):
    return [int(word) for word in
            pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def first_process(scene, session):
    """The first process of a pid namespace that the session has made; it goes with the session."""
    command = unshare(scene, "--pid", "--fork", "--kill-child", "sleep", "1000")
    parent = session.python(
        "import subprocess; kept['namespace'] = subprocess.Popen(command); result = kept['namespace'].pid",
        command=command)
    until(lambda: children(parent), "the namespace has a process")
    return children(parent)[0]


def end_namespace(session):
    session.python("kept['namespace'].kill(); kept['namespace'].wait()")


@pytest.mark.parametrize("inside", ["a session", "none"])
def test_who_enters_anothers_pid_namespace_is_not_of_its_session(scene, inside):
    owner = scene.session() if inside == "a session" else scene.outsider()
    visitor = scene.session()
    first = first_process(scene, owner)
    kinds = ["pid"] if scene.worker.uid == 0 else ["user", "pid"]
    status, _ = visitor.fork(ENTERING, kinds=kinds, first=first, path=str(scene.path / "file"))
    assert status == 0
    until((scene.source / "file.done").exists, "the orphan writes")
    scene.assert_written_by("file.entered", visitor, created=True)
    scene.assert_unstamped("file.done")
    end_namespace(owner)


def test_what_a_pid_namespaces_first_process_starts_is_unknown(scene):
    """It could have come from elsewhere. The first process itself is whose child it is."""
    session = scene.session()
    script = "echo x > first; sh -c 'echo x > second; sh -c \"echo x > third\"; :'; :"
    session.run(*unshare(scene, "--pid", "--fork"), "sh", "-c", script, cwd=str(scene.path))
    scene.assert_written_by("first", session, "sh", created=True)
    for name in ("second", "third"):
        assert (scene.source / name).read_text() == "x\n"
        scene.assert_unstamped(name)


def test_a_session_within_a_pid_namespace_is_unknown_outside_of_it(scene):
    outsider = scene.outsider()
    command = unshare(scene, "--pid", "--fork", "--mount-proc", programs.provstamp(), "run", "--",
                      "sh", "-c", "echo x > file")
    _, _, errors = outsider.run(*command, cwd=str(scene.path))
    scene.assert_unstamped("file")
    assert b"this pid namespace is not the machine's first one" in errors


def test_a_session_whose_registry_is_out_of_sight_is_known(scene):
    outsider = scene.outsider()
    script = """
        mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp
        exec "$0" run -q -- sh -c 'echo $AGENT_SESSION_ID; echo x > file'
        """
    prepared = scene.place.scratch / "home" / "provstamp"
    prepared.write_bytes(pathlib.Path(programs.provstamp()).read_bytes())
    prepared.chmod(0o755)
    _, output, _ = outsider.run(
        *unshare(scene, "--mount", "--propagation", "private"), "sh", "-euc", script, prepared,
        cwd=str(scene.path))
    assert scene.stamp("file").session == output.decode().strip()


def test_a_session_does_not_depend_on_its_record(scene):
    """Whoever has its user's rights may rewrite or remove it."""
    honest, other = scene.session(), scene.session()
    found = {records.of_session(scene.worker, one.id): one for one in (honest, other)}
    ours, theirs = found
    theirs_text, ours_text = theirs.path.read_text(), ours.path.read_text()
    for number, text in enumerate([theirs_text, "garbage", "", ours_text.replace("intent ", "intent lie")]):
        ours.path.write_text(text)
        honest.shell(f"echo x > file{number}", cwd=scene.path)
        scene.assert_written_by(f"file{number}", honest, created=True)
    ours.path.unlink()
    honest.shell("echo x > late", cwd=scene.path)
    assert scene.assert_written_by("late", honest, created=True).root == "00000000"
    assert f"session {honest.id}".encode() in honest.run(programs.provstamp(), "whoami")[1]
    assert honest.id.encode() in honest.run(programs.provstamp(), "ps")[1]
