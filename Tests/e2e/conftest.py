# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests, and the rules that hold for every one of them."""

import os
import shutil
import signal
import threading

import pytest

from support import identity, modes, mounts, places, programs, scenes, scratch, sessions

DEFAULT_TIMEOUT = 180
# The head of the report says that there is no ring, and why.
collect_ignore = ["test_ring.py"] if modes.missing(modes.RING) else []


class Hung(Exception):
    """The test did not end in time; its views were killed to free whatever waited on them."""


def pytest_configure(config):
    config.addinivalue_line("markers", "timeout(seconds): when the test counts as hung")
    config.addinivalue_line("markers", "places(*kinds): where a test with a `place` runs")
    config.addinivalue_line("markers", "modes(*names): the modes of provfs in which a test runs, without names all")


def pytest_report_header():
    return modes.account()


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests mount as root and as a user they make: run them as root, "
                    "for example `sudo make check`", returncode=2)
    if not os.path.exists("/dev/fuse"):
        pytest.exit("/dev/fuse is not there: load the module (`modprobe fuse`), or give the "
                    "container the device", returncode=2)
    # udev gives the device this mode (50-udev-default.rules); a machine without udev does not.
    os.chmod("/dev/fuse", 0o666)
    os.umask(0o022)


def pytest_generate_tests(metafunc):
    mode_marker = metafunc.definition.get_closest_marker("modes")
    wanted = mode_marker and mode_marker.args
    for name, kinds in (("place", places.EVERYWHERE), ("scene", places.VIEWS),
                        ("area", places.VIEWS)):
        if name in metafunc.fixturenames:
            marker = metafunc.definition.get_closest_marker("places")
            pairs = places.in_modes(marker.args if marker else kinds, wanted, name != "place")
            metafunc.parametrize(name, pairs, ids=map(places.label, pairs), indirect=True)
    if "view_mode" in metafunc.fixturenames:
        metafunc.parametrize("view_mode", modes.available(), ids=lambda mode: mode.name)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """A watchdog: a mount that hangs must not hang the suite, and no test may outlive its views."""
    marker = item.get_closest_marker("timeout")
    seconds = marker.args[0] if marker else DEFAULT_TIMEOUT

    def raise_hung(_number, _frame):
        raise Hung(f"the test did not end within {seconds} s")

    def bite():
        mounts.destroy_all()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR2)

    previous = signal.signal(signal.SIGUSR2, raise_hung)
    watchdog = threading.Timer(seconds, bite)
    watchdog.daemon = True
    watchdog.start()
    yield
    watchdog.cancel()
    watchdog.join()
    signal.signal(signal.SIGUSR2, previous)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """A test with a `place` runs in a forked child: there, as its worker, whatever it hangs on."""
    place = pyfuncitem.funcargs.get("place")
    if place is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    child = identity.fork(lambda: pyfuncitem.obj(**arguments),
                          identity=place.worker, directory=place.path, new_session=True)
    try:
        child.join()
    except identity.ChildFailed as failure:
        pytest.fail(str(failure), pytrace=False)
    finally:
        child.reap()
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for title, path in getattr(item, "harness_logs", []):
            if path.exists() and path.stat().st_size:
                report.sections.append((title, path.read_text("utf-8", "replace")[-20000:]))


@pytest.fixture(scope="session", autouse=True)
def staged_programs():
    with scratch.directory() as directory:
        programs.stage(directory)
        yield


@pytest.fixture(scope="session")
def user():
    """The ordinary user that the tests make: an account with a supplementary group."""
    return identity.ordinary_user()


@pytest.fixture
def private(request):
    """This test's own directory, which every user may enter, gone when the test ends."""
    request.node.harness_logs = []
    with scratch.directory() as directory:
        yield directory


@pytest.fixture
def home(private, user):
    """A home directory for whoever runs a program in this test."""
    directory = private / "home"
    directory.mkdir(mode=0o777)
    directory.chmod(0o777)
    return directory


@pytest.fixture
def mount(request, private):
    """mount(source, mountpoint, identity=ROOT, options="…") starts a View; the end unmounts it."""
    views = []

    def factory(source, mountpoint, who=identity.ROOT, options="", arguments=(), prefix=()):
        log = private / f"provfs-{len(views)}.log"
        request.node.harness_logs.append((f"provfs on {mountpoint}", log))
        view = mounts.View(source, mountpoint, who, log, options, arguments, prefix)
        views.append(view)
        return view.start()

    yield factory
    failures = []
    for view in reversed(views):
        try:
            view.close()
        except Exception as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def tree(private):
    """(source, mountpoint), both empty."""
    source, mountpoint = private / "source", private / "view"
    source.mkdir()
    mountpoint.mkdir()
    return source, mountpoint


@pytest.fixture(params=["root", "user"])
def owner(request, user, tree):
    """Who mounts the tree, and owns it."""
    someone = identity.ROOT if request.param == "root" else user
    for directory in tree:
        os.chown(directory, someone.uid, someone.gid)
    return someone


@pytest.fixture
def place(request, private, user, mount):
    """Where the test runs, see support/places.py."""
    return places.prepare(*request.param, private, user, mount)


@pytest.fixture
def session(request, private, home):
    """session(identity) starts a Session (`outside=True`: a process outside any); the end ends it."""
    started = []

    def factory(who=identity.ROOT, **options):
        log = private / f"session-{len(started)}.log"
        request.node.harness_logs.append((f"session {len(started)}", log))
        new = sessions.Session(who, home, log, **options)
        started.append(new)
        return new

    yield factory
    failures = []
    for one in reversed(started):
        try:
            one.close()
        except Exception as failure:
            failures.append(str(failure))
            one.kill()
    assert not failures, "\n".join(failures)


@pytest.fixture
def scene(request, private, user, mount, session):
    """A view and its worker for a test of attribution, see support/scenes.py."""
    return scenes.Scene(places.prepare(*request.param, private, user, mount), session)


@pytest.fixture
def needs(request):
    """needs("rsync") is the path of a tool; it fails, and says how to get it, where it is missing."""
    def find(name):
        path = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        assert path, f"{name} is not installed: `make check` installs Tests/e2e/packages.txt"
        return path
    return find
