"""The internals of waitress on which gearbox_lite/server/http/__init__.py says that we rely."""

from __future__ import annotations

import ast
import atexit
import concurrent.futures.thread
import hashlib
import importlib
import inspect
import pkgutil
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import waitress
from support.threaded_site import ThreadedSite, read_until
from waitress.adjustments import Adjustments, asbool
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, UnixWSGIServer
from waitress.task import Task

from gearbox_lite.server import http
from gearbox_lite.server.http import proxies

TESTS = Path(__file__).parents[3]
FOLDER = Path(http.__file__).parent
MODULES = {
    f"{one.name}.py": importlib.import_module(f"{http.__name__}.{one.name}")
    for one in pkgutil.iter_modules(http.__path__)
}


@dataclass(frozen=True)
class Entry:
    """One entry of the list."""

    names: tuple[str, ...]
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def entries() -> list[Entry]:
    found = []
    for block in re.findall(r"^waitress.*\n(?: {4}.*\n)+", http.__doc__, re.MULTILINE):
        first, used, *tests = (line.strip() for line in block.splitlines())
        module, _, names = first.partition(": ")
        found.append(
            Entry(tuple(f"{module}.{name}" for name in names.split(", ")), tuple(used.split(", ")), tuple(tests))
        )
    return found


LISTED = {(name, module) for entry in entries() for name in entry.names for module in entry.modules}
NAMES = sorted({name for name, _ in LISTED})


def exists(name: str) -> bool:
    """Whether waitress has a module's attribute, a class's one, or one that its methods assign to self."""
    path = name.split(".")
    depth = next(number for number in range(len(path), 0, -1) if _is_module(".".join(path[:number])))
    owner = importlib.import_module(".".join(path[:depth]))
    for number, part in enumerate(path[depth:], start=depth + 1):
        if not hasattr(owner, part):
            classes = getattr(owner, "__mro__", ())[:-1]
            return number == len(path) and any(f"self.{part} = " in inspect.getsource(one) for one in classes)
        owner = getattr(owner, part)
    return True


def _is_module(name: str) -> bool:
    try:
        return isinstance(importlib.import_module(name), ModuleType)
    except ImportError:
        return False


def test_the_list_has_entries_and_what_does_not_exist_is_noticed():
    assert len(entries()) > 20
    assert not exists("waitress.channel.HTTPChannel.flush_none")
    assert not exists("waitress.task.nothing")
    assert exists("waitress.channel.HTTPChannel.outbuf_lock")


@pytest.mark.parametrize("name", NAMES)
def test_each_internal_exists(name):
    assert exists(name)


@pytest.mark.parametrize("test", sorted({test for entry in entries() for test in entry.tests}))
def test_each_test_exists(test):
    path, _, name = test.partition("::")
    assert f"def {name}(" in (TESTS / path).read_text(encoding="utf-8")


def test_each_module_is_one_of_ours_and_uses_an_internal_of_its_entry():
    for entry in entries():
        for module in entry.modules:
            text = (FOLDER / module).read_text(encoding="utf-8")
            assert any(name.rpartition(".")[2] in text for name in entry.names), (entry, module)


def test_each_import_from_waitress_is_listed():
    imported = set()
    for module in MODULES:
        for node in ast.walk(ast.parse((FOLDER / module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "waitress":
                imported |= {(f"{node.module}.{alias.name}", module) for alias in node.names}
    assert len(imported) > 15
    assert imported - LISTED == set()


def overridden() -> list[tuple[type, type, str]]:
    """Return our classes, the class of waitress below each, and the names that ours replace."""
    found = []
    for module in MODULES.values():
        for ours in vars(module).values():
            if not (isinstance(ours, type) and ours.__module__ == module.__name__):
                continue
            for name in vars(ours):
                theirs = [
                    base for base in ours.__mro__ if base.__module__.startswith("waitress") and name in vars(base)
                ]
                if theirs and not name.startswith("__"):
                    found.append((ours, theirs[0], name))
    return found


METHODS = [one for one in overridden() if inspect.isfunction(vars(one[0])[one[2]])]


# Plain values, whose meaning is that of the class they belong to.
VALUES = {"code", "reason", "request", "logger"}


def test_each_overridden_name_of_waitress_is_listed():
    names = {(name, theirs) for _, theirs, name in overridden() if name not in VALUES}
    assert len(names) > 10
    listed = {name.rpartition(".")[2] for name in NAMES}
    assert {name for name, _ in names} - listed == set()


@pytest.mark.parametrize(("ours", "theirs", "name"), METHODS, ids=str)
def test_overridden_methods_take_what_waitress_passes(ours, theirs, name):
    assert list(inspect.signature(getattr(ours, name)).parameters) == list(
        inspect.signature(getattr(theirs, name)).parameters
    )


REPLACED = {
    BaseWSGIServer.handle_accept: "69bfcf0fc140592a",
    BaseWSGIServer.readable: "4eea9c1036b55b41",
    HTTPChannel._flush_outbufs_below_high_watermark: "27a2b75117abd0d7",
    HTTPChannel.send_continue: "842ebf929f6dbb14",
    HTTPChannel.service: "f73afa13748e1128",
    Task.service: "d96bb4019c488cca",
    waitress.wasyncore.poll2: "f2ea2bd150ff2600",
    waitress.server.create_server: "2e506b208edceac2",
}
"""Functions whose work our code does instead, or whose order of events it relies on, and digests of their source."""


@pytest.mark.parametrize("function", REPLACED, ids=lambda function: function.__qualname__)
def test_what_our_code_replaces_is_unchanged(function):
    """After a change, compare ours with the new version, adapt it, and write the new digest here."""
    assert hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16] == REPLACED[function]


def test_only_the_minor_release_that_is_tested_is_allowed():
    text = (TESTS.parent / "pyproject.toml").read_text(encoding="utf-8")
    bounds = re.search(r'"waitress>=(\d+)\.(\d+)(?:\.\d+)?,<(\d+)\.(\d+)"', text)
    major, minor, above_major, above_minor = map(int, bounds.groups())
    assert (above_major, above_minor) == (major, minor + 1)


def test_waitress_settings_are_in_its_table_with_their_types():
    table = dict(Adjustments._params)
    assert (table["threads"], table["expose_tracebacks"]) == (int, asbool)
    for name in ("asyncore_loop_timeout", "asyncore_use_poll", "backlog", "cleanup_interval", "connection_limit"):
        assert name in table
        assert hasattr(Adjustments(), name)


def test_clients_of_a_unix_socket_have_the_address_that_trusted_proxy_names():
    assert UnixWSGIServer.fix_addr(None, "")[0] == proxies.UNIX_PEER


def test_select_serves_as_poll_does():
    def application(_environ, start_response):
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    with ThreadedSite(application, asyncore_use_poll="false") as site, site.ask("/", "/") as connection:
        assert read_until(connection, b"hello").count(b"HTTP/1.1 200 OK")


def test_python_still_has_what_waits_for_threads_and_thread_pools():
    """Private names of Python that http/shutdown.py uses."""
    assert isinstance(threading._threading_atexits, list)
    assert hasattr(concurrent.futures.thread._threads_queues, "keys")
    assert callable(atexit._run_exitfuncs)
