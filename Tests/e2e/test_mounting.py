# SPDX-License-Identifier: Apache-2.0
"""The program provfs: where and how it mounts, what it answers, how it ends."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from support import modes, mounts, programs
from support.filesystems import small_filesystem
from support.mounts import detach, unmount, until
from support.system import opened, read, write


def test_unmounting_as_the_owner_does(mount, tree, owner):
    source, mountpoint = tree
    view = mount(source, mountpoint, owner)
    view.unmount(["fusermount3", "-u"])


def test_a_busy_view_is_not_unmounted(mount, tree):
    source, mountpoint = tree
    view = mount(source, mountpoint)
    with opened(mountpoint / "file", os.O_CREAT | os.O_WRONLY) as descriptor:
        done = subprocess.run(["umount", str(mountpoint)], capture_output=True, check=False)
        assert done.returncode != 0 and b"busy" in done.stderr
        os.write(descriptor, b"still")
    view.unmount()
    assert read(source / "file") == b"still"


def test_same_directory_as_source_and_mountpoint(mount, tree, owner):
    source, _ = tree
    owner.call(write, source / "before", b"before")
    view = mount(source, source, owner)

    def work():
        assert read(source / "before") == b"before"
        write(source / "after", b"after")
        os.mkdir(source / "directory")
        assert sorted(os.listdir(source)) == ["after", "before", "directory"]

    owner.call(work)
    view.unmount()
    assert read(source / "after") == b"after"
    assert sorted(os.listdir(source)) == ["after", "before", "directory"]


def refused(source, mountpoint, reason):
    done = subprocess.run([programs.provfs(), "-f", source, mountpoint], capture_output=True,
                          check=False, timeout=mounts.PATIENCE)
    assert done.returncode == 2 and reason in done.stderr.decode(), done


def test_a_view_of_a_view_is_refused(mount, tree, private):
    """The lower one would take the upper one's daemon for the writer."""
    source, mountpoint = tree
    second = private / "second"
    second.mkdir()
    mount(source, mountpoint)
    refused(mountpoint, second, f"in the view at {mountpoint}")
    os.mkdir(mountpoint / "below")
    refused(mountpoint / "below", second, f"in the view at {mountpoint}")


def test_a_second_view_on_the_same_directory_is_refused(mount, tree):
    source, _ = tree
    mount(source, source)
    refused(source, source, f"in the view at {source}")


def test_two_views_of_one_source_are_refused(mount, tree, private, owner):
    """Each would take the other's changes for those of its own clients."""
    source, mountpoint = tree
    second = private / "second"
    second.mkdir()
    view = mount(source, mountpoint, owner)
    refused(source, second, f"{source} is shown by another view already")
    view.unmount()
    mount(source, second)


def test_a_source_with_a_view_inside_is_refused(mount, tree, private):
    source, mountpoint = tree
    inner = source / "inner"
    inner.mkdir()
    mount(inner, inner)
    refused(source, mountpoint, f"a view is mounted at {inner}")


def test_a_view_that_is_unmounted_but_in_use_keeps_its_source(mount, tree, private):
    """Who has files open in it goes on writing them."""
    source, mountpoint = tree
    second = private / "second"
    second.mkdir()
    mount(source, mountpoint)
    with opened(mountpoint / "file", os.O_CREAT | os.O_WRONLY) as descriptor:
        subprocess.run(["umount", "-l", str(mountpoint)], check=True)
        refused(source, second, "files of it are still open")
        os.write(descriptor, b"x")
    until(lambda: served(mount, source, second), "the source is free")


def test_a_view_that_cannot_be_unmounted_ends_and_says_so(mount, tree, user):
    """A user's daemon needs fusermount3 for it, which may have gone."""
    source, mountpoint = tree
    for directory in tree:
        os.chown(directory, user.uid, user.gid)
    view = mount(source, mountpoint, user, prefix=["/usr/bin/env", "PATH=/nonexistent"])
    user.call(write, mountpoint / "file", b"x")
    view.process.send_signal(signal.SIGTERM)
    assert view.process.wait(mounts.PATIENCE) == 0
    assert f"{mountpoint} cannot be unmounted" in view.output()
    assert detach(mountpoint)
    assert read(source / "file") == b"x"


def served(mount, source, mountpoint):
    try:
        return mount(source, mountpoint)
    except mounts.MountFailed:
        return None


@pytest.mark.parametrize("option", ["noatime", "strictatime", "nodiratime", "norelatime",
                                    "nostrictatime", "relatime", "lazytime"])
def test_what_is_asked_for_of_access_times_is_said_to_be_the_sources(mount, tree, option):
    source, mountpoint = tree
    view = mount(source, mountpoint, options=option)
    write(mountpoint / "file", b"x")
    until(lambda: f"{option}: access times are those of" in view.output(), "it is said")


def test_an_option_that_cannot_be_kept_is_refused(mount, tree):
    source, mountpoint = tree
    done = subprocess.run([programs.provfs(), source, mountpoint, "-o", "max_read=65536"],
                          capture_output=True, check=False)
    assert done.returncode != 0 and b"unknown mount option 'max_read'" in done.stderr


@pytest.mark.parametrize("name", ["with blank", "with,comma", "new\nline", "back\\slash", "ünï"])
def test_odd_directory_names(mount, private, name):
    source, mountpoint = private / f"source {name}", private / f"view {name}"
    source.mkdir()
    mountpoint.mkdir()
    mount(source, mountpoint)
    write(mountpoint / "file", b"x")
    assert read(source / "file") == b"x"


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
    unmount(mountpoint)
    until(lambda: not os.path.exists(f"/proc/{daemon}"), "the daemon ends")
    assert read(source / "file") == b"x"


def test_what_cannot_be_in_the_background_is_told(tree, needs):
    """Whether the kernel and this process can do it is known only once the daemon serves."""
    source, mountpoint = tree
    with modes.rings_offered(True):
        done = subprocess.run(
            [needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=io_uring_setup", "-e",
             "inject=io_uring_setup:error=EPERM", programs.provfs(), source, mountpoint, "-o",
             "ring=on"], check=False, capture_output=True, timeout=mounts.PATIENCE)
    assert done.returncode == 2
    assert done.stderr.startswith(b"provfs: ring=on: this process cannot use io_uring")
    assert mounts.mounted(mountpoint) is None


def test_who_starts_a_daemon_that_dies_is_told(tree, needs):
    source, mountpoint = tree
    try:
        done = subprocess.run(
            [needs("strace"), "-f", "-o", "/dev/null", "-e", "trace=chdir", "-e",
             "inject=chdir:signal=KILL", programs.provfs(), source, mountpoint],
            check=False, capture_output=True, timeout=mounts.PATIENCE)
        assert done.returncode == 2
        assert done.stderr.startswith(b"provfs: ")
    finally:
        mounts.detach(mountpoint)


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
    # mount(8) looks for the program in the system's own directories, whatever PATH says: in a mount
    # namespace of its own the test puts it there.
    script = """set -e
    mount --bind "$1" /usr/local/bin
    mount -T "$2" "$3"
    printf x >"$3/file"
    cat /proc/self/mountinfo
    umount "$3"
    """
    shown = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", programs.directory(), table, mountpoint],
        check=True, capture_output=True, text=True, timeout=mounts.PATIENCE).stdout
    line = next(line for line in shown.split("\n") if f" {mountpoint} " in line)
    assert "fuse.provfs" in line
    assert re.search(r" rw,[^ ]*nosuid,[^ ]*nodev", line)
    assert str(source) in line
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


def test_a_signal_unmounts_the_view_where_its_path_leads_elsewhere(mount, tree, private, user):
    """Who owns a directory above can rename it, and put a link to another mount in its place."""
    source, _ = tree
    owned, other = private / "theirs" / "owned", private / "other"
    for directory in (owned.parent, owned, owned / "view", other, other / "view", other / "source"):
        directory.mkdir()
        os.chown(directory, user.uid, user.gid)
    theirs = mount(other / "source", other / "view")
    view = mount(source, owned / "view")
    user.call(os.rename, owned, owned.parent / "with blank")
    user.call(os.symlink, other, owned)
    view.process.send_signal(signal.SIGTERM)
    view.assert_gone(0)
    assert mounts.mounted(other / "view")[1] == theirs.device
    assert mounts.mounted(owned.parent / "with blank" / "view") is None


@pytest.mark.parametrize("given, refused", [("", ()), (",nosuid", ("nosuid",)), (",nodev", ("nodev",))])
def test_auto_unmount_leaves_root_what_the_source_allows(mount, private, given, refused):
    """libfuse has fusermount3 mount then, which adds nosuid and nodev."""
    with small_filesystem(private, 8) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint, options=f"auto_unmount{given}")
        assert {"nosuid", "nodev"} & set(options_of(mountpoint)) == set(refused)
        view.unmount()


def options_of(mountpoint):
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        if fields[4] == str(mountpoint):
            return fields[5].split(",")
    raise AssertionError(f"{mountpoint} is no mount point")
