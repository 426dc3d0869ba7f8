# SPDX-License-Identifier: Apache-2.0
"""Who runs: root, the ordinary user that the tests make, and strangers; and forking to become one."""

import ctypes
import fcntl
import grp
import os
import pickle
import pwd
import signal
import subprocess
import traceback
from dataclasses import dataclass, field

import pytest

USER_NAME = "provfs-test"
EXTRA_GROUP = "provfs-test-extra"
LOCK = "/run/lock/provfs-test-user"

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
_libc = ctypes.CDLL(None, use_errno=True)


class ChildFailed(Exception):
    """The forked child failed; the text is its own account of it."""


@dataclass(frozen=True)
class Identity:
    name: str
    uid: int
    gid: int
    groups: tuple = field(default=())

    @property
    def runtime_directory(self):
        """What a login would set as XDG_RUNTIME_DIR; None for root, which does not use it."""
        return None if self.uid == 0 else f"/run/user/{self.uid}"

    def environment(self, home):
        """The environment of a login, without what pytest's own environment would leak."""
        variables = {
            "HOME": str(home),
            "USER": self.name,
            "LOGNAME": self.name,
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        }
        if self.runtime_directory:
            variables["XDG_RUNTIME_DIR"] = self.runtime_directory
        return variables

    def assume(self):
        """Become this identity for good, in a process that root forked."""
        os.setgroups(list(self.groups))
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        os.umask(0o022)
        # A change of uid makes /proc/PID root's, which no login shell's children suffer.
        _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        _end_with_parent()

    def popen(self, argv, **options):
        """subprocess.Popen as this identity."""
        options.setdefault("start_new_session", True)
        return subprocess.Popen(argv, preexec_fn=self.assume, **options)

    def run(self, argv, check=True, **options):
        """subprocess.run as this identity, output captured as bytes; a failure shows the output."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        done = subprocess.run(argv, preexec_fn=self.assume, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{argv!r} as {self.name} exited with {done.returncode}\n"
                f"stdout: {done.stdout!r}\nstderr: {done.stderr!r}"
            )
        return done

    def call(self, function, *arguments):
        """function(*arguments) in a forked child that is this identity; its value, or its failure."""
        return fork(function, *arguments, identity=self).join()


ROOT = Identity("root", 0, 0)
# Two users without an account: nothing but the kernel's permission checks meets them.
STRANGER = Identity("stranger", 61001, 61001)
OTHER_STRANGER = Identity("other-stranger", 61002, 61002)


def ordinary_user():
    """The account that the tests make, made when it is not there. Safe beside other workers."""
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            account = pwd.getpwnam(USER_NAME)
        except KeyError:
            subprocess.run(
                ["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home",
                 "--home-dir", "/nonexistent", "--shell", "/bin/sh", USER_NAME],
                check=True,
            )
            account = pwd.getpwnam(USER_NAME)
        try:
            extra = grp.getgrnam(EXTRA_GROUP)
        except KeyError:
            subprocess.run(["/usr/sbin/groupadd", "--system", EXTRA_GROUP], check=True)
            extra = grp.getgrnam(EXTRA_GROUP)
        if USER_NAME not in extra.gr_mem:
            subprocess.run(["/usr/sbin/usermod", "-aG", EXTRA_GROUP, USER_NAME], check=True)
        user = Identity(
            USER_NAME, account.pw_uid, account.pw_gid, (account.pw_gid, extra.gr_gid))
        os.makedirs(user.runtime_directory, mode=0o700, exist_ok=True)
        os.chown(user.runtime_directory, user.uid, user.gid)
        return user


def _end_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Child:
    """A forked child that runs a function and hands back its value or its failure."""

    def __init__(self, pid, answer):
        self.pid = pid
        self._answer = answer
        self._status = None

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def wait(self):
        """The wait status, as os.waitpid gives it."""
        if self._status is None:
            self._status = os.waitpid(self.pid, 0)[1]
        return self._status

    def join(self):
        """The function's value. A failure in the child is a failure here."""
        with os.fdopen(self._answer, "rb") as pipe:
            answer = pipe.read()
        status = self.wait()
        if not answer:
            raise ChildFailed(f"the child ended without an answer, wait status {status:#x}")
        outcome, value = pickle.loads(answer)
        if outcome == "failed":
            raise ChildFailed(value)
        return value

    def reap(self):
        """End the child, whatever it is doing."""
        if self._status is None:
            self.kill()
            self.wait()


def fork(function, *arguments, identity=None, directory=None, new_session=False):
    """A Child that runs function(*arguments), as another identity and elsewhere if asked to."""
    receive, send = os.pipe()
    pid = os.fork()
    if pid:
        os.close(send)
        return Child(pid, receive)
    try:
        os.close(receive)
        # The watchdog's and pytest's handlers are the parent's.
        signal.signal(signal.SIGUSR2, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if new_session:
            os.setsid()
        _end_with_parent()
        if identity:
            identity.assume()
        if directory:
            os.chdir(directory)
        answer = ("returned", function(*arguments))
    except BaseException:
        answer = ("failed", _account())
    try:
        payload = pickle.dumps(answer)
    except Exception:
        payload = pickle.dumps(("failed", traceback.format_exc()))
    with os.fdopen(send, "wb") as pipe:
        pipe.write(payload)
    os._exit(0)


def _account():
    """The failure at hand as pytest would show it, else as Python would."""
    try:
        return str(pytest.ExceptionInfo.from_current().getrepr(style="short", chain=False))
    except Exception:
        return traceback.format_exc()
