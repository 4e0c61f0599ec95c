"""While debugging: mistakes that raise no exception are logged with file, line and what to write; without, none is."""

from __future__ import annotations

import pytest
from support.helpers import Browser, line_of, set_option
from support.warm import serve

ROOT = "hello/controllers/root.py"


def page(body, signature="self"):
    """Return a method of the root controller whose ``def`` is on line 38."""
    return f"\n    @expose()\n    def go({signature}):\n        {body}\n"


HINTS = {
    "a change that is not saved": (
        page("session['a'] = 1; return ''"),
        f"[gearbox_lite.sessions] {ROOT}:39: the session was changed but not saved; call session.save()",
    ),
    "a nested change that is not saved": (
        page("session.setdefault('a', [])\n        session['a'].append(1)\n        return ''"),
        f"[gearbox_lite.sessions] {ROOT}:40: the session was changed but not saved; call session.save()",
    ),
    "an attribute of the session": (
        page("session.user = 'x'; session.save(); return ''"),
        (
            f"[gearbox_lite.sessions] {ROOT}:39: session.user = ... sets an attribute, which is not stored; write "
            'session["user"] = ...'
        ),
    ),
    "no return": (
        page("pass"),
        (
            f"Warning: {ROOT}:38: RootController.go returned None, so that the response is empty (204); return a "
            "string or a dict"
        ),
    ),
    "no expose": (
        "\n    def go(self):\n        return ''\n",
        f"Warning: {ROOT}:37: RootController.go is not exposed, so that it has no URL; write @expose() above it",
    ),
    "a parameter that the request lacks": (
        page("return a", "self, a"),
        f"Warning: {ROOT}:38: RootController.go needs a, which the request must have; or give it a default value",
    ),
}


def visit(project, code, debug="true", path="/go"):
    root = project / ROOT
    root.write_text(root.read_text() + code)
    set_option(project / "development.ini", "debug", debug)
    with serve(project) as served:
        Browser(served.url).get(path)
        assert served.end() == 0
    return served.output


@pytest.mark.parametrize("mistake", HINTS)
def test_a_mistake_without_an_exception_is_logged_while_debugging(project, mistake):
    code, line = HINTS[mistake]
    assert visit(project, code).count(line) == 1


@pytest.mark.parametrize("mistake", ["a change that is not saved", "no return", "no expose"])
def test_without_debug_nothing_is_logged(project, mistake):
    code, line = HINTS[mistake]
    assert line not in visit(project, code, debug="false")


@pytest.mark.parametrize(
    "body",
    [
        "session['a'] = 1; session.save(); return ''",
        "session.save(); session['a'] = 1; return ''",
        "session.get('a'); return ''",
        "session['a'] = 1; del session['a']; return ''",
        "session['a'] = 1; session.delete(); return ''",
        "session['a'] = 1; session.regenerate_id(); return ''",
        "from tg import response; response.status = 204",
    ],
)
def test_code_without_mistake_has_no_hint(project, body):
    output = visit(project, page(body))
    assert "not saved" not in output
    assert "Warning" not in output


def test_an_unknown_name_in_a_template_is_logged_with_its_line(project):
    template = project / "hello/templates/tutorial_step.jinja"
    template.write_text(template.read_text().replace("{{ message", "{{ mesage"))
    number = next(n for n, line in enumerate(template.read_text().splitlines(), 1) if "{{ mesage" in line)
    assert (
        f"Warning: hello/templates/tutorial_step.jinja:{number}: mesage is undefined, and is shown as nothing; correct "
        "the name, or return it in the controller's dict" in visit(project, "", path="/setsession")
    )


def test_a_form_without_token_is_logged(project):
    with serve(project) as served:
        assert Browser(served.url).post("/store", {"user": "x"}).status == 403
        served.end()
    assert "a form was rejected because it has no _csrf_token; add <input type=" in served.output


def test_keys_of_nested_dicts_must_be_texts_like_those_of_the_session(project):
    output = visit(project, page("session['a'] = {1: 'x'}; session.save(); return ''"))
    assert "SessionSaveError: json cannot store all keys of these values of the session: ['a']; use strings" in output


def test_a_secure_cookie_over_plain_http_is_logged_once(project):
    set_option(project / "development.ini", "session.secure", "true")
    number = line_of(project / "development.ini", "session.secure")
    with serve(project) as served:
        for _ in range(2):
            Browser(served.url).get("/setsession")
        assert served.end() == 0
    line = f"development.ini:{number}: session.secure = true, but a request came over plain HTTP, so browsers drop the"
    assert served.output.count(line) == 1
