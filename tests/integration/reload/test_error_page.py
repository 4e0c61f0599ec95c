"""A project that does not load: the port stays open, the error page says why, and the next good save is served."""

from __future__ import annotations

import html

import pytest
from support.helpers import Browser, add_line, serve, set_option
from support.reloading import answers_with, wait_until, write_version

from gearbox_lite.server.worker import error_page
from gearbox_lite.server.worker.error_page import Failure


def break_and_fix(project, kind):
    """Return the two edits that break a project in one way and fix it."""
    root = project / "hello/controllers/root.py"
    application = project / "hello/config/application.py"
    ini = project / "development.ini"
    good = {path: path.read_text() for path in (root, application, ini)}

    def fix():
        for path, text in good.items():
            if not path.exists() or path.read_text() != text:
                path.write_text(text)

    breaks = {
        "syntax error": lambda: root.write_text("def broken(:\n"),
        "missing import": lambda: root.write_text("import nosuchmodule\n"),
        "exception at import": lambda: root.write_text("raise ValueError('at import')\n"),
        "exception in make_app": lambda: application.write_text(
            "def make_app(g, **a):\n    raise ValueError('made')\n"
        ),
        "broken ini": lambda: add_line(ini, "filter:session", "session.tiemout = 5"),
        "no ini at all": lambda: ini.write_text("not an ini"),
        "deleted module": root.unlink,
    }
    return breaks[kind], fix


REASONS = {
    "syntax error": "SyntaxError in root.py line 1",
    "missing import": "ModuleNotFoundError in root.py line 1",
    "exception at import": "ValueError: at import",
    "exception in make_app": "ValueError: made",
    "broken ini": "session.tiemout = ...: there is no such option; did you mean session.timeout?",
    "no ini at all": "a setting before any [section]",
    "deleted module": "hello/controllers/root.py: this file is missing",
}


@pytest.mark.parametrize("kind", REASONS)
def test_a_broken_project_shows_why_and_is_served_again_once_it_is_fixed(project, kind):
    write_version(project, "good")
    damage, fix = break_and_fix(project, kind)
    with serve(project, "--reload") as served:
        damage()
        wait_until(lambda: Browser(served.url).get("/version").status == 500)
        page = Browser(served.url).get("/version")
        assert "The application does not load" in page.text
        assert REASONS[kind] in html.unescape(page.text)
        json_page = Browser(served.url).get("/version", Accept="application/json")
        assert json_page.header("Content-Type") == "application/problem+json"
        fix()
        wait_until(answers_with(served, "good"))
        assert served.end() == 0
        assert served.output.count(REASONS[kind]) == 1


@pytest.mark.parametrize("kind", [kind for kind in REASONS if kind != "no ini at all"])
def test_a_project_that_is_broken_from_the_start_is_served_once_it_is_fixed(project, kind):
    write_version(project, "good")
    damage, fix = break_and_fix(project, kind)
    damage()
    with serve(project, "--reload") as served:
        assert "does not load" in Browser(served.url).get("/version").text
        fix()
        wait_until(answers_with(served, "good"))


def test_without_debug_the_error_page_shows_no_reason(project):
    write_version(project, "good")
    set_option(project / "development.ini", "debug", "false")
    with serve(project, "--reload") as served:
        (project / "hello/controllers/root.py").write_text("secret = 1 / 0\n")
        wait_until(lambda: Browser(served.url).get("/version").status == 503)
        assert "being updated" in Browser(served.url).get("/version").text
        assert "secret" not in Browser(served.url).get("/version").text


def test_an_ini_that_lacks_its_application_from_the_start_is_served_once_it_is_fixed(project):
    """The server's own part of the ini is valid, so the address is known."""
    ini = project / "development.ini"
    good = ini.read_text()
    ini.write_text(good.replace("[app:hello]", "[app:helo]"))
    with serve(project, "--keep-reload") as served:
        assert "there is no section [app:hello]" in Browser(served.url).get("/").text
        ini.write_text(good)
        wait_until(lambda: Browser(served.url).get("/").status == 200)


def test_the_error_page_shows_file_names_that_are_not_valid_text():
    page = error_page.application(Failure("caf\udce9.py does not load"))
    assert b"caf\\udce9.py does not load" in b"".join(page({}, lambda *_: None))
