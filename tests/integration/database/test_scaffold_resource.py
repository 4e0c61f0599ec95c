"""``gearbox-lite scaffold resource``: one line becomes pages that work, and nothing is overwritten or half-written."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.databases import KINDS, database_project
from support.helpers import Browser, new_project
from support.warm import run, serve


@pytest.fixture
def site(tmp_path):
    return new_project(tmp_path, "hello", "--database")


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


def scaffold(project, *arguments, code=0):
    result = run("scaffold", "resource", *arguments, cwd=project)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout if code == 0 else result.stderr


def token(page):
    return re.search(r'name="_csrf_token" value="(\w+)"', page.text)[1]


def test_one_line_becomes_pages_that_are_served_and_the_next_commands_are_printed(site):
    scaffold(site, "author", "name:str:50!")
    printed = scaffold(site, "post", "title:str[120]", "author:ref:author", "--mount", "/blog")
    assert printed.splitlines() == [
        "hello/controllers/posts.py",
        "hello/migrations/versions/0003_create_post.py",
        "hello/model/post.py",
        *(f"hello/templates/posts/{name}" for name in ("__init__.py", "delete.jinja", "form.jinja", "index.jinja",
          "show.jinja", "values.jinja")),
        "tests/test_posts_pages.py",
        "hello/controllers/root.py: blog = PostsController()",
        "",
        "Read the migration, then run:",
        "  gearbox-lite migrate upgrade",
        "  pytest tests/test_posts_pages.py",
    ]  # fmt: skip
    assert run("migrate", "upgrade", cwd=site).returncode == 0
    result = run("check", "--strict", cwd=site)
    assert (result.returncode, result.stderr) == (0, "")
    with serve(site, "--no-reload") as served:
        browser = Browser(served.url)
        page = browser.get("/authors/new")
        page = browser.post("/authors/create", {"name": "<b>Ada</b>", "_csrf_token": token(page)})
        assert "<h1>&lt;b&gt;Ada&lt;/b&gt;</h1>" in page.text
        page = browser.post(
            "/authors/create", {"name": "<b>Ada</b>", "_csrf_token": token(browser.get("/authors/new"))}
        )
        assert (page.status, "Another row has this value." in page.text) == (422, True)
        assert 'value="&lt;b&gt;Ada&lt;/b&gt;"' in page.text, "what was typed is kept"
        page = browser.get("/blog/new")
        assert '<option value="1">&lt;b&gt;Ada&lt;/b&gt;</option>' in page.text
        page = browser.post("/blog/create", {"title": "Hello", "author_id": "1", "_csrf_token": token(page)})
        assert "<h1>Hello</h1>" in page.text
        page = browser.get("/authors/1/delete")
        page = browser.post("/authors/1/destroy", {"version": "1", "_csrf_token": token(page)})
        assert (page.status, "something else refers to it" in page.text) == (409, True)
        assert browser.get("/blog/1").status == 200
        for path in ("/blog/1/nothing", "/blog/1/edit/1", "/blog/_lookup", "/blog/create/1", "/blog/%00"):
            assert browser.get(path).status in (404, 400), path
        for path in ("/blog/1/update", "/blog/1/destroy", "/blog/create", "/blog/1/update?_method=POST"):
            assert browser.get(path).status == 405, path


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_changes_to_the_same_version_at_once_only_one_is_stored(tmp_path, shared_services, kind):
    project = database_project(tmp_path, kind, shared_services)
    scaffold(project, "post", "title:str!")
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    with serve(project, "--no-reload") as served, ThreadPoolExecutor(4) as threads:
        browsers = [Browser(served.url) for _ in range(4)]
        forms = [(browser, token(browser.get("/posts/new"))) for browser in browsers]

        def send(form, path, **values):
            return form[0].post(path, {**values, "_csrf_token": form[1]}).status

        created = threads.map(lambda form: send(form, "/posts/create", title="the same"), forms)
        assert sorted(created) == [200, 422, 422, 422]
        number = re.search(r"/posts/(\d+)", browsers[0].get("/posts/").text)[1]
        for version in ("1", "2"):
            changed = threads.map(
                lambda form: send(form, f"/posts/{number}/update", title=version + form[1], version=version),  # noqa: B023
                forms,
            )
            assert sorted(changed) == [200, 409, 409, 409]
        deleted = threads.map(lambda form: send(form, f"/posts/{number}/destroy", version="3"), forms)
        assert sorted(deleted) == [200, 404, 404, 404]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["post", "title:str", "--owner"], "hello: --owner needs accounts, and this project has none"),
        (["post", "a:str", "--mount", "/a/b"], "use one component of letters"),
        (["post", "a:str", "--mount", "/sign"], "RootController already has sign, which answers /sign"),
        (["post", "version:int"], "field name 'version': this name has another use in a model"),
        (["post", "parent:ref:post"], "which the first row cannot; let it be empty: parent:ref:post?"),
        (["post", "a:str", "b:ref:author"], "there is no model author, to which a field refers"),
        (["post", "author:str", "author:ref:entry"], "field 'author' is given twice"),
        (["post", "a:choice"], "these are no choices; write different words"),
        (["post", "a:choice:x,x"], "these are no choices"),
        (["post", "a:str[x]"], "'x' is no length; only str has one"),
        (["post", "a:text!"], "it is too long to be unique; use str:600 or shorter, or drop the !"),
        (["post", "a:str:601!"], "it is too long to be unique"),
        (["post", "a:bool!"], "it has too few values to be unique"),
        (["p" * 31, "a:str"], "has 31 characters; use at most 30"),
        (["a", "b:str"], "model name 'a': its plural as is a Python keyword; choose another name"),
        (["base_controller", "a:str"], "this name has another use in a model"),
        (["root", "a:str", "--mount", "/roots", "-c", "nowhere.ini"], "nowhere.ini: there is no such file"),
    ],
)
def test_what_cannot_be_written_is_one_line_and_nothing_changes(site, arguments, message):
    before = contents(site)
    error = scaffold(site, *arguments, code=2)
    assert message in error
    assert error.count("\n") == 1
    assert contents(site) == before


@pytest.mark.parametrize("taken", ["tests/test_posts_pages.py", "hello/templates/posts/form.jinja"])
def test_no_file_is_overwritten_and_no_other_is_written(site, taken):
    (site / taken).parent.mkdir(exist_ok=True)
    (site / taken).write_text("mine\n")
    before = contents(site)
    assert scaffold(site, "post", "title:str", code=2).startswith(f"Error: {taken}: this file exists")
    assert contents(site) == before


def test_files_that_resources_share_are_written_once_and_keep_their_edits(site):
    scaffold(site, "post", "title:str")
    shared = site / "hello" / "lib" / "fields.py"
    shared.write_text(shared.read_text() + "# mine\n")
    assert "lib/fields.py" not in scaffold(site, "tag", "name:str")
    assert shared.read_text().endswith("# mine\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "its project has no database: there is no migrations/env.py in its package; quickstart --database writes"),
        (["--minimal", "--database"], "hello/lib/csrf.py: this file is missing, and the pages of a resource need it"),
    ],
)
def test_a_project_that_lacks_what_the_pages_need_is_told_in_one_line(tmp_path, options, message):
    project = new_project(tmp_path, "hello", *options)
    error = scaffold(project, "post", "title:str", code=2)
    assert message in error
    assert error.count("\n") == 1
