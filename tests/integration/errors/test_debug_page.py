"""The debug page of a served application: its own code first, secrets masked, in every mode, never in production."""

from __future__ import annotations

import html
import json
import re

import pytest
from support.helpers import Browser, add_line, line_of, new_project, run, serve, set_option
from support.reloading import wait_until
from support.warm import serve as serve_warm

PAGE = {"Accept": "text/html"}
CRASH = """
    @expose()
    def crash(self, **fields):
        password = "hunter22"
        session["user"] = "Ada"
        movies = {"title": "<script>alert(1)</script>"}
        return len(movies["title"]) + movies["year"] + 1

    @expose()
    def gone(self):
        from tg import abort

        abort(404)

    def hidden(self):
        return ""
"""
PLAIN = """
def make(global_conf, **settings):
    def application(environ, start_response):
        movies = {}
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [movies["title"]]
    return application
"""
PYRAMID = """
from pyramid.config import Configurator

def view(request):
    movies = {}
    return movies["title"]

def make(global_conf, **settings):
    with Configurator() as config:
        config.add_route("crash", "/crash")
        config.add_view(view, route_name="crash", renderer="string")
        return config.make_wsgi_app()
"""
FLASK = """
from flask import Flask, abort

def make(global_conf, **settings):
    app = Flask(__name__)

    @app.errorhandler(418)
    def handled(error):
        return "handled", 418

    @app.route("/<name>")
    def view(name):
        movies = {}
        abort(418) if name == "teapot" else None
        return movies["title"]

    wsgi_app = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: wsgi_app(environ, start_response)
    return app
"""
INI = """[DEFAULT]
debug = true
[server:main]
use = egg:waitress
[pipeline:main]
pipeline = debug site
[filter:debug]
use = egg:gearbox_lite#debug
[app:site]
paste.app_factory = site_code:make
"""


@pytest.fixture
def failing(project):
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + CRASH)
    return project


@pytest.mark.parametrize(
    "arguments", [["--no-reload"], ["--reload"], ["--no-reload", "--workers", "2"]], ids=["one", "reload", "workers"]
)
def test_an_exception_is_shown_in_every_mode_and_logged_without_the_middleware_around_it(failing, arguments):
    with serve_warm(failing, *arguments) as served:
        page = Browser(served.url).get("/crash?token=abcdef123&a=b", Cookie="hello=secretcookie")
        assert served.end() == 0
    shown = html.unescape(page.text)
    assert page.status == 500
    assert "<h1>KeyError</h1>" in page.text
    assert shown.index("hello/controllers/root.py:42") < shown.index("tg: ") < shown.index("middleware of this project")
    assert not {text for text in ("hunter22'", "abcdef123", "secretcookie", "<script>alert") if text in page.text}
    assert "'Ada'" in shown
    assert re.findall(r'File ".*?/hello/hello/(\w+)/', served.output) == ["controllers"]


def test_clients_that_ask_for_json_get_the_users_own_lines(failing):
    with serve_warm(failing) as served:
        answer = Browser(served.url).get("/crash", Accept="application/json")
    problem = json.loads(answer.text)
    assert (answer.header("Content-Type"), problem["status"]) == ("application/problem+json", 500)
    assert problem["traceback"][0].startswith("hello/controllers/root.py:42 in ")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [(PLAIN, []), (PYRAMID, []), (FLASK, ["--workers", "2"])],
    ids=["plain", "pyramid", "flask"],
)
def test_any_wsgi_application_has_the_page(tmp_path, code, arguments):
    (tmp_path / "site_code.py").write_text(code)
    (tmp_path / "development.ini").write_text(INI)
    with serve(tmp_path, *arguments) as served:
        browser = Browser(served.url)
        page = browser.get("/crash", **PAGE)
        foreign = browser.get("/crash", **PAGE, Host="evil.example")
        if code is FLASK:
            assert (browser.get("/teapot").status, browser.get("/a/b").status) == (418, 404), (
                "Flask has answered itself"
            )
    assert (page.status, foreign.status) == (500, 400)
    assert "<h1>KeyError</h1>" in page.text
    line = next(number for number, line in enumerate(code.splitlines(), 1) if 'movies["title"]' in line)
    assert f"site_code.py:{line}" in page.text


def test_with_turbogears_own_debug_page_still_switched_on_the_filter_replaces_it(failing):
    settings = failing / "hello/config/app_cfg.py"
    settings.write_text(settings.read_text().replace('base_config.replace("debugger", NoDebugger)\n', ""))
    with serve_warm(failing) as served:
        page = Browser(served.url).get("/crash")
    assert "<h1>KeyError</h1>" in page.text
    assert "__debugger__" not in page.text


def test_an_explanation_that_names_another_line_than_the_traceback_shows_that_line(project):
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + '\n    @expose("hello.templates.indx")\n    def go(self):\n        return {}\n')
    line = line_of(root, '    @expose("hello.templates.indx")')
    with serve_warm(project) as served:
        page = Browser(served.url).get("/go")
    where = page.text.partition('<p class="where">')[2].partition("</p>")[0]
    assert f"hello/controllers/root.py:{line}" in where


def test_the_editor_of_the_ini_opens_the_line(failing):
    add_line(failing / "development.ini", "serve", "editor = zed")
    with serve_warm(failing) as served:
        page = Browser(served.url).get("/crash")
    assert f'href="zed://file{failing}/hello/controllers/root.py:42"' in page.text


def test_an_invalid_editor_is_refused(project):
    line = add_line(project / "development.ini", "serve", "editor = vim")
    result = run("serve", "--port", "0", "--no-reload", cwd=project)
    message = f"Error: development.ini:{line}: editor = vim: not an editor; write vscode, pycharm, zed, subl, or a URL"
    assert result.stderr.startswith(message)
    assert result.returncode == 2


@pytest.mark.parametrize("options", [[], ["--minimal"]], ids=["full", "minimal"])
def test_without_debug_no_answer_has_anything_of_it(tmp_path, options):
    """The filter is in the pipeline, and nothing but its first module is loaded."""
    project = new_project(tmp_path, "hello", *options)
    root = project / "hello/controllers/root.py"
    listing = "\n    @expose()\n    def modules(self):\n        import sys\n        return ' '.join(sys.modules)\n"
    root.write_text(root.read_text() + CRASH.replace("self, **fields", "self") + listing)
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        pages = [Browser(served.url).get(path, Accept=kind) for path in ("/crash", "/nowhere", "/hidden", "/gone")
                 for kind in ("text/html", "application/json")]  # fmt: skip
        loaded = set(Browser(served.url).get("/modules").text.split())
    assert [page.status for page in pages] == [500, 500, 404, 404, 404, 404, 404, 404]
    assert not [page for page in pages if "root.py" in page.text or "KeyError" in page.text or "To add" in page.text]
    assert {name for name in loaded if name.startswith("gearbox_lite.debug_page.")} == {
        "gearbox_lite.debug_page.middleware", "gearbox_lite.debug_page.filter_settings",
    }  # fmt: skip


def test_an_address_without_a_method_lists_those_that_exist_the_nearest_first(failing):
    with serve_warm(failing) as served:
        page = Browser(served.url).get("/setsesion", **PAGE)
        hidden = Browser(served.url).get("/hidden", **PAGE)
        own = Browser(served.url).get("/gone", **PAGE)
        plain = Browser(served.url).get("/setsesion")
        problem = Browser(served.url).get("/setsesion", Accept="application/json")
    assert page.status == hidden.status == own.status == plain.status == problem.status == 404
    urls = re.findall(r'<tr><td>(?:<a href="[^"]*">)?<code>([^<]*)</code>', page.text)
    assert urls[:2] == ["/setsession", "/getsession"]
    assert "/crash" in urls
    assert "def setsesion(self):" in page.text
    assert "hello/controllers/root.py:10" in page.text
    assert "RootController.hidden is not exposed, so that it has no URL; write @expose() above it" in hidden.text
    assert "Back to the start page" in own.text, "the project has answered itself"
    assert "Back to the start page" in plain.text, "no page was asked for"
    assert json.loads(problem.text)["detail"] == "There is no page at this address."


def test_hostile_addresses_are_escaped(failing):
    with serve_warm(failing) as served:
        page = Browser(served.url).get("/%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE/%22onload", **PAGE)
    assert page.status == 404
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text


def test_an_ini_at_fault_is_shown_with_its_lines_and_without_its_keys(project):
    ini = project / "development.ini"
    text = ini.read_text()
    key = re.search(r"^session\.validate_key = (\w+)\n", text, re.MULTILINE)
    ini.write_text(text.replace(key[0], f"{key[0]}session.tiemout = 5\n"))
    line = line_of(ini, "session.tiemout")
    with serve_warm(project, "--reload") as served:
        page = Browser(served.url).get("/", **PAGE)
    assert page.status == 500
    assert f"development.ini:{line}</code>" in page.text
    assert '<span class="line current"' in page.text
    assert "session.tiemout = " in page.text
    assert key[1] not in page.text


def test_a_syntax_error_shows_its_line_and_the_page_heals(project):
    root = project / "hello/controllers/root.py"
    good = root.read_text()
    with serve(project, "--reload") as served:
        root.write_text(good.replace("def index(self):", "def index(self:"))
        wait_until(lambda: Browser(served.url).get("/").status == 500)
        page = Browser(served.url).get("/", **PAGE)
        root.write_text(good)
        wait_until(lambda: Browser(served.url).get("/").status == 200)
    assert "<h1>The application does not load</h1>" in page.text
    title = re.search(r"<title>(.*?)</title>", page.text)[1]
    assert title == "The application does not load: SyntaxError in root.py line 14; fix it and try again"
    assert "SyntaxError: " in page.text
    current = re.search(r'<span class="line current">.*?</code>', page.text, re.DOTALL)[0]
    assert "def index" in re.sub(r"<[^>]+>", "", current)
