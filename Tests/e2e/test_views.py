# SPDX-License-Identifier: Apache-2.0
"""Views as a whole: how they are mounted and unmounted, and what goes on behind them."""

import errno
import os
import pathlib
import re
import signal
import subprocess

import pytest

from support import identity, mounts, programs
from support.filesystems import small_filesystem
from support.mounts import until
from support.system import append, fails, opened, read, write


@pytest.fixture
def tree(private):
    """(source, mountpoint), both empty."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    return source, mountpoint


@pytest.fixture(params=["root", "user"])
def who(request, user, tree):
    someone = identity.ROOT if request.param == "root" else user
    for directory in tree:
        os.chown(directory, someone.uid, someone.gid)
    return someone


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_unmounts_and_loses_nothing(mount, tree, who, number):
    source, mountpoint = tree
    view = mount(source, mountpoint, who)

    def fill():
        for index in range(50):
            write(mountpoint / f"file{index}", b"content" * 1000)

    who.call(fill)
    view.terminate(number)
    assert len(os.listdir(source)) == 50
    assert all((source / f"file{index}").read_bytes() == b"content" * 1000 for index in range(50))
    assert os.listdir(mountpoint) == []


def test_unmounting_as_the_owner_does(mount, tree, who):
    source, mountpoint = tree
    view = mount(source, mountpoint, who)
    view.unmount(["fusermount3", "-u", str(mountpoint)])


def test_a_busy_view_is_not_unmounted(mount, tree):
    source, mountpoint = tree
    view = mount(source, mountpoint)
    with opened(mountpoint / "file", os.O_CREAT | os.O_WRONLY) as descriptor:
        done = subprocess.run(["umount", str(mountpoint)], capture_output=True, check=False)
        assert done.returncode != 0 and b"busy" in done.stderr
        os.write(descriptor, b"still")
    view.unmount()
    assert read(source / "file") == b"still"


def test_same_directory_as_source_and_mountpoint(mount, tree, who):
    source, _ = tree
    who.call(write, source / "before", b"before")
    view = mount(source, source, who)

    def work():
        assert read(source / "before") == b"before"
        write(source / "after", b"after")
        os.mkdir(source / "directory")
        assert sorted(os.listdir(source)) == ["after", "before", "directory"]

    who.call(work)
    view.unmount()
    assert read(source / "after") == b"after"
    assert sorted(os.listdir(source)) == ["after", "before", "directory"]


def test_a_view_of_a_view(mount, tree, private):
    source, mountpoint = tree
    second = private / "second"
    second.mkdir()
    mount(source, mountpoint)
    mount(mountpoint, second)
    write(second / "file", b"through both")
    assert read(source / "file") == b"through both"


def test_two_views_of_one_source(mount, tree, private):
    source, mountpoint = tree
    second = private / "second"
    second.mkdir()
    mount(source, mountpoint)
    mount(source, second)
    write(mountpoint / "file", b"one")
    assert read(second / "file") == b"one"
    write(second / "other", b"two")
    assert read(mountpoint / "other") == b"two"


@pytest.mark.parametrize("name", ["with blank", "with,comma", "new\nline", "back\\slash", "ünï"])
def test_odd_directory_names(mount, private, name):
    source, mountpoint = private / f"source {name}", private / f"view {name}"
    source.mkdir()
    mountpoint.mkdir()
    mount(source, mountpoint)
    write(mountpoint / "file", b"x")
    assert read(source / "file") == b"x"


def test_read_only(mount, tree, who):
    source, mountpoint = tree
    who.call(write, source / "file", b"content")
    mount(source, mountpoint, who, options="ro")

    def attempts():
        assert read(mountpoint / "file") == b"content"
        for attempt in (lambda: os.open(mountpoint / "file", os.O_WRONLY),
                        lambda: write(mountpoint / "new"), lambda: os.mkdir(mountpoint / "new"),
                        lambda: os.unlink(mountpoint / "file"),
                        lambda: os.chmod(mountpoint / "file", 0o600),
                        lambda: os.truncate(mountpoint / "file", 0),
                        lambda: os.utime(mountpoint / "file"),
                        lambda: os.setxattr(mountpoint / "file", "user.name", b"x")):
            with fails(errno.EROFS):
                attempt()

    who.call(attempts)


def test_a_users_view_is_closed_to_others(mount, tree, user):
    source, mountpoint = tree
    for directory in tree:
        os.chown(directory, user.uid, user.gid)
    mount(source, mountpoint, user)
    with fails(errno.EACCES):
        os.listdir(mountpoint)

    def attempt():
        with fails(errno.EACCES):
            os.listdir(mountpoint)

    identity.STRANGER.call(attempt)


def test_root_can_refuse_others(mount, tree, user):
    source, mountpoint = tree
    source.chmod(0o777)
    mount(source, mountpoint, options="noallow_other")

    def attempt():
        with fails(errno.EACCES):
            os.listdir(mountpoint)

    user.call(attempt)


def test_set_user_id_programs_in_a_users_view_have_no_effect(mount, tree, user):
    """Else anybody with a source of somebody else's files had a way to be them."""
    source, mountpoint = tree
    source.chmod(0o755)
    os.chown(mountpoint, user.uid, user.gid)
    copy_of_id = source / "id"
    copy_of_id.write_bytes(pathlib.Path("/usr/bin/id").read_bytes())
    copy_of_id.chmod(0o4755)
    mount(source, mountpoint, user)
    assert user.run([str(mountpoint / "id"), "-u"]).stdout.decode().strip() == str(user.uid)


def test_changes_behind_the_view_become_visible(mount, tree, who):
    source, mountpoint = tree
    who.call(write, source / "file", b"before")
    mount(source, mountpoint, who)
    see = lambda function, *arguments: who.call(function, *arguments)
    assert see(read, mountpoint / "file") == b"before"
    assert not see(os.path.exists, mountpoint / "new")
    write(source / "file", b"after, and longer")
    write(source / "new", b"new")
    until(lambda: see(os.path.exists, mountpoint / "new"), "the new file shows")
    until(lambda: see(lambda: os.stat(mountpoint / "file").st_size) == 17, "the new size shows")
    assert see(read, mountpoint / "file") == b"after, and longer"
    os.rename(source / "new", source / "moved")
    until(lambda: not see(os.path.exists, mountpoint / "new"), "the old name goes")
    assert see(read, mountpoint / "moved") == b"new"
    os.unlink(source / "file")
    os.mkdir(source / "file")
    until(lambda: see(os.path.isdir, mountpoint / "file"), "the directory shows")
    assert sorted(see(os.listdir, mountpoint)) == ["file", "moved"]


@pytest.fixture
def inner(tree):
    """A filesystem mounted inside the source; `below` is what it covers."""
    directory = tree[0] / "inner"
    directory.mkdir()
    write(directory / "below", b"covered")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(directory)], check=True)
    write(directory / "file", b"inner")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


def test_mounts_inside_the_source(inner, mount, tree):
    source, mountpoint = tree
    mount(source, mountpoint)
    assert os.listdir(mountpoint / "inner") == ["file"]
    assert read(mountpoint / "inner/file") == b"inner"
    write(mountpoint / "inner/new", b"new")
    assert read(inner / "new") == b"new"
    write(mountpoint / "outer", b"x")
    with fails(errno.EXDEV):
        os.rename(mountpoint / "outer", mountpoint / "inner/outer")
    with fails(errno.EXDEV):
        os.link(mountpoint / "outer", mountpoint / "inner/outer")
    with fails(errno.EBUSY):
        os.rmdir(mountpoint / "inner")


def test_one_file_system(inner, mount, tree):
    source, mountpoint = tree
    mount(source, mountpoint, options="one_file_system")
    write(mountpoint / "outer", b"x")
    assert os.listdir(mountpoint) != []
    with fails(errno.EXDEV):
        os.stat(mountpoint / "inner/file")
    with fails(errno.EXDEV):
        os.listdir(mountpoint / "inner")
    assert os.listdir(inner) == ["file"]


@pytest.mark.timeout(180)
def test_a_tree_larger_than_the_descriptor_limit(mount, tree, who):
    source, mountpoint = tree

    def fill():
        for directory in range(10):
            os.mkdir(source / f"d{directory}")
            for number in range(500):
                write(source / f"d{directory}/f{number}", b"%d" % number)

    who.call(fill)
    mount(source, mountpoint, who, prefix=["prlimit", "--nofile=256:256"])

    def walk():
        for _ in range(2):
            seen = 0
            for directory, _, files in os.walk(mountpoint):
                for name in files:
                    seen += 1
                    path = os.path.join(directory, name)
                    assert os.stat(path).st_size == len(name) - 1
                    if seen % 7 == 0:
                        assert read(path) == name[1:].encode()
            assert seen == 5000
        for number in range(500):
            append(mountpoint / f"d3/f{number}", b"!")
            os.rename(mountpoint / f"d3/f{number}", mountpoint / f"d4/moved{number}")
        assert read(mountpoint / "d4/moved499") == b"499!"

    who.call(walk)


def test_many_open_files_under_a_descriptor_limit(mount, tree):
    """Each open file of a client costs the daemon one; the limit is an error and not the end."""
    source, mountpoint = tree
    mount(source, mountpoint, prefix=["prlimit", "--nofile=256:256"])
    descriptors = []
    try:
        for number in range(300):
            descriptors.append(os.open(mountpoint / f"f{number}", os.O_CREAT | os.O_RDWR))
            os.write(descriptors[-1], b"x")
    except OSError as error:
        assert error.errno in (errno.EMFILE, errno.ENFILE), error
        assert len(descriptors) > 100
    for descriptor in descriptors:
        os.close(descriptor)
    until(lambda: _works(mountpoint / "after"), "the view works again")
    assert read(source / "after") == b"after"


def _works(path):
    try:
        write(path, b"after")
        return True
    except OSError as error:
        assert error.errno in (errno.EMFILE, errno.ENFILE), error
        return False


@pytest.mark.timeout(120)
def test_kill_9_loses_no_acknowledged_write(mount, tree, who):
    """A client writes and notes what was acknowledged; provfs is killed; a new one serves on."""
    source, mountpoint = tree
    view = mount(source, mountpoint, who)
    receive, send = os.pipe()

    def client():
        try:
            for number in range(1_000_000):
                write(mountpoint / f"f{number % 500}", b"%d" % number)
                os.write(send, b"%d\n" % number)
        except OSError as error:
            assert error.errno in (errno.ENOTCONN, errno.ECONNABORTED), error
            return True

    child = identity.fork(client, identity=who)
    os.close(send)
    acknowledged = b""
    while acknowledged.count(b"\n") < 300:
        acknowledged += os.read(receive, 65536)
    view.kill()
    while more := os.read(receive, 65536):
        acknowledged += more
    assert child.join()
    last = int(acknowledged.split(b"\n")[-2])
    for number in range(max(0, last - 499), last + 1):
        content = read(source / f"f{number % 500}")
        # The write that was under way when provfs died may have been done, or begun.
        assert content in (b"%d" % number, b"%d" % (number + 500), b"") and (
            content == b"%d" % number or number + 500 == last + 1)
    # A new start on the dead mountpoint cleans it up by itself.
    mount(source, mountpoint, who)
    assert who.call(read, mountpoint / f"f{last % 500}") == b"%d" % last
    who.call(write, mountpoint / "after", b"after")


def test_in_the_background(tree, private):
    """Without -f: the command returns when the view is there, and the daemon stays."""
    source, mountpoint = tree
    # The pipe shows that the daemon keeps nothing of the caller's open: communicate() ends.
    process = subprocess.run([programs.provfs(), str(source), str(mountpoint)], check=True,
                             capture_output=True, timeout=mounts.PATIENCE)
    assert process.stdout == b""
    assert mounts.mounted(mountpoint)
    write(mountpoint / "file", b"x")
    daemon = daemon_of(source, mountpoint)
    assert os.readlink(f"/proc/{daemon}/cwd") == "/"
    subprocess.run(["umount", str(mountpoint)], check=True)
    until(lambda: not os.path.exists(f"/proc/{daemon}"), "the daemon ends")
    assert read(source / "file") == b"x"


def daemon_of(source, mountpoint):
    wanted = [os.fsencode(source), os.fsencode(mountpoint)]
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                words = pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if all(word in words for word in wanted) and b"provfs" in words[0]:
                return int(entry)
    raise AssertionError("no daemon")


def test_mount_by_type(tree):
    """As `mount -t fuse.provfs` and thereby as fstab does, with mount's own options."""
    source, mountpoint = tree
    table = mountpoint.parent / "fstab"
    table.write_text(f"{source} {mountpoint} fuse.provfs noauto,nosuid,nodev,x-test=1 0 0\n")
    environment = os.environ | {"PATH": f"{programs.directory()}:{os.environ['PATH']}"}
    subprocess.run(["mount", "-T", str(table), str(mountpoint)], check=True, env=environment,
                   timeout=mounts.PATIENCE)
    try:
        write(mountpoint / "file", b"x")
        line = next(line for line in pathlib.Path("/proc/self/mountinfo").read_text().split("\n")
                    if f" {mountpoint} " in line)
        assert "fuse.provfs" in line
        assert re.search(r" rw,[^ ]*nosuid,[^ ]*nodev", line)
        assert str(source) in line
    finally:
        subprocess.run(["umount", str(mountpoint)], check=True)
    until(lambda: not _runs(source, mountpoint), "the daemon ends")
    assert read(source / "file") == b"x"


def _runs(source, mountpoint):
    try:
        return daemon_of(source, mountpoint)
    except AssertionError:
        return None


@pytest.mark.parametrize("arguments,named", [
    (["absent", "view"], b"absent"), (["source", "absent"], b"absent"),
    (["source"], b""), ([], b""), (["source", "view", "more"], b"3 paths"),
    (["source", "view", "-o", "no_such_option=7"], b"no_such_option"),
    (["source", "view", "--no-such-flag"], b"--no-such-flag"),
    (["source", "view", "-o", "attr_timeout=long"], b"long"),
    (["file", "view"], b"file"),
])
def test_wrong_usage_names_what_is_wrong(tree, arguments, named):
    source, mountpoint = tree
    write(source.parent / "file")
    done = subprocess.run([programs.provfs(), *arguments], cwd=source.parent, check=False,
                          capture_output=True, timeout=mounts.PATIENCE)
    assert done.returncode in (1, 2)
    assert done.stdout == b""
    assert done.stderr.startswith(b"provfs: ") and named in done.stderr
    assert mounts.mounted(mountpoint) is None


def test_help(tree):
    done = subprocess.run([programs.provfs(), "--help"], check=True, capture_output=True)
    assert b"SOURCE MOUNTPOINT" in done.stdout and b"provstamp who" in done.stdout
    assert done.stderr == b""
    version = subprocess.run([programs.provfs(), "--version"], check=True, capture_output=True)
    assert re.match(rb"provfs \d+\.\d+", version.stdout)


def test_the_daemon_keeps_few_capabilities(mount, tree):
    source, mountpoint = tree
    view = mount(source, mountpoint)
    status = pathlib.Path(f"/proc/{view.pid}/status").read_text()
    kept = int(re.search(r"CapPrm:\s*(\w+)", status)[1], 16)
    sys_module, sys_boot, net_admin, sys_time = 16, 22, 12, 25
    for capability in (sys_module, sys_boot, net_admin, sys_time):
        assert not kept & 1 << capability, f"capability {capability} is kept: {kept:#x}"


def test_a_full_disk_is_an_error_and_not_the_end(mount, private):
    with small_filesystem(private, 8) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint)
        with opened(mountpoint / "file", os.O_CREAT | os.O_WRONLY) as descriptor:
            with fails(errno.ENOSPC):
                while True:
                    os.write(descriptor, b"x" * 65536)
        os.unlink(mountpoint / "file")
        write(mountpoint / "file", b"again")
        assert read(source / "file") == b"again"
        view.unmount()
