"""``gearbox-lite routes``: each listed route is compared with what the application answers."""

from __future__ import annotations

import json
import re

from support.helpers import set_option
from support.warm import run

ROOT = '''
import sys

from tg import RestController, TGController, config, expose, lurl, request
from tg.controllers import WSGIAppController


def here():
    """Return the class and the method that was called."""
    caller = sys._getframe(1)
    return f"{type(caller.f_locals['self']).__name__}.{caller.f_code.co_name}"


def mounted(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"mounted"]


class Actors(RestController):
    @expose()
    def get_all(self, **kwargs):
        return here()

    @expose()
    def get_one(self, actor_id, **kwargs):
        return here()


class Movies(RestController):
    actors = Actors()

    @expose("json")
    def get_all(self):
        return {"here": here()}

    @expose()
    def get_one(self, movie_id: int):
        return here()

    @expose()
    def new(self):
        return here()

    @expose()
    def edit(self, movie_id):
        return here()

    @expose()
    def post(self, title=""):
        return here()

    @expose()
    def put(self, movie_id, title=""):
        return here()

    @expose()
    def delete(self, movie_id):
        return here()

    @expose()
    def get_search(self):
        return here()

    @expose()
    def export(self):
        return here()


class Posts(RestController):
    @expose()
    def get_one(self, post_id):
        return here()

    @expose()
    def get_delete(self, post_id):
        return here()

    @expose()
    def delete(self, post_id):
        return here()

    @expose()
    def post_delete(self, post_id):
        return here()

    @expose()
    def patch(self, post_id):
        return here()

    @expose(allowed_methods=["PUT"])
    def put(self, post_id):
        return here()


class Wild(TGController):
    @expose()
    def _default(self, *args):
        return here()


class Finder(TGController):
    @expose()
    def _lookup(self, name, *rest):
        return Wild(), rest


class Plain:
    @expose()
    def page(self):
        return here()


class Late(TGController):
    @expose()
    def index(self):
        return here()


class RootController(TGController):
    finder = Finder()
    movies = Movies()
    again = movies
    other = WSGIAppController(mounted)
    plain = Plain()
    posts = Posts()
    wild = Wild()
    not_mounted = Wild

    def __init__(self):
        self.late = Late()
        self.late.up = self
        self.request = request
        self.settings = config

    @property
    def never_read(self):
        raise RuntimeError("a property was read")

    @expose("hello.templates.index")
    @expose("json")
    def index(self):
        return {}

    @expose(allowed_methods=["POST"])
    def store(self, name="", page=lurl("/")):
        return here()

    def hidden(self):
        return here()
'''

VISIT = """
import json, re, sys
for url, http, controller, method in json.loads({rows!r}):
    path = re.sub(r"{{\\w+}}", "7", url).replace("*", "x/y")
    for one in ("GET" if http == "ANY" else http).split(","):
        answer = app.request(path, method=one, expect_errors=True)
        print(one, url, answer.status_int, answer.text.strip().splitlines()[:1])
"""


def rows_of(output):
    return [re.split(r"  +", line) for line in output.splitlines()]


def test_every_listed_route_is_answered_by_the_method_that_it_names(project):
    (project / "hello" / "controllers" / "root.py").write_text(ROOT)
    settings = project / "hello" / "config" / "app_cfg.py"
    settings.write_text(
        settings.read_text().replace('"package": hello,', '"package": hello, "make_body_seekable": True,')
    )
    result = run("routes", cwd=project)
    assert (result.returncode, result.stderr) == (0, "")
    header, *rows = rows_of(result.stdout)
    assert header == ["URL", "HTTP", "CONTROLLER", "METHOD", "ANSWER"]
    module = "hello.controllers.root."
    assert all(row[2].startswith((module, "tg.controllers")) for row in rows)
    rows = [
        (url, http, controller.removeprefix(module), method, answer) for url, http, controller, method, answer in rows
    ]
    shared = {row[0]: row[4] for row in rows if row[3] == "-"}
    below_movies = {"/movies/*": "as below /again/", "/again/actors/*": "as below /again/{movie_id}/actors/"}
    assert shared == {"/late/up/*": "as below /", **below_movies}
    assert ("/", "ANY", "RootController", "index", "text/html hello.templates.index, application/json") in rows
    assert ("/store", "POST", "RootController", "store(name=..., page=...)", "text/html") in rows
    assert ("/again/{movie_id}", "GET", "Movies", "get_one(movie_id)", "text/html") in rows
    assert ("/again/", "GET", "Movies", "get_all", "application/json") in rows
    assert ("/finder/*", "ANY", "Finder", "_lookup(name, *rest)", "another controller") in rows
    assert [row[4] for row in rows if row[0] == "/other/*"] == ["WSGI application hello.controllers.root.mounted"]
    reached = {(http, url) for url, http, controller, method, _ in rows if method.startswith("post_delete(")}
    assert reached == {
        ("DELETE", "/posts/{post_id}"),
        ("POST", "/posts/{post_id}?_method=delete"),
        ("GET,PATCH,POST,PUT", "/posts/post_delete/{post_id}"),
        ("GET", "/posts/{post_id}/post_delete"),
    }
    assert ("/again/?_method=post", "GET", "Movies", "post(title=...)", "text/html") in rows
    assert [row[:2] for row in rows if row[2:4] == ("Posts", "put(post_id)")] == [
        ("/posts/put/{post_id}", "PUT"), ("/posts/{post_id}", "PUT")
    ]  # fmt: skip
    assert not {"/hidden", "/never_read", "/not_mounted/*"} & {row[0] for row in rows}

    expected = []
    for url, http, controller, method, answer in rows:
        name = method.partition("(")[0]
        text = {"/other/*": "mounted", "/finder/*": "Wild._default"}.get(url, f"{controller}.{name}")
        for one in ("GET" if http == "ANY" else http).split(","):
            if name == "options":
                expected.append(f"{one} {url} 204 []")
            elif "json" not in answer and url not in shared:
                expected.append(f"{one} {url} 200 ['{text}']")
    assert len(expected) > 20
    visited = run("shell", "-c", VISIT.format(rows=json.dumps([row[:4] for row in rows])), cwd=project)
    assert visited.returncode == 0, visited.stderr
    answers = visited.stdout.splitlines()
    assert [line for line in expected if line not in answers] == []


def test_controllers_that_refer_to_each_other_are_listed_once(project):
    count = 12
    lines = ["from tg import TGController, expose", "class One(TGController):", "    @expose()", "    def page(self):"]
    lines += [
        "        return ''",
        f"all = [One() for _ in range({count})]",
        "for one in all:",
        "    for i, o in enumerate(all):",
    ]
    lines += ["        setattr(one, f'c{i}', o)", "class RootController(TGController):", "    def __init__(self):"]
    lines += ["        self.first = all[0]"]
    (project / "hello" / "controllers" / "root.py").write_text("\n".join(lines))
    result = run("routes", cwd=project)
    assert result.returncode == 0, result.stderr
    assert sum(row[3] == "page" for row in rows_of(result.stdout)) == count


def test_an_application_of_another_framework_is_one_error_line(project):
    (project / "plain.py").write_text("def make(global_conf, **settings):\n    return lambda environ, start: []\n")
    ini = project / "development.ini"
    set_option(ini, "paste.app_factory", "plain:make")
    result = run("routes", cwd=project)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "paste.app_factory = plain:make: not a TurboGears application" in result.stderr


def test_an_ini_without_a_server_section_and_variables_are_accepted(project):
    text = (project / "development.ini").read_text()
    (project / "app.ini").write_text(re.sub(r"\[server:main\].*?(?=\[pipeline)", "", text, flags=re.DOTALL))
    set_option(project / "app.ini", "session.key", "%(chosen)s")
    for words in (["app.ini", "chosen=hello"], ["-c", "app.ini", "-n", "hello", "chosen=hello"]):
        result = run("routes", *words, cwd=project)
        assert result.returncode == 0, result.stderr
        assert "/getsession" in result.stdout
    assert "%(chosen)s is not set" in run("routes", "app.ini", cwd=project).stderr


def test_a_root_controller_that_raises_shows_the_users_own_traceback(project):
    root = project / "hello" / "controllers" / "root.py"
    root.write_text(
        "from tg import TGController\n\n\nclass RootController(TGController):\n    def __init__(self):\n        1 / 0\n"
    )
    result = run("routes", cwd=project)
    assert result.returncode == 1
    assert 'root.py", line 6, in __init__' in result.stderr
    assert "site-packages" not in result.stderr


def test_a_failure_of_the_listing_is_not_reported_as_a_failure_to_load(project):
    root = project / "hello" / "controllers" / "root.py"
    other_version = "type('Decoration', (), {'exposed': True})()"
    root.write_text(root.read_text() + f"\n\nRootController.index.decoration = {other_version}\n")
    result = run("routes", cwd=project)
    assert "Error: development.ini" in result.stderr
    assert "its URLs cannot be listed: AttributeError: " in result.stderr
    assert "does not load" not in result.stderr
