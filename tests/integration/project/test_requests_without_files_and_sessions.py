"""A page of a new project neither looks for files nor reads the session, unless it uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.helpers import new_project, use_store

from gearbox_lite.sessions.codec import sign

SESSION_KEY = "9f3a1c5e7b2d4f6081a3c5e7f9b1d3f5a7c9ebd1f3052749bb6d8f0a2c4e6081"

VISIT = """
import json, os, sys
from paste.deploy import loadapp
from webtest import TestApp
import tg.support.statics as statics
searched = []
real = statics.isfile
statics.isfile = lambda path: searched.append(os.path.basename(path)) or real(path)
visitor = TestApp(loadapp("config:" + os.path.abspath("development.ini")))
for name, value in json.loads(sys.argv[1]).items():
    visitor.set_cookie(name, value)
def status(path):
    return visitor.get(path, expect_errors=True).status_int
def text(path, languages=""):
    return visitor.get(path, headers={"Accept-Language": languages}).text
"""


def visit(project: Path, code: str, cookies: str = "{}") -> str:
    """Load the project's ini in a process of its own, run some requests, and return what was printed."""
    command = [sys.executable, "-c", VISIT + code, cookies]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_only_urls_that_begin_with_a_public_name_are_searched_for(project):
    (project / "hello/public/css/new.css").write_text("")
    code = (
        "print(*[status(p) for p in ('/', '/getsession', '/nothing', '/favicon.ico', '/css/style.css', '//css/new.css',"
        " '/css/none.css', '/css/../app_globals.py')], *searched)"
    )
    assert visit(project, code).split() == [
        *("200", "200", "404", "200", "200", "200", "404", "404"),
        *("favicon.ico", "style.css", "new.css", "none.css"),
    ]


def test_a_new_public_file_is_found_without_a_restart(project):
    code = (
        "import pathlib, time\n"
        "before = status('/robots.txt')\n"
        "pathlib.Path('hello/public/robots.txt').touch()\n"
        "from hello.lib import public_files\n"
        "clock = time.monotonic\n"
        "public_files.time.monotonic = lambda: clock() + public_files.READ_AGAIN_AFTER\n"
        "print(before, status('/robots.txt'))"
    )
    assert visit(project, code) == "404 200"


def test_a_minimal_project_searches_for_no_files(tmp_path):
    minimal = new_project(tmp_path, "hello", "--minimal")
    assert visit(minimal, "print(status('/'), status('/css/style.css'), searched)") == "200 404 []"


LANGUAGE = """
from tg import TGController, expose, session
from tg.i18n import get_lang

from hello.lib.language import set_language


class RootController(TGController):
    @expose(content_type="text/plain")
    def index(self):
        return " ".join(get_lang(all=False))

    @expose(content_type="text/plain")
    def german(self):
        set_language("de")
        return " ".join(get_lang(all=False))

    @expose(content_type="text/plain")
    def invalid(self):
        set_language("../de")

    @expose(content_type="text/plain")
    def stored(self):
        return session.get("user", "")
"""


@pytest.fixture
def translated(tmp_path):
    """A project with i18n.enabled, whose session store cannot be reached."""
    project = new_project(tmp_path, "hello", "--minimal")
    (project / "hello/controllers/root.py").write_text(LANGUAGE)
    config = project / "hello/config/app_cfg.py"
    code = config.read_text()
    assert '"i18n.enabled": False' in code
    config.write_text(
        code.replace('"i18n.enabled": False', '"i18n.enabled": True, "i18n.native": ["en", "de", "pt_BR"]')
    )
    use_store(
        project, {"session.type": "ext:redis", "session.url": "redis://127.0.0.1:1", "session.secret": SESSION_KEY}
    )
    return project


def test_the_language_comes_from_a_cookie_and_the_browser_and_not_from_the_session(translated):
    code = (
        "print(text('/', 'pt-br,en'), text('/german'), text('/', 'en'), sep='|')\n"
        "print(status('/stored'), *(cookie.name for cookie in visitor.cookiejar))"
    )
    cookies = json.dumps({"hello": sign(SESSION_KEY, "0" * 32)})
    lines = visit(translated, code, cookies).splitlines()
    assert lines == ["pt_BR en|de|de en", "503 hello hello-language"]


@pytest.mark.parametrize("cookie", ["../../de", "de/../..", "x" * 4000, "DE", "de_"])
def test_a_forged_language_cookie_is_ignored(translated, cookie):
    assert visit(translated, "print(status('/'), text('/'))", json.dumps({"hello-language": cookie})) == "200"


def test_an_invalid_language_is_refused(translated):
    code = "try: status('/invalid')\nexcept ValueError as error: print(error)\nelse: print(status('/invalid'))"
    assert visit(translated, code) in ("'../de' is not a language such as de or pt_BR", "500")
