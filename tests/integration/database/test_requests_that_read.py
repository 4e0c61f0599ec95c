"""What only reads changes nothing, and leaves no transaction open, however TurboGears calls the code."""

from __future__ import annotations

import pytest
from support.helpers import Browser, new_project
from support.warm import run, serve

CONTROLLER = '''"""Posts, as TurboGears' documentation has them, and bodies that are made while they are sent."""

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from tg import RestController, TGController, expose, response

from hello.lib.database import db
from hello.model.entry import Entry


class Posts(RestController):
    @expose("json")
    def get_one(self, number):
        return {"name": db.get(Entry, int(number)).name}

    @expose("json")
    def post(self):
        db.add(Entry(name="new", text=""))
        return {}

    @expose("json")
    def put(self, number):
        db.get(Entry, int(number)).name = "changed"
        return {}

    @expose("json")
    def post_delete(self, number):
        db.execute(delete(Entry).where(Entry.id == int(number)))
        return {}


class Reading(TGController):
    posts = Posts()

    @expose()
    def count(self):
        def body():
            yield str(db.scalar(select(func.count()).select_from(Entry))).encode()

        db.scalar(select(Entry).limit(1))
        response.app_iter = body()
        return response

    @expose("json", allowed_methods=["POST"])
    def twice(self):
        """Store one entry, and try to store it again."""
        db.add(Entry(id=100, name="first", text=""))
        db.flush()
        try:
            with db.begin_nested():
                db.execute(Entry.__table__.insert().values(id=100, name="second", text=""))
        except IntegrityError:
            return {"taken": True}
'''


@pytest.fixture
def project(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    (project / "hello" / "controllers" / "reading.py").write_text(CONTROLLER)
    root = project / "hello" / "controllers" / "root.py"
    text = root.read_text().replace("\n\n\nclass ", "\nfrom hello.controllers.reading import Reading\n\n\nclass ", 1)
    root.write_text(text.replace("    @expose", "    reading = Reading()\n\n    @expose", 1))
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    code = "db.add(Entry(name='old', text='')); db.commit()"
    assert run("shell", "-c", code, cwd=project).returncode == 0
    return project


def test_no_link_changes_the_database_through_a_rest_controller(project):
    """TurboGears runs a RestController's changing methods for each of these GET requests."""
    links = ["post_delete/1", "1?_method=post_delete", "put/1", "?_method=POST"]
    with serve(project) as served:
        browser = Browser(served.url)
        answers = [browser.get(f"/reading/posts/{link}").status for link in links]
        assert answers == [500] * len(links)
        assert browser.get("/reading/posts/1").text == '{"name": "old"}'
        assert browser.get("/reading/count").text == "1"
        assert browser.post("/reading/posts/1?_method=PUT", {}).status == 200
        assert browser.get("/reading/posts/1").text == '{"name": "changed"}'
        served.end()
        assert served.output.count("ReadOnlyError: a GET request cannot change the database") == len(links)


def test_a_value_that_is_taken_loses_only_what_was_tried_in_begin_nested(project):
    with serve(project) as served:
        browser = Browser(served.url)
        assert browser.post("/reading/twice", {}).text == '{"taken": true}'
        assert browser.get("/reading/posts/100").text == '{"name": "first"}'


def test_a_body_that_is_never_sent_leaves_no_transaction_to_the_next_request(project):
    """TurboGears' own cleanup is a generator, which does not run then."""
    code = """
from webob import Request
for path in ("/reading/count", "/reading/count"):
    status, headers, body = Request.blank(path).call_application(app.app)
    print(db.registry.has())
print(app.get("/reading/count").text)
with_body = iter(Request.blank("/reading/count").call_application(app.app)[2])
next(with_body)  # and then neither finished nor closed
app.post("/reading/twice")
print(app.get("/reading/count").text)
"""
    result = run("shell", "-c", code, cwd=project)
    assert (result.returncode, result.stdout) == (0, "False\nFalse\n1\n2\n"), result.stderr
