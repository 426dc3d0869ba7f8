# SPDX-License-Identifier: Apache-2.0
"""Tools as people use them, and whose stamp each file bears afterwards."""

import dataclasses
import os

import pytest

from support import stamps

pytestmark = pytest.mark.modes

# Each case: what is there before (by an earlier session), the script that the session runs, and
# for each file the comm of its stamp, where the tool itself writes it ("" where that varies).
OVERWRITES = {
    "redirect": ("echo after > file", {"file": "sh"}),
    "append": ("echo after >> file", {"file": "sh"}),
    "tee": ("echo after | tee file > /dev/null", {"file": "tee"}),
    "tee-append": ("echo after | tee -a file > /dev/null", {"file": "tee"}),
    "cat": ("cat /etc/hostname > file", {"file": "cat"}),
    "vim": ("vim -es -u NONE -i NONE -c '%s/before/after/' -c wq file", {"file": "vim"}),
    "vim-with-backup": (
        "vim -es -u NONE -i NONE -c 'set backup writebackup' -c '%s/before/after/' -c wq file",
        {"file": "vim"}),
    "ed": ("printf '%s\\n' 's/before/after/' w q | ed -s file", {"file": "ed"}),
    "sed-in-place": ("sed -i s/before/after/ file", {"file": "sed"}),
    "perl-in-place": ("perl -pi -e s/before/after/ file", {"file": "perl"}),
    "truncate": ("truncate -s 3 file", {"file": "truncate"}),
    "truncate-longer": ("truncate -s 3000 file", {"file": "truncate"}),
    "fallocate": ("fallocate -l 8192 file", {"file": "fallocate"}),
    "punch": ("fallocate -p -o 0 -l 4096 file", {"file": "fallocate"}),
    "dd": ("printf A | dd of=file conv=notrunc status=none", {"file": "dd"}),
    "dd-direct": ("dd if=/dev/zero of=file bs=4096 count=2 oflag=direct status=none",
                  {"file": "dd"}),
    "install": ("install -m 755 /etc/hostname file", {"file": "install"}),
    "cp": ("cp /etc/hostname file", {"file": "cp"}),
    "cp-archive": ("cp -a /etc/hostname file", {"file": "cp"}),
    "patch": ("printf -- '--- file\\n+++ file\\n@@ -1 +1 @@\\n-before\\n+after\\n' | patch -s file",
              {"file": "patch"}),
    "rsync": ("echo after > ../home/new && rsync -a ../home/new file", {"file": "rsync"}),
    "rsync-in-place": ("echo after > ../home/new && rsync -a --inplace ../home/new file",
                       {"file": "rsync"}),
    "move-from-outside": ("echo after > /dev/shm/$$ && mv /dev/shm/$$ file", {"file": "mv"}),
    "replace-by-rename": ("echo after > new && mv new file", {"file": "sh"}),
    "sort-into-itself": ("sort -r -o file file", {"file": "sort"}),
    "awk": ("awk '{print \"after\"}' /etc/hostname > file", {"file": "awk"}),
    "python": ("python3 -c 'open(\"file\", \"w\").write(\"after\")'", {"file": "python3"}),
    "split": ("printf 'after\\nagain\\n' > file && split -l 1 file part",
              {"file": "sh", "partaa": "split", "partab": "split"}),
}


@pytest.mark.parametrize("tool", OVERWRITES)
def test_a_file_that_was_there(scene, tool):
    script, expected = OVERWRITES[tool]
    earlier, session = scene.session(), scene.session()
    earlier.shell("echo before > file", cwd=scene.path)
    scene.assert_written_by("file", earlier, "sh", created=True)
    session.shell(script, cwd=scene.path)
    for name, comm in expected.items():
        scene.assert_written_by(name, session, comm)
        scene.assert_current(name)


CREATIONS = {
    "redirect": ("echo new > file", {"file": "sh"}),
    "empty": (": > file", {"file": "sh"}),
    "touch": ("touch file", {"file": "touch"}),
    "mkdir": ("mkdir -p a/b/c", {"a": "mkdir", "a/b": "mkdir", "a/b/c": "mkdir"}),
    "cp": ("cp /etc/hostname file", {"file": "cp"}),
    "cp-recursive": ("cp -r ../home/tree copy",
                     {"copy": "cp", "copy/below": "cp", "copy/below/file": "cp"}),
    "cp-archive": ("cp -a ../home/tree copy",
                   {"copy": "cp", "copy/below": "cp", "copy/below/file": "cp"}),
    "rsync": ("rsync -a ../home/tree/ copy",
              {"copy": "rsync", "copy/below": "rsync", "copy/below/file": "rsync"}),
    "tar": ("tar -C ../home -c tree | tar x",
            {"tree": "tar", "tree/below": "tar", "tree/below/file": "tar"}),
    "install": ("install -D /etc/hostname a/b/file", {"a": "install", "a/b/file": "install"}),
    "gcc": ("echo 'int main(void){return 0;}' > main.c && cc -c main.c && cc -o main main.o",
            {"main.c": "sh", "main.o": "as", "main": "ld"}),
    "make": ("printf 'out: in\\n\\tcp in out\\n' > Makefile && echo x > in && make -s",
             {"Makefile": "sh", "in": "sh", "out": "cp"}),
    "heredoc": ("cat > file <<-END\n\tnew\n\tEND", {"file": "cat"}),
    "subshell": ("(cd . && (echo new > file))", {"file": "sh"}),
    "xargs": ("echo one two | xargs -n 1 touch", {"one": "touch", "two": "touch"}),
    "find-exec": ("find ../home/tree -name file -exec cp {} copied \\;", {"copied": "cp"}),
}


@pytest.mark.parametrize("tool", CREATIONS)
def test_a_file_that_is_new(scene, tool):
    script, expected = CREATIONS[tool]
    session = scene.session()
    session.shell("mkdir -p ../home/tree/below && echo x > ../home/tree/below/file",
                  cwd=scene.path)
    session.shell(script, cwd=scene.path)
    for name, comm in expected.items():
        scene.assert_written_by(name, session, comm, created=True)
        assert scene.log(name) == []


def test_what_is_neither_file_nor_directory(scene):
    session = scene.session()
    session.shell("mkfifo fifo && ln -s fifo link", cwd=scene.path)
    for name, comm in (("fifo", "mkfifo"), ("link", "ln")):
        if scene.attribute == stamps.USER:
            scene.assert_unstamped(name)  # Linux keeps user.* on files and directories alone.
        else:
            scene.assert_written_by(name, session, comm, created=True)


UNCHANGED = {
    "chmod": "chmod 600 file",
    "chown": "chown :$(id -g) file",
    "rename": "mv file other && mv other file",
    "link": "ln file link",
    "touch": "touch file",
    "touch-date": "touch -d @1000000000 file",
    "read": "cat file > /dev/null",
    "open-for-write": "exec 3<> file && exec 3>&-",
    "open-for-append": "exec 3>> file && exec 3>&-",
    "dd-nothing": "dd if=/dev/null of=file conv=notrunc status=none",
    "attribute": "setfattr -n user.name -v value file",
    "acl": "setfacl -m u:61031:r file",
    "fsync": "sync file",
    "lock": "flock file true",
}


@pytest.mark.parametrize("action", UNCHANGED)
def test_what_changes_no_content_does_not_stamp(scene, action):
    earlier, session = scene.session(), scene.session()
    scene.write("bare", b"bare\n")
    earlier.shell("echo before > file", cwd=scene.path)
    before = scene.stamp("file")
    session.shell(UNCHANGED[action], cwd=scene.path)
    session.shell(UNCHANGED[action].replace("file", "bare").replace("link", "blank"),
                  cwd=scene.path)
    after = scene.stamp("file")
    # What moves ctime renews the stamp: nothing but its time.
    assert dataclasses.replace(after, time=before.time) == before
    assert after.time >= before.time
    assert scene.log("file") == []
    scene.assert_unstamped("bare")


def test_git(scene):
    first, second = scene.session(), scene.session()
    git = ("git -c user.name=Tester -c user.email=tester@example.org -c commit.gpgsign=false "
           "-c init.defaultBranch=main -c gc.auto=0 -c advice.detachedHead=false ")
    first.shell(f"""
        {git} init -q .
        echo one > file
        mkdir directory
        echo below > directory/below
        {git} add .
        {git} commit -qm first
        """, cwd=scene.path)
    assert scene.assert_all_written_by(".git", first) > 20
    scene.assert_written_by("file", first, "sh", created=True)
    objects = [os.path.join(directory, name)
               for directory, _, names in os.walk(scene.source / ".git/objects") for name in names]
    assert objects and all(os.stat(path).st_mode & 0o777 == 0o444 for path in objects)

    second.shell(f"""
        echo two >> file
        {git} commit -qam second
        {git} checkout -q HEAD~1
        """, cwd=scene.path)
    scene.assert_written_by("file", second, "git")
    scene.assert_written_by("directory/below", first, "sh")
    scene.assert_written_by(".git/HEAD", second, "git")
    scene.assert_written_by(".git/index", second, "git")
    for path in objects:
        scene.assert_written_by(os.path.relpath(path, scene.source), first, "git")

    first.shell(f"""
        {git} checkout -q main
        echo changed > directory/below
        {git} stash -q
        """, cwd=scene.path)
    scene.assert_written_by("file", first, "git")
    scene.assert_written_by("directory/below", first, "git")
    second.shell(f"{git} stash pop -q", cwd=scene.path)
    scene.assert_written_by("directory/below", second, "git")
    status = second.shell(f"{git} status --porcelain", cwd=scene.path)[1]
    assert status == b" M directory/below\n"


def test_git_clone_and_gc(scene):
    session = scene.session()
    git = "git -c user.name=Tester -c user.email=tester@example.org"
    session.shell(f"""
        {git} init -q ../home/origin
        cd ../home/origin
        for n in 1 2 3 4 5; do echo $n > file$n; {git} add .; {git} commit -qm $n; done
        """, cwd=scene.path)
    session.shell(f"{git} clone -q --no-local ../home/origin clone && cd clone && {git} gc -q",
                  cwd=scene.path)
    assert scene.assert_all_written_by("clone", session) > 30


@pytest.mark.parametrize("journal", ["DELETE", "WAL", "TRUNCATE"])
def test_sqlite(scene, journal):
    first, second = scene.session(), scene.session()
    first.shell(f"sqlite3 base 'PRAGMA journal_mode={journal}; CREATE TABLE t(x); "
                "INSERT INTO t VALUES(1);'", cwd=scene.path)
    scene.assert_written_by("base", first, "sqlite3", created=True)
    second.shell("sqlite3 base 'INSERT INTO t VALUES(2);'", cwd=scene.path)
    scene.assert_written_by("base", second, "sqlite3")
    assert scene.writers("base") == [second.id, first.id]
    answer = first.shell("sqlite3 base 'SELECT count(*) FROM t'", cwd=scene.path)[1]
    assert answer == b"2\n"
    assert scene.writers("base")[0] == second.id


def test_a_second_build_and_a_second_sync_have_nothing_to_do(scene):
    """A stamp moves ctime; no tool may take that for a change."""
    session = scene.session()
    session.shell("""
        mkdir -p ../home/tree && for n in 1 2 3; do echo $n > ../home/tree/$n; done
        rsync -a ../home/tree/ copy
        printf 'out: in\\n\\tcp in out\\n' > Makefile; echo x > in; make -s
        git init -q . && git add . && git -c user.name=T -c user.email=t@e commit -qm x
        """, cwd=scene.path)
    assert session.shell("rsync -ai ../home/tree/ copy", cwd=scene.path)[1] == b""
    assert b"up to date" in session.shell("make", cwd=scene.path)[1]
    # --refresh alone would hide it: diff-files compares the index with stat(2), ctime included.
    assert session.shell("git diff-files --name-only", cwd=scene.path)[1] == b""
