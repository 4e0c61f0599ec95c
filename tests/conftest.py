"""Fixtures of all tests: a project, the port 8080, the session stores and the servers that they need."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from support import services
from support.chromium import Tab, launched
from support.helpers import REPOSITORY, new_project, unavailable

# Programs start as they do for users, who keep bytecode; otherwise each one would compile our modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The output of programs is compared, and has no colors in a pipe unless this is set, as nox and GitHub may do.
os.environ.pop("FORCE_COLOR", None)
# Programs that tests start would inherit what this process ignores: SIGHUP under nohup, SIGINT and SIGQUIT if a script
# starts it with "&". Tests send all three.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def pytest_sessionstart() -> None:
    """Stop if the package was installed before an entry point was added, since every ini that names it would fail."""
    text = (REPOSITORY / "pyproject.toml").read_text()
    section = text.partition('[project.entry-points."paste.filter_factory"]\n')[2].partition("\n\n")[0]
    wanted = {line.partition(" ")[0] for line in section.splitlines()}
    installed = {point.name for point in metadata.distribution("gearbox-lite").entry_points}
    if not wanted <= installed:
        pytest.exit("entry points are missing; install the package again: pip install -e . --no-deps", returncode=2)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A newly quickstarted project named hello."""
    return new_project(tmp_path)


@pytest.fixture
def as_root() -> None:
    """Skip a test that takes root's rights if another user runs it; fail it if everything must be available."""
    if os.geteuid() != 0:
        unavailable("only root may do what this test does")


@pytest.fixture
def port_8080() -> Iterator[None]:
    """Reserve the port of an unchanged project, which only one test at a time can use."""
    with (Path(tempfile.gettempdir()) / "gearbox-lite-tests-8080").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", 8080)) == 0:
                unavailable("another program listens on port 8080")
        yield


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One browser for all tests of a module."""
    with launched() as browser:
        yield browser


@pytest.fixture
def tab(chromium: object) -> Iterator[Tab]:
    """A new visitor's tab of that browser."""
    opened = Tab(chromium)
    yield opened
    opened.page.context.close()


SERVICES = {"redis": services.Redis, "memcached": services.Memcached, "postgresql": services.PostgreSQL}
STORES = ["memory", "file", "dbm", "sqlite", *SERVICES]


@pytest.fixture(scope="session")
def shared_services() -> Iterator[Callable[[str], services.Service]]:
    """Start each service when it is first used, and share it between the tests of this process that only use it."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def get(kind: str) -> services.Service:
            return stack.enter_context(services.running(SERVICES[kind]))

        yield get


@pytest.fixture(params=STORES)
def store_options(request, tmp_path, shared_services) -> dict[str, str]:
    """Return the options of each server-side store in turn."""
    return options_of(request.param, tmp_path, shared_services)


def options_of(kind: str, folder: Path, get_service: Callable[[str], services.Service]) -> dict[str, str]:
    """Return the session options of a store; ``folder`` is for those that store files."""
    if kind == "memory":
        options = {"session.type": "memory"}
    elif kind in ("file", "dbm"):
        options = {"session.type": kind, "session.data_dir": str(folder / "data")}
    elif kind == "sqlite":
        options = {"session.type": "ext:database", "session.url": f"sqlite:///{folder / 'sessions.db'}"}
    else:
        options = get_service(kind).options()
    return {
        **options,
        "session.secret": "07213a2ac1a1016bb89094b0f204046b375b8fa2967500480d54a67a1b1be1d7",
        "session.key": "hello",
    }


@pytest.fixture
def parts(store_options):
    """Return a middleware of each server-side store in turn."""
    from support.sessions import Parts

    return Parts(store_options)


@pytest.fixture(params=list(SERVICES))
def breakable(request) -> Iterator[services.Service]:
    """Start a service for this test only, which may kill it and start it again."""
    with services.running(SERVICES[request.param]) as service:
        yield service


@pytest.fixture(autouse=True)
def _close_stores() -> Iterator[None]:
    """Close the connections of all stores that a test has opened, so that none is left for the garbage collector."""
    yield
    if "support.sessions" in sys.modules:
        sys.modules["support.sessions"].close_all()
