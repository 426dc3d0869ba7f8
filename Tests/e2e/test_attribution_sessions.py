# SPDX-License-Identifier: Apache-2.0
"""Sessions beside and after each other: whose write it was, and what the file remembers of others."""

import json
import os
import random
import re

import pytest

from support import programs, stamps
from support.mounts import until

pytestmark = pytest.mark.modes


def test_appending_in_turn(scene):
    first, second = scene.session(), scene.session()
    first.shell("echo one >> file", cwd=scene.path)
    scene.assert_written_by("file", first, "sh", created=True)
    assert scene.log("file") == []
    second.shell("echo two >> file", cwd=scene.path)
    scene.assert_written_by("file", second, "sh", created=False)
    assert scene.writers("file") == [second.id, first.id]
    earlier = scene.log("file")[0]
    assert earlier.created and earlier.comm == "sh" and earlier.inode == scene.stamp("file").inode
    second.shell("echo three >> file", cwd=scene.path)
    assert scene.writers("file") == [second.id, first.id]
    first.shell("echo four >> file", cwd=scene.path)
    assert scene.writers("file") == [first.id, second.id, first.id]
    assert (scene.source / "file").read_text() == "one\ntwo\nthree\nfour\n"


def test_the_log_keeps_fifteen(scene):
    sessions = [scene.session(), scene.session()]
    expected = []
    for number in range(20):
        sessions[number % 2].shell(f"echo {number} >> file", cwd=scene.path)
        expected.insert(0, sessions[number % 2].id)
        assert scene.writers("file") == expected[:1 + stamps.LOG_MAX]
    times = [stamp.time for stamp in [scene.stamp("file"), *scene.log("file")]]
    assert times == sorted(times, reverse=True)


def test_outside_any_session(scene):
    outsider = scene.outsider()
    outsider.shell("echo x > file", cwd=scene.path)
    scene.assert_written_by("file", None, "sh", created=True)
    status, pid = outsider.fork("open(path, 'a').write('more')", path=str(scene.path / "file"))
    assert status == 0
    stamp = scene.assert_written_by("file", None, created=False)
    assert stamp.pid == pid
    assert [one.comm for one in scene.log("file")] == ["sh"]


def test_the_same_program_outside_any_session_is_one_writer(scene):
    one, two = scene.outsider(), scene.outsider()
    one.shell("echo 1 >> file", cwd=scene.path)
    two.shell("echo 2 >> file", cwd=scene.path)
    assert scene.log("file") == []
    scene.session().shell("echo 3 >> file", cwd=scene.path)
    one.shell("echo 4 >> file", cwd=scene.path)
    assert len(scene.log("file")) == 2


def test_a_variable_is_no_evidence(scene):
    session = scene.session()
    liar = scene.outsider(environment={"AGENT_SESSION_ID": session.id})
    liar.shell("echo x > file", cwd=scene.path)
    scene.assert_written_by("file", None)
    session.shell("AGENT_SESSION_ID=" + "f" * 32 + " sh -c 'echo x > other'", cwd=scene.path)
    scene.assert_written_by("other", session)


def test_a_child_that_outlives_its_shell(scene):
    session = scene.session()
    session.shell("""
        (until [ -e ../home/go ]; do sleep 0.01; done; echo x > new; mv new late) > ../home/out 2>&1 &
        """, cwd=scene.path)
    session.shell("touch ../home/go", cwd=scene.path)
    until((scene.source / "late").exists, "the child writes")
    scene.assert_written_by("late", session, "sh", created=True)


def test_a_daemon_that_forks_twice(scene):
    session = scene.session()
    session.python("""
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while not os.path.exists(go): time.sleep(0.01)
                with open(path, 'w') as file: file.write('from the daemon')
                os.rename(path, path + '.done')
                os._exit(0)
            os._exit(0)
        os.wait()
        """, path=str(scene.path / "file"), go=str(scene.place.scratch / "home/go"))
    session.shell("touch ../home/go", cwd=scene.path)
    until((scene.source / "file.done").exists, "the daemon writes")
    scene.assert_written_by("file.done", session, created=True)


def test_an_orphan_after_the_sessions_command_has_ended(scene):
    session = scene.session()
    session.python("""
        import os, time
        if os.fork() == 0:
            link.close()
            os.setsid()
            while not os.path.exists(go): time.sleep(0.01)
            with open(path, 'w') as file: file.write('from the orphan')
            os.rename(path, path + '.done')
            os._exit(0)
        """, path=str(scene.path / "file"), go=str(scene.place.scratch / "home/go"))
    session.end_command()
    until(lambda: not os.path.exists(f"/proc/{session.leader}"), "the command ends")
    (scene.place.scratch / "home/go").touch()
    until((scene.source / "file.done").exists, "the orphan writes")
    scene.assert_written_by("file.done", session, created=True)


@pytest.mark.modes
def test_a_descriptor_passed_to_another_session(scene):
    """Who calls write(2) is the writer, not who opened the file."""
    opener, writer = scene.session(), scene.session()
    socket_path = str(scene.place.scratch / "home/socket")
    opener.python("""
        import socket
        kept['listener'] = socket.socket(socket.AF_UNIX)
        kept['listener'].bind(path)
        kept['listener'].listen()
        """, path=socket_path)
    writer.python("""
        import socket
        kept['peer'] = socket.socket(socket.AF_UNIX)
        kept['peer'].connect(path)
        """, path=socket_path)
    opener.python("""
        import os, socket
        fd = os.open(path, os.O_CREAT | os.O_WRONLY)
        os.write(fd, b'opener ')
        connection, _ = kept['listener'].accept()
        socket.send_fds(connection, [b'x'], [fd])
        os.close(fd)
        """, path=str(scene.path / "file"))
    writer.python("""
        import os, socket
        _, descriptors, _, _ = socket.recv_fds(kept['peer'], 1, 1)
        os.write(descriptors[0], b'writer')
        os.close(descriptors[0])
        """)
    assert (scene.source / "file").read_bytes() == b"opener writer"
    if scene.sees_each_write:
        assert scene.writers("file") == [writer.id, opener.id]
        scene.assert_written_by("file", writer)
    else:
        # The kernel has written by itself; the descriptor was closed by another than its opener.
        scene.assert_no_false_claim("file", writer)


@pytest.mark.modes
def test_an_inherited_descriptor(scene):
    """A shell outside any session opens the file and starts a session that writes to it."""
    outsider = scene.outsider()
    status, output, _ = outsider.shell(
        f"{programs.provstamp()} run -- sh -c 'echo $AGENT_SESSION_ID; echo x >&3' 3> file",
        cwd=scene.path)
    stamp, writer = scene.stamp("file"), output.decode().strip()
    if scene.sees_each_write:
        assert stamp.session == writer
    else:
        changed = os.lstat(scene.source / "file").st_mtime_ns
        assert stamp is None or stamp.session == writer or stamp.time < changed, stamp


def test_a_pipeline_across_sessions(scene):
    """What is written counts, not who made the data."""
    outsider = scene.outsider()
    output = outsider.shell(
        f"{programs.provstamp()} run -- sh -c 'echo $AGENT_SESSION_ID' | tee file", cwd=scene.path)[1]
    assert re.fullmatch(rb"[0-9a-f]{32}\n", output)
    scene.assert_written_by("file", None, "tee")


@pytest.mark.modes
def test_two_sessions_with_one_file_open(scene):
    first, second = scene.session(), scene.session()
    path = str(scene.path / "file")
    for session in (first, second):
        session.python("import os; kept['fd'] = os.open(path, os.O_CREAT | os.O_RDWR)", path=path)
    for session, at in ((first, 0), (second, 100), (first, 200)):
        session.python("import os; os.pwrite(kept['fd'], b'x' * 100, at)", at=at)
    for session in (first, second):
        session.python("import os; os.close(kept['fd'])")
    if not scene.sees_each_write:
        # What passes the daemon the second could have stored.
        scene.assert_doubted("file", first, second)
        return
    scene.assert_written_by("file", first)
    assert scene.writers("file")[:2] == [first.id, second.id]


@pytest.mark.modes
def test_a_reader_of_another_session_leaves_no_trace(scene):
    first, second = scene.session(), scene.session()
    first.shell("echo x > file", cwd=scene.path)
    before = scene.stamp("file")
    second.python("import os; kept['fd'] = os.open(path, os.O_RDWR)", path=str(scene.path / "file"))
    first.shell("echo y >> file", cwd=scene.path)
    second.python("import os; os.close(kept['fd'])")
    scene.assert_written_by("file", first)
    assert scene.log("file") == [] and scene.stamp("file").time > before.time


def test_a_nested_session(scene):
    outer = scene.session()
    output = outer.shell(f"{programs.provstamp()} run -- "
                         "sh -c 'echo $AGENT_SESSION_ID; echo x > inner; "
                         f"{programs.provstamp()} run -- sh -c \"echo x > innermost\"'",
                         cwd=scene.path)[1]
    inner = scene.stamp("inner")
    assert inner.session == output.decode().split()[0] != outer.id
    assert inner.root == outer.id[:8]
    innermost = scene.stamp("innermost")
    assert innermost.session not in (outer.id, inner.session)
    assert innermost.root == outer.id[:8]
    outer.shell("echo x > outer", cwd=scene.path)
    assert scene.stamp("outer").root == "00000000"


@pytest.mark.parametrize("how", ["--pid --fork", "--pid --fork --mount-proc",
                                 "--pid --fork --mount --uts --ipc --net"])
def test_a_process_in_namespaces_of_its_own(scene, how):
    session = scene.session()
    user_namespace = "" if scene.worker.uid == 0 else "--user --map-root-user"
    session.shell(f"unshare {user_namespace} {how} sh -c 'echo x > file'", cwd=scene.path)
    stamp = scene.assert_written_by("file", session, "sh", created=True)
    assert stamp.pid != 1, "the pid is the daemon's, not the namespace's"


def test_a_process_in_another_root_directory(scene):
    if scene.worker.uid:
        wrapper = "unshare --user --map-root-user"
    else:
        wrapper = ""
    session = scene.session()
    session.python("""
        import os, subprocess
        subprocess.run([*wrapper.split(), '/usr/sbin/chroot', '/', '/bin/sh', '-c',
                        f'echo x > {path}'], check=True)
        """, path=str(scene.path / "file"), wrapper=wrapper)
    scene.assert_written_by("file", session, created=True)


def test_a_reused_pid_is_another_process(scene):
    """A pid that wrote in a session and ended is given to a process outside; nothing is carried."""
    session, outsider = scene.session(), scene.outsider()
    for attempt in range(200):
        status, pid = session.fork("open(path, 'w').write('session')",
                                   path=str(scene.path / f"by-session{attempt}"))
        assert status == 0
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(pid - 1))
        status, second = outsider.fork("open(path, 'w').write('outsider')",
                                       path=str(scene.path / f"by-outsider{attempt}"))
        assert status == 0
        assert scene.assert_written_by(f"by-session{attempt}", session).pid == pid
        assert scene.assert_written_by(f"by-outsider{attempt}", None).pid == second
        if second == pid:
            return
    raise AssertionError("no pid was reused in 200 attempts")


def test_provstamp_agrees(scene):
    """The tool's answer through the view and from the source, beside the bytes."""
    session = scene.session(arguments=["--intent", "testing"])
    session.shell("echo x > file", cwd=scene.path)
    stamp = scene.stamp("file")
    answers = [session.run(programs.provstamp(), "who", "--json", directory / "file")[1]
               for directory in (scene.path, scene.source)]
    for answer in map(json.loads, answers):
        assert answer["session"] == stamp.session == session.id
        assert (answer["comm"], answer["pid"], answer["uid"]) == (stamp.comm, stamp.pid, stamp.uid)
        assert answer["time_ns"] == stamp.time
        assert answer["state"] == "ok"
        assert answer["attribute"] == scene.attribute
        assert answer["stamper"] == "provfs"
        assert answer["trust"] == ("privileged" if scene.attribute == stamps.SECURITY
                                   else "advisory")
        assert answer["flags"] == ["created"]


@pytest.mark.timeout(180)
@pytest.mark.modes
def test_twenty_sessions_agree_with_a_model(scene):
    """Random operations of twenty sessions on forty files; a model knows every writer."""
    choose = random.Random(20)
    sessions = [scene.session() for _ in range(20)]
    model = {}

    def wrote(name, session):
        writers = model[name]
        if not writers or writers[0] != session.id:
            writers.insert(0, session.id)

    def create(name, session):
        model[name] = []
        wrote(name, session)
        return "rm -f {name}; echo new > {name}"

    def replace(name, session):
        # What takes the name inherits its history.
        model.setdefault(name, [])
        wrote(name, session)
        return "echo new > {name}.tmp; mv {name}.tmp {name}"

    def remove(name, session):
        model.pop(name, None)
        return "rm -f {name}"

    def change(command):
        def act(name, session):
            if name not in model:
                return create(name, session)
            wrote(name, session)
            return command
        return act

    def leave(command):
        return lambda name, session: command if name in model else create(name, session)

    actions = [create, replace, remove, change("echo more >> {name}"),
               change("echo over > {name}"), change("printf X | dd of={name} conv=notrunc status=none"),
               change("truncate -s +10 {name}"), leave("chmod 640 {name}"),
               leave("cat {name} > /dev/null"), leave("touch {name}"),
               leave("mv {name} {name}.x; mv {name}.x {name}")]
    for _ in range(400):
        session, name = choose.choice(sessions), f"f{choose.randrange(40)}"
        session.shell(choose.choice(actions)(name, session).format(name=name), cwd=scene.path)
    assert sorted(os.listdir(scene.source)) == sorted(model)
    for name, writers in model.items():
        assert scene.writers(name) == writers[:1 + stamps.LOG_MAX], name


@pytest.mark.timeout(180)
def test_twenty_sessions_at_once(scene):
    """All at the same time: each on files of its own, and all appending to one."""
    sessions = [scene.session() for _ in range(20)]
    script = """
        n=0
        while [ $n -lt 15 ]; do
            echo $n > {own}-$n; echo more >> {own}-$n; mv {own}-$n {own}-done-$n
            echo {own} >> shared; n=$((n + 1))
        done"""
    for number, session in enumerate(sessions):
        session.begin("run", ["/bin/sh", "-euc", script.format(own=f"s{number}")],
                      {"cwd": str(scene.path)})
    for session in sessions:
        assert session.finish()[0] == 0
    for number, session in enumerate(sessions):
        for step in range(15):
            scene.assert_written_by(f"s{number}-done-{step}", session, "sh", created=True)
            assert scene.log(f"s{number}-done-{step}") == []
    lines = (scene.source / "shared").read_text().split()
    assert len(lines) == 20 * 15
    known = {session.id for session in sessions}
    writers = scene.writers("shared")
    assert set(writers) <= known and len(writers) == 16
    assert all(one != other for one, other in zip(writers, writers[1:]))
    assert writers[0] == sessions[int(lines[-1][1:])].id
