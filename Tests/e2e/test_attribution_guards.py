# SPDX-License-Identifier: Apache-2.0
"""The writer is the adversary: stamps are not to be forged, removed or outlived by a false one."""

import contextlib
import errno
import os
import subprocess

import pytest

from support import identity, places, stamps
from support.filesystems import small_filesystem
from support.mounts import unmount, until
from support.system import RENAME_EXCHANGE, fails, renameat2

pytestmark = pytest.mark.modes

FORGED = bytes([1, 2]) + bytes(14) + b"\xff" * 16 + bytes(32)


def in_view(scene, function, *arguments):
    return scene.worker.call(function, *arguments)


def dropped(name):
    """Whoever could set such an attribute elsewhere is told that it is set; nobody else."""
    may = os.geteuid() == 0 or name.startswith("user.")
    return contextlib.nullcontext() if may else fails(errno.EPERM)


@pytest.mark.parametrize("name", stamps.NAMES)
def test_the_stamps_names_are_not_to_be_changed(scene, name):
    session = scene.session()
    session.shell("echo x > file; mkdir directory", cwd=scene.path)
    before = {entry: scene.stamp(entry) for entry in ("file", "directory")}

    def attempts():
        for path in (scene.path / "file", scene.path / "directory"):
            for flags in (0, os.XATTR_CREATE, os.XATTR_REPLACE):
                with dropped(name):
                    os.setxattr(path, name, FORGED, flags)
            for garbage in (b"", FORGED[1:], FORGED + b"x", bytes(64)):
                with fails(errno.EPERM):
                    os.setxattr(path, name, garbage)
            with dropped(name):
                os.removexattr(path, name)
        descriptor = os.open(scene.path / "file", os.O_RDWR)
        with dropped(name):
            os.setxattr(descriptor, name, FORGED)
        with dropped(name):
            os.removexattr(descriptor, name)
        os.close(descriptor)

    in_view(scene, attempts)
    assert {entry: scene.stamp(entry) for entry in before} == before
    assert sorted(set(os.listxattr(scene.source / "file")) & set(stamps.NAMES)) == [scene.attribute]


def test_names_that_only_resemble_the_stamps_are_free(scene):
    session = scene.session()
    session.shell("echo x > file && setfattr -n user.provenance -v a file && "
                  "setfattr -n user.pro -v b file && setfattr -n user.provlog -v c file",
                  cwd=scene.path)
    assert os.getxattr(scene.source / "file", "user.provlog") == b"c"


def test_symbolic_links_are_guarded_themselves(scene):
    session = scene.session()
    session.shell("echo x > file; ln -s file link", cwd=scene.path)

    def attempts():
        for name in stamps.NAMES:
            # Linux has no user.* attributes of symbolic links.
            with fails(errno.EPERM) if name.startswith("user.") else dropped(name):
                os.setxattr(scene.path / "link", name, FORGED, follow_symlinks=False)
            with dropped(name):
                os.setxattr(scene.path / "link", name, FORGED)

    in_view(scene, attempts)
    scene.assert_written_by("file", session)


def test_tools_cannot_forge(scene):
    session = scene.session()
    session.shell("echo x > file; echo y > donor", cwd=scene.path)
    before = scene.stamp("file")
    for script in (f"setfattr -n {scene.attribute} -v forged file",
                   f"setfattr -x {scene.attribute} file",
                   "getfattr -d -m - donor | sed s/donor/file/ | setfattr --restore=-"):
        session.shell(script, cwd=scene.path, check=False)
        assert scene.stamp("file") == before


def test_a_copy_bears_its_own_stamp(scene):
    """cp -a and rsync -X carry attributes along; the copy is whoever's copied it."""
    first, second = scene.session(), scene.session()
    first.shell("echo x > file", cwd=scene.path)
    for number, command in enumerate(("cp -a file copy{}", "rsync -aX file copy{}",
                                      "cp --preserve=xattr file copy{}",
                                      "bsdtar -cf archive --xattrs file && mkdir unpacked && "
                                      "bsdtar -xf archive -C unpacked && mv unpacked/file copy{}",
                                      "rsync -aX --inplace file archive && mv archive copy{}")):
        # A user cannot set root's attribute anywhere.
        may = scene.attribute == stamps.USER or scene.worker.uid == 0
        _, output, errors = second.shell(command.format(number), cwd=scene.path, check=may)
        assert output + errors == b"" or not may
        scene.assert_written_by(f"copy{number}", second)
        assert scene.log(f"copy{number}") == []


@pytest.mark.places(places.VIEW_ROOT)
def test_a_move_from_another_filesystem_is_quiet(scene, private):
    session = scene.session()
    with small_filesystem(private, 8) as other:
        (other / "file").write_bytes(b"x")
        os.setxattr(other / "file", stamps.SECURITY, FORGED)
        _, output, errors = session.shell(f"mv {other}/file moved", cwd=scene.path)
        assert output + errors == b""
    scene.assert_written_by("moved", session)


@pytest.mark.places(places.VIEW_ROOT)
def test_an_overlay_in_the_view_copies_stamped_files_up(scene, private):
    session = scene.session()
    session.shell("mkdir lower upper work; echo x > lower/file", cwd=scene.path)
    merged = private / "merged"
    merged.mkdir()
    options = ",".join(f"{name}dir={scene.path / name}" for name in ("lower", "upper", "work"))
    subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", str(merged)], check=True)
    try:
        session.shell("echo y >> file", cwd=merged)
        assert (scene.source / "upper" / "file").read_bytes() == b"x\ny\n"
        scene.assert_no_false_claim("upper/file", session)
    finally:
        unmount(merged)


def test_the_stamp_is_read_through_the_view(scene):
    session = scene.session()
    session.shell("echo x > file", cwd=scene.path)
    value = in_view(scene, os.getxattr, scene.path / "file", scene.attribute)
    assert stamps.decode(value) == scene.stamp("file")
    assert scene.attribute in in_view(scene, os.listxattr, scene.path / "file")


def test_a_stamp_that_was_there_before_is_replaced(scene):
    """A forged or garbled value, put there behind the view, does not outlive the next write."""
    scene.write("file")
    for value in (FORGED, b"", b"garbage", b"\xff" * 64, bytes(64), b"x" * 200):
        os.setxattr(scene.source / "file", scene.attribute, value)
        session = scene.session()
        session.shell("echo x >> file", cwd=scene.path)
        scene.assert_written_by("file", session)


def test_a_log_that_was_garbled_is_not_carried_on(scene):
    scene.session().shell("echo x > file", cwd=scene.path)
    for garbage in (b"x" * 63, b"x" * 65, b"", b"y" * 64 * 40):
        try:
            os.setxattr(scene.source / "file", scene.attribute + ".log", garbage)
        except OSError as error:
            assert error.errno == errno.ENOSPC
            continue
        session = scene.session()
        before = scene.stamp("file")
        session.shell("echo y >> file", cwd=scene.path)
        scene.assert_written_by("file", session)
        log = scene.log("file")  # decodes each entry
        assert log[0].session == before.session


SETTING = "setxattr,lsetxattr,fsetxattr,?setxattrat"


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EIO"])
def test_a_stamp_that_cannot_be_set_leaves_no_stale_one(private, user, mount, session, error, needs):
    """The content changed, the new stamp fails: the old one is removed. Unknown is true."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    view = mount(source, mountpoint)
    first, second = session(), session()
    first.shell("echo before > file", cwd=mountpoint)
    assert stamps.read(source / "file").session == first.id
    view.unmount()
    mount(source, mountpoint, prefix=[
        needs("strace"), "-f", "-o", "/dev/null", "-e", f"trace={SETTING}", "-e", "signal=none",
        "-e", f"inject={SETTING}:error={error}"])
    second.shell("echo after >> file", cwd=mountpoint)
    assert (source / "file").read_text() == "before\nafter\n"
    assert stamps.read(source / "file") is None
    second.shell("echo new > new", cwd=mountpoint)
    assert stamps.read(source / "new") is None


def test_a_full_filesystem(private, mount, session):
    """No room for a log or a new attribute block: whatever is on the file is not a false claim."""
    with small_filesystem(private, 8, ["-I", "128", "-b", "1024"]) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint)
        first, second = session(), session()
        first.shell("for n in 1 2 3 4 5; do echo before > file$n; done", cwd=mountpoint)
        (source / "bare").write_bytes(b"before\n")
        second.shell("dd if=/dev/zero of=filler bs=1k 2> /dev/null || true", cwd=mountpoint)
        assert os.statvfs(source).f_bavail == 0
        second.shell("for n in 1 2 3 4 5; do printf AFTER | dd of=file$n conv=notrunc status=none; "
                     "done; printf AFTER | dd of=bare conv=notrunc status=none", cwd=mountpoint)
        for number in range(1, 6):
            assert (source / f"file{number}").read_bytes() == b"AFTERe\n"
            stamp = stamps.read(source / f"file{number}")
            assert stamp is None or stamp.session == second.id
        assert stamps.read(source / "bare") is None
        view.unmount()


def test_a_source_without_attributes(private, mount, session):
    """Everything works, nothing is stamped, and provfs says so once."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    subprocess.run(["mount", "-t", "ramfs", "ramfs", str(source)], check=True)
    try:
        view = mount(source, mountpoint)
        one = session()
        one.shell("echo x > file; echo y >> file; mkdir directory; cat file", cwd=mountpoint)
        assert stamps.read(source / "file") is None
        with fails(errno.ENODATA, errno.EOPNOTSUPP):
            os.getxattr(mountpoint / "file", stamps.SECURITY)
        warnings = [line for line in view.output().split("\n") if "attribute" in line]
        assert len(warnings) == 1 and str(source) in warnings[0], view.output()
        view.unmount()
    finally:
        unmount(source)


def test_kill_9_leaves_no_wrong_stamp(scene, mount):
    """Stamps of a daemon that died are right, or are known to be older than the content."""
    first, second = scene.session(), scene.session()
    path = scene.path
    first.shell("for n in $(seq 40); do echo before > f$n; done", cwd=path)
    second.begin("run", ["/bin/sh", "-c", """
        while :; do for n in $(seq 40); do echo after >> f$n || exit 0; done; done"""],
        {"cwd": str(path)})
    until(lambda: "after" in (scene.source / "f40").read_text(), "the second session writes")
    scene.place.view.kill()
    second.finish()
    for number in range(1, 41):
        name = f"f{number}"
        stamp = scene.stamp(name)
        if stamp is not None and stamp.session == first.id:
            assert stamp.time < os.lstat(scene.source / name).st_mtime_ns, (
                f"{name}: the first session is named for what the second wrote: {stamp}")
        else:
            assert stamp is None or stamp.session == second.id
    mount(scene.source, path, scene.place.view.identity)
    third = scene.session()
    third.shell("echo third >> f1", cwd=path)
    scene.assert_written_by("f1", third)


def test_removing_a_file_takes_its_stamp_along(scene):
    first, second = scene.session(), scene.session()
    for _ in range(10):
        first.shell("echo x > file", cwd=scene.path)
        scene.assert_written_by("file", first, created=True)
        second.shell("rm file; echo y > file", cwd=scene.path)
        scene.assert_written_by("file", second, created=True)
        assert scene.log("file") == []
        first.shell("rm file", cwd=scene.path)


def test_exchanged_files_keep_their_stamps(scene):
    first, second = scene.session(), scene.session()
    first.shell("echo x > one", cwd=scene.path)
    second.shell("echo y > two", cwd=scene.path)
    in_view(scene, renameat2, scene.path / "one", scene.path / "two", RENAME_EXCHANGE)
    scene.assert_written_by("two", first)
    scene.assert_written_by("one", second)


def test_users_in_roots_view_are_told_apart(private, user, mount, session):
    """One view of root, two users: the stamp has the uid of who wrote."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    source.chmod(0o777)
    mount(source, mountpoint)
    by_root, by_user = session(), session(user)
    by_root.shell("echo x > file; chmod 666 file", cwd=mountpoint)
    by_user.shell("echo y >> file; echo z > own", cwd=mountpoint)
    stamp = stamps.read(source / "file", stamps.SECURITY)
    assert (stamp.session, stamp.uid) == (by_user.id, user.uid)
    assert [(one.session, one.uid) for one in stamps.log(source / "file")] == [(by_root.id, 0)]
    assert stamps.read(source / "own", stamps.SECURITY).uid == user.uid
    assert os.stat(source / "own").st_uid == user.uid


def test_a_writer_without_rights_to_the_attribute(private, user, mount, session):
    """A file that is root's and that anybody may write: its stamp says who did."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    mount(source, mountpoint)
    (source / "file").write_bytes(b"root's\n")
    (source / "file").chmod(0o666)
    writer = session(identity.STRANGER, outside=True)
    writer.shell("echo y >> file", cwd=mountpoint)
    stamp = stamps.read(source / "file", stamps.SECURITY)
    assert (stamp.session, stamp.uid, stamp.comm) == (stamps.NO_SESSION, identity.STRANGER.uid, "sh")
