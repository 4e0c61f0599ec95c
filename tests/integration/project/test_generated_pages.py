"""Errors, forms and messages of a generated project, as clients of a running server see them."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys

import pytest
from support import services
from support.helpers import REPOSITORY, TEST_TIMEOUT, Browser, line_of, new_project, set_option, tutorial_controller
from support.warm import run, serve

STATUSES = """

    @expose()
    def fail(self, status):
        response.status = int(status)
        return ""

    @expose()
    def refuse(self, status):
        abort(int(status), headers={"WWW-Authenticate": "Basic", "Retry-After": "7"})

    @expose()
    def own(self):
        response.status = 422
        return "my own words"

    @expose()
    def crash(self):
        raise RuntimeError("a detail")
"""


def add_to_root(project, code, names="abort, response"):
    root = project / "hello/controllers/root.py"
    text = root.read_text()
    line = next(line for line in text.splitlines() if line.startswith("from tg import "))
    root.write_text(text.replace(line, f"{line}, {names}") + code)


@pytest.mark.parametrize("options", [[], ["--minimal"]], ids=["full", "minimal"])
def test_every_status_from_400_to_599_has_a_page_and_json(tmp_path, options):
    project = new_project(tmp_path, "hello", *options)
    add_to_root(project, STATUSES)
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        browser = Browser(served.url)
        for status in range(400, 600):
            page = browser.get(f"/fail/{status}")
            assert (page.status, str(status) in page.text) == (status, True)
            answer = browser.get(f"/fail/{status}", Accept="application/json")
            assert answer.header("Content-Type") == "application/problem+json"
            assert json.loads(answer.text)["status"] == answer.status == status
            assert json.loads(answer.text)["detail"]
        for status in (401, 503):
            page = browser.get(f"/refuse/{status}")
            assert page.status == status
            assert (page.header("WWW-Authenticate"), page.header("Retry-After")) == ("Basic", "7")
            assert str(status) in page.text
        assert browser.get("/own").text == "my own words"
        crash = browser.get("/crash", Accept="application/json")
        assert json.loads(crash.text) == {
            "title": "Internal Server Error",
            "status": 500,
            "detail": "Something went wrong. The error has been logged.",
        }
        assert served.end() == 0
        assert served.output.count("RuntimeError: a detail") == 1
        for status in range(500, 600):
            assert f"[hello.lib.errors] GET /fail/{status}: {status} " in served.output


@pytest.mark.parametrize("debug", ["true", "false"])
def test_an_undecodable_path_is_400_without_a_traceback(project, debug):
    set_option(project / "development.ini", "debug", debug)
    with serve(project) as served:
        page = Browser(served.url).get("/%ff")
        assert (page.status, "could not understand" in page.text) == (400, True)
        assert served.end() == 0
        assert "Traceback" not in served.output


OUTSIDE = """

class Failing:
    def __init__(self, handler, config):
        self.handler = handler

    def __call__(self, controller, environ, context):
        if environ["PATH_INFO"] == "/outside":
            raise RuntimeError("outside the controllers")
        return self.handler(controller, environ, context)


base_config.register_application_wrapper(Failing, after=True)
"""


def test_a_failure_outside_the_controllers_is_logged_and_has_the_error_page(project):
    app_cfg = project / "hello/config/app_cfg.py"
    app_cfg.write_text(app_cfg.read_text() + OUTSIDE)
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        page = Browser(served.url).get("/outside")
        assert (page.status, "Something went wrong." in page.text) == (500, True)
        assert served.end() == 0
        assert "[hello.lib.errors] GET /outside" in served.output
        assert served.output.count("RuntimeError: outside the controllers") == 1


def test_no_controller_answers_the_urls_of_error_pages(project):
    assert run("scaffold", "controller", "movies", cwd=project).returncode == 0
    with serve(project) as served:
        for path in ("/error", "/error/document", "/movies/error", "/movies/error/document"):
            page = Browser(served.url).get(path)
            assert (page.status, "There is no page at this address." in page.text) == (404, True)


def test_the_tutorials_root_controller_keeps_the_error_pages_and_the_health_check(project):
    (project / "hello/controllers/root.py").write_text(
        tutorial_controller().replace("‘", "'").replace("’", "'")  # noqa: RUF001 (the quotes of its text)
    )
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        browser = Browser(served.url)
        assert "Something went wrong." in browser.get("/getsession").text
        assert "There is no page at this address." in browser.get("/").text
        assert browser.get("/up").text == "up"
        browser.get("/setsession")
        assert "retrieved MVL" in browser.get("/getsession").text


def test_the_example_of_our_readme_answers_each_url_in_any_order(project):
    example = re.search(r"```python[^\n]*\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)[1]
    (project / "hello/controllers/root.py").write_text(example)
    with serve(project) as served:
        for order in itertools.permutations(["/", "/setsession", "/getsession"]):
            browser = Browser(served.url)
            assert [browser.get(path).status for path in order] == [200, 200, 200], order
        assert browser.get("/setsession").text == "stored"
        assert browser.get("/getsession").text == "user is MVL"


def test_the_readmes_commands_delete_the_tutorial_and_break_no_link(project):
    commands = re.search(r"## Delete the tutorial\n\n((?:    .*\n)+)", (project / "README.md").read_text())[1]
    subprocess.run(["sh", "-e", "-c", commands], cwd=project, check=True, timeout=TEST_TIMEOUT)
    assert "utorial" not in (project / "hello/controllers/root.py").read_text()
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--isolated", "."], cwd=project, check=True)
    with serve(project) as served:
        browser = Browser(served.url)
        page = browser.get("/")
        links = re.findall(r'(?:href|action)="(/[^"]*)"', page.text)
        assert {browser.get(link).status for link in links} <= {200, 405}
        assert browser.get("/setsession").status == 404


def stored_sessions(project):
    return [path for path in (project / "data").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_visitors_who_store_nothing_leave_nothing_in_the_store(tmp_path):
    project = new_project(tmp_path, "hello", "--session", "file")
    with serve(project) as served:
        for path in ["/", "/up", "/favicon.ico", "/css/style.css", "/getsession"] * 5:
            answer = Browser(served.url).get(path)
            assert answer.status == 200
            cookies = [value for name, value in answer.headers if name == "Set-Cookie"]
            assert [cookie.partition("=")[0] for cookie in cookies] == (["hello-csrf"] if path == "/" else [])
        assert stored_sessions(project) == []
        Browser(served.url).get("/setsession")
        assert len(stored_sessions(project)) == 1


def test_pages_without_a_session_answer_while_the_store_is_down(tmp_path):
    project = new_project(tmp_path, "hello", "--session", "redis", "--minimal")
    with services.running(services.Redis) as redis:
        ini = project / "development.ini"
        ini.write_text(ini.read_text().replace("redis://localhost:6379/0", redis.options()["session.url"]))
        with serve(project) as served:
            browser = Browser(served.url)
            browser.get("/setsession")
            assert browser.cookie("hello")
            redis.kill()
            assert browser.get("/").status == 200
            assert browser.get("/getsession").status == 503


def test_a_form_without_its_cookie_is_logged_once(project):
    with serve(project) as served:
        token = re.search(r'name="_csrf_token" value="(\w+)"', Browser(served.url).get("/").text)[1]
        for _ in range(3):
            refused = Browser(served.url).post("/store", {"user": "Ada", "_csrf_token": token})
            assert refused.status == 403
        assert served.end() == 0
        assert served.output.count("a form was rejected because the cookie hello-csrf is missing") == 1


def test_a_missing_or_short_csrf_key_is_one_line_with_the_line_of_the_ini(project):
    ini = project / "development.ini"
    set_option(ini, "csrf.key", "hunter2")
    for command in (["check"], ["serve", "--no-reload", "--port", "0"], ["routes"]):
        result = run(*command, cwd=project)
        assert result.returncode == (1 if command == ["check"] else 2)
        refused = f"Error: development.ini:{line_of(ini, 'csrf.key')}: csrf.key = ...: has fewer than 32 characters;"
        assert result.stderr.startswith(refused)
        assert ("Traceback" in result.stderr, "hunter2" in result.stderr) == (False, False)
    set_option(ini, "csrf.key", None)
    result = run("serve", "--no-reload", "--port", "0", cwd=project)
    line = line_of(ini, "paste.app_factory")
    assert result.returncode == 2
    assert result.stderr.startswith(f"Error: development.ini:{line}: csrf.key is missing; generate one: python3 -c ")
    assert result.stderr.count("\n") == 1


def test_check_refuses_the_csrf_key_of_development_ini_in_production(project):
    text = (project / "development.ini").read_text()
    keys = re.findall(r"^(?:session.validate_key|csrf.key) = (\w+)$", text, re.MULTILINE)
    environment = {"HELLO_SESSION_KEY": "4c1f" + os.urandom(30).hex(), "HELLO_CSRF_KEY": keys[1]}
    result = run("check", "production.ini", cwd=project, **environment)
    line = line_of(project / "production.ini", "csrf.key")
    assert (
        f"production.ini:{line}: csrf.key = %(ENV_HELLO_CSRF_KEY)s: development.ini has this key too" in result.stderr
    )
    assert result.returncode == 1


def test_a_redirect_is_a_path_whatever_the_case_of_its_header(project):
    code = (
        "\n    @expose()\n    def go(self):\n        response.status = 302\n"
        "        response.headerlist.append(('location', request.host_url + '/up'))\n        return ''\n"
    )
    add_to_root(project, code, "request, response")
    assert run("shell", "-c", "print(app.get('/go').headers['Location'])", cwd=project).stdout == "/up\n"


def test_mako_templates_are_found_by_their_dotted_names(project):
    app_cfg = project / "hello/config/app_cfg.py"
    app_cfg.write_text(app_cfg.read_text().replace('["json", "jinja"]', '["json", "jinja", "mako"]'))
    (project / "hello/templates/greeting.mak").write_text("Hello ${name}\n")
    code = '\n    @expose("mako:hello.templates.greeting")\n    def greeting(self):\n        return {"name": "<Ada>"}\n'
    add_to_root(project, code, "url")
    with serve(project) as served:
        assert Browser(served.url).get("/greeting").text == "Hello &lt;Ada&gt;\n"


def test_a_flash_message_is_shown_once_and_hidden_from_scripts(project):
    code = '\n    @expose()\n    def greet(self):\n        flash("<b>Hi</b>", "warning")\n        redirect("/")\n'
    add_to_root(project, code, "url")
    with serve(project) as served:
        browser = Browser(served.url)
        assert '<p class="flash" role="status">&lt;b&gt;Hi&lt;/b&gt;</p>' in browser.get("/greet").text
        assert 'class="flash"' not in browser.get("/").text
        cookie = run("shell", "-c", "print(app.get('/greet').headers['Set-Cookie'])", cwd=project).stdout
        assert cookie.startswith("webflash=")
        assert "; HttpOnly" in cookie
