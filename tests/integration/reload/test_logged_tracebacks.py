"""What the terminal shows of an exception while serving: the user's own frames, and with -v all of them."""

from __future__ import annotations

import re

import pytest
from support.helpers import PROGRAM, Browser, set_option
from support.helpers import Served as InstalledServed
from support.warm import Served, serve

from gearbox_lite.application import tracebacks

CRASH = """
    @expose()
    def crash(self):
        try:
            {}["missing"]
        except KeyError as error:
            raise RuntimeError("a detail") from error
"""


@pytest.fixture
def crashing(project):
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + CRASH)
    return project


def frames(output):
    return re.findall(r'^  File "([^"]+)"', output, re.MULTILINE)


@pytest.mark.parametrize("debug", ["true", "false"])
def test_an_exception_in_a_controller_is_logged_with_only_the_users_frames(crashing, debug):
    set_option(crashing / "development.ini", "debug", debug)
    with serve(crashing) as served:
        assert Browser(served.url).get("/crash").status == 500
        assert served.end() == 0
    assert served.output.count("RuntimeError: a detail") == 1
    shown = frames(served.output)
    assert 1 <= len(shown) <= 4
    assert all(name.startswith(f"{crashing}/hello/") for name in shown), shown
    assert shown[-1].endswith("/root.py")
    assert 'raise RuntimeError("a detail") from error' in served.output


def test_with_verbose_whole_tracebacks_are_logged(crashing):
    command = [PROGRAM, "-v", "serve", "--port", "0", "--no-reload"]
    with Served(command, crashing) as served:
        Browser(served.url).get("/crash")
        assert served.end() == 0
    assert any("/site-packages/tg/" in name for name in frames(served.output))


def test_an_exception_in_the_users_thread_is_cut_and_explained_too(project):
    root = project / "hello/controllers/root.py"
    code = "thread = __import__('threading').Thread(target=lambda: session['a'])\n        thread.start()\n"
    root.write_text(f"{root.read_text()}\n    @expose()\n    def go(self):\n        {code}        thread.join()\n")
    with serve(project) as served:
        Browser(served.url).get("/go")
        assert served.end() == 0
    assert frames(served.output) == [str(root)]
    assert "session, request, response and tmpl_context exist only while a request is handled" in served.output


def test_workers_log_only_the_users_frames_too(crashing):
    set_option(crashing / "development.ini", "debug", "false")
    command = [PROGRAM, "serve", "--port", "0", "--no-reload", "--workers", "2"]
    with InstalledServed(command, crashing) as served:
        Browser(served.url).get("/crash")
        assert served.end() == 0
    assert frames(served.output)
    assert all(name.startswith(f"{crashing}/hello/") for name in frames(served.output))


def test_the_traceback_of_any_application_is_shortened_to_the_users_frames(project):
    (project / "plain.py").write_text(
        "import json\n\n\ndef make(global_conf, **settings):\n    return lambda environ, start: json.loads('{')\n"
    )
    set_option(project / "development.ini", "paste.app_factory", "plain:make")
    with serve(project) as served:
        assert Browser(served.url).get("/").status == 500
        assert served.end() == 0
    assert frames(served.output) == [str(project / "plain.py")]
    assert "JSONDecodeError: Expecting" in served.output


def test_a_traceback_without_frames_of_the_user_stays_whole():
    text = f'Traceback (most recent call last):\n  File "{re.__file__}", line 1, in f\n    f()\nValueError: x\n'
    assert tracebacks.cut_to_user_frames(text) == text
