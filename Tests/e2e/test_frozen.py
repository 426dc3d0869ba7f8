# SPDX-License-Identifier: Apache-2.0
"""A source that is frozen, as for a snapshot: it takes no stamp, and who reads is answered all the same."""

import contextlib
import errno
import os
import subprocess

import pytest

from support import stamps
from support.filesystems import small_filesystem
from support.mounts import PATIENCE

pytestmark = pytest.mark.modes

WRITE = """
import os, time
kept['fd'] = os.open(path, os.O_WRONLY)
os.write(kept['fd'], b'pending')
time.sleep(0.1)
"""
READ = """
import os
os.stat(path)
with open(path, 'rb') as file:
    content = file.read()
try:
    value = os.getxattr(path, 'security.prov')
except OSError as error:
    value = error.strerror
os.listxattr(path)
result = content, value, os.listdir(os.path.dirname(path))
"""


@contextlib.contextmanager
def frozen(directory):
    subprocess.run(["fsfreeze", "--freeze", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(directory)], check=True)


def test_who_reads_a_file_with_a_pending_change_is_answered(mount, private, session, view_mode):
    with small_filesystem(private, 16) as source:
        mountpoint = private / "view"
        mountpoint.mkdir()
        view = mount(source, mountpoint, options=view_mode.options)
        path = str(mountpoint / "file")
        earlier, writer, reader = session(), session(), session()
        earlier.shell(f"echo earlier > {path}")
        writer.python(WRITE, path=path)
        with frozen(source):
            for _ in range(3):
                reader.begin("python", READ, {"path": path})
                content, value, names = reader.finish(PATIENCE)
                assert content == b"pending\n" and "file" in names
                # Unknown, or right: never what the file says still.
                assert value == os.strerror(errno.ENODATA) or stamps.decode(value).session == writer.id
        writer.python("import os; os.close(kept['fd'])")
        assert stamps.read(source / "file").session == writer.id
        assert stamps.log(source / "file")[0].session == earlier.id
        view.unmount()
