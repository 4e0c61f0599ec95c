"""Costs that could grow unnoticed: imported modules, compiled templates, round trips to a store."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import subprocess
import sys
import threading
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path

import psutil
import pytest
from conftest import options_of
from jinja2 import Environment
from support.helpers import Browser, Served, new_project
from support.modules import existing_modules
from support.sessions import visitor

from gearbox_lite.generate import manifest, template

MODULES = """
import sys
before = set(sys.modules)  # .pth files of other distributions import what they like
try: exec(sys.argv.pop(1))
except SystemExit: pass
print("MODULES", *sorted(set(sys.modules) - before), flush=True)
"""
COMMAND = "from gearbox_lite.cli import main; main(sys.argv[1:])"


def modules_in(output: str) -> set[str]:
    return set(output.rpartition("MODULES ")[2].split())


def modules_after(code: str, *arguments: str, cwd: Path | None = None) -> set[str]:
    command = [sys.executable, "-c", MODULES, code, *arguments]
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, timeout=30)
    assert "MODULES " in result.stdout
    return modules_in(result.stdout)


def assert_few(modules: set[str], *, ours: int, others: int) -> None:
    """Our own modules are small, and a package's own one is empty; those of others may cost much more.

    Into which private modules a package is divided differs between Pythons: zipfile, for example, has some since 3.12.
    """
    own = {name for name in modules if name.partition(".")[0] == "gearbox_lite"}
    theirs = {name for name in modules - own if "._" not in name}
    assert len(own) <= ours, own
    assert len(theirs) <= others, theirs


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_little_beside_click(option):
    ours = modules_after(COMMAND, option) - modules_after(f"import click; click.Group('x').main(['{option}'])")
    assert len(ours) <= 8, ours


def test_quickstart_imports_little_beside_click_and_jinja2(tmp_path):
    theirs = modules_after("import click, jinja2, pathlib")  # which has a different number of modules in each Python
    ours = modules_after(COMMAND, "quickstart", "hello", cwd=tmp_path) - theirs
    assert "gearbox_lite.commands.quickstart" in ours
    assert len(ours) <= 37, ours


def test_serve_imports_little_beside_what_the_application_needs(project):
    """That is, what any other loader of the ini imports."""
    command = [sys.executable, "-c", MODULES, COMMAND, "serve", "development.ini", "--port", "0", "--no-reload"]
    with Served(command, project) as served:
        served.end()
        assert "MODULES " in served.output
    theirs = modules_after(
        "import click, logging.config, waitress.server, paste.deploy\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "paste.deploy.loadapp(f'config:{sys.argv[1]}/development.ini')",
        str(project),
    )
    ours = modules_in(served.output) - theirs
    assert "gearbox_lite.commands.serve" in ours
    assert not ours & existing_modules(
        *("gearbox_lite.generate", "gearbox_lite.server.supervisor.supervisor", "multiprocessing", "watchfiles"),
        "encodings.idna",
    )
    assert_few(ours, ours=78, others=9)


DRIVERS = {"cryptography", "psycopg", "pymemcache", "redis"}
"""What session stores and encryption need; all of it is installed where the tests run."""


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((), set()),
        (("--session", "redis"), {"redis"}),
        (("--session", "memcached"), {"pymemcache"}),
        (("--encrypt",), {"cryptography"}),
    ],
)
def test_a_minimal_project_imports_only_the_drivers_that_it_uses(tmp_path, options, wanted):
    """Redis-py imports cryptography if that is installed. TurboGears imports SQLAlchemy if that is installed."""
    for name in DRIVERS:
        import_module(name)  # otherwise a missing one would be counted as not imported
    project = new_project(tmp_path, "hello", "--minimal", *options)
    command = [sys.executable, "-c", MODULES, COMMAND, "serve", "development.ini", "--port", "0", "--no-reload"]
    with Served(command, project) as served:
        assert Browser(served.url).get("/").status == 200
        served.end()
    assert "tg" in modules_in(served.output)
    assert modules_in(served.output) & DRIVERS - ({"cryptography"} if "redis" in wanted else set()) == wanted


def test_beakers_own_redis_backend_still_finds_redis_py():
    """Beaker imports redis-py when it is itself imported; with our session filter, when one of its caches needs it."""
    script = (
        "import sys, gearbox_lite.sessions.middleware\n"
        "from beaker.cache import Cache\n"
        "before = 'redis' in sys.modules\n"
        "cache = Cache('name', type='ext:redis', url='redis://127.0.0.1:1')\n"
        "import redis\n"
        "print(before, type(cache.namespace.client) is redis.Redis)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert result.stdout.split() == ["False", "True"]


def test_the_supervisor_has_two_processes_and_imports_nothing_of_the_application(project):
    command = [sys.executable, "-c", MODULES, COMMAND, "serve", "development.ini", "--port", "0", "--reload"]
    with Served(command, project) as served:
        below = psutil.Process(served.process.pid).children(recursive=True)
        served.end()
        assert "MODULES " in served.output
    assert len(below) == 2, "one to fork from, and one worker"
    ours = modules_in(served.output) - modules_after("import click, multiprocessing.forkserver, watchfiles, waitress")
    assert "gearbox_lite.server.supervisor.supervisor" in ours
    packages = {name.partition(".")[0] for name in ours}
    assert (project / "hello/__init__.py").exists()
    assert not packages & {"hello", *existing_modules("beaker", "html", "jinja2", "paste", "tg", "webob")}, packages
    ours_in_workers = ("application.load", "server.worker.main", "server.http.server", "sessions", "sessions.checks")
    assert not ours & existing_modules(*(f"gearbox_lite.{name}" for name in ours_in_workers))
    assert_few(ours, ours=80, others=35)


class CountingProxy:
    """Passes bytes between a store's client and its server, and counts the round trips."""

    def __init__(self, port: int) -> None:
        self.round_trips = 0
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._pass_on, args=(client,), daemon=True))
                self._threads[-1].start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._server)) as server:
            waiting = False
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    if source is client:
                        self.round_trips += not waiting
                    waiting = source is client
                    (server if waiting else client).sendall(data)

    def __enter__(self) -> CountingProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.mark.parametrize(
    ("kind", "read", "write"),
    [("redis", 1, 2), ("memcached", 1, 2), ("postgresql", 2, 4)],
)
def test_a_request_makes_few_round_trips_to_its_store(kind, read, write, tmp_path, shared_services):
    options = options_of(kind, tmp_path, shared_services)
    with CountingProxy(shared_services(kind).port) as proxy:
        options["session.url"] = re.sub(r"127.0.0.1:\d+", f"127.0.0.1:{proxy.port}", options["session.url"])
        browser = visitor(options)
        trips = {}
        browser.get("/set?user=first")  # which also connects
        for path in ("/none", "/get", "/set?user=MVL"):
            before = proxy.round_trips
            assert browser.get(path).status_int == 200
            trips[path] = proxy.round_trips - before
        browser.app.sessions.store.close()
    assert trips["/none"] == 0
    assert 0 < trips["/get"] <= read
    assert trips["/get"] < trips["/set?user=MVL"] <= write


def test_our_templates_are_compiled_once_and_again_if_the_bytecode_is_lost(tmp_path, monkeypatch):
    """As Python's own modules are, beside them."""
    compiled = []
    compile_template = Environment.compile
    monkeypatch.setattr(
        Environment, "compile",
        lambda self, source, name=None, filename=None, **options: (
            compiled.append(name) or compile_template(self, source, name, filename, **options)
        ),
    )  # fmt: skip
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    source = manifest.load_template(manifest.find_template("turbogears"))
    answers = {
        "session": "cookie",
        "encrypt": False,
        "minimal": False,
        "database": False,
        "project": "hello",
        "package": "hello",
    }

    def plan():
        compiled.clear()
        files = template.render_files(source, answers)
        return len([name for name in compiled if name]), {file.path: len(file.content) for file in files}

    count, files = plan()
    assert count > 10
    assert plan() == (count, files), "without the folder nothing is kept, and nothing fails"
    place = Path(cache_from_source(manifest.__file__)).parent
    place.mkdir(parents=True)
    assert plan() == (count, files)
    assert plan() == (0, files)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert plan() == (0, files), "what is stored is loaded even if nothing may be written"
    for kept in place.iterdir():
        kept.write_bytes(kept.read_bytes()[:-10])
    assert plan() == (count, files)
    assert plan() == (count, files), "nothing was written"
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert plan() == (count, files)
    assert plan() == (0, files)


LOAD = """
import gc
from pathlib import Path
from gearbox_lite.application.load import load_application
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import read_app_settings
gc.set_threshold(600)
before = gc.get_stats()[2]["collections"]
load_application(read_app_settings(Path("development.ini").absolute(), Overrides()))
print(gc.get_stats()[2]["collections"] - before, gc.isenabled(), gc.get_threshold()[0])
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [("", "0 True 600"), ("gc.disable()", "0 False 600"), ("gc.set_threshold(5000000)", "0 True 5000000")],
)
def test_no_garbage_is_collected_while_the_application_is_loaded(project, line, expected):
    """Afterwards it is collected as before, or as the application has set it."""
    factory = project / "hello/config/application.py"
    factory.write_text(f"import gc\n{line}\n{factory.read_text()}")
    command = [sys.executable, "-c", LOAD]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=60)
    assert result.stdout.strip() == expected, result.stderr
