"""Common mistakes in a project's code, beyond the table of tests/mistakes/code.py."""

from __future__ import annotations

import html
import re

import pytest
from support.helpers import Browser, add_line, set_option
from support.warm import refused, serve

ROOT = "hello/controllers/root.py"


def method(body, expose="()", signature="def go(self)"):
    """Return a method of the root controller, whose ``@expose`` is on line 37."""
    return f"\n    @expose{expose}\n    {signature}:\n        {body}\n"


def add_code(project, code):
    root = project / ROOT
    root.write_text(root.read_text() + code)


STATUS_AS_TEXT = method("__import__('tg').abort('404')")
EXPLAINED = f"{ROOT}:39: __import__('tg').abort('404'): abort('404') needs an HTTP status as a number; write abort(404)"


@pytest.mark.parametrize("debug", ["true", "false"])
def test_an_exception_of_a_common_mistake_is_explained_with_and_without_the_debug_page(project, debug):
    add_code(project, STATUS_AS_TEXT)
    set_option(project / "development.ini", "debug", debug)
    with serve(project) as served:
        page = Browser(served.url).get("/go")
        assert served.end() == 0
    assert page.status == 500
    assert (html.escape(EXPLAINED) in html.escape(html.unescape(page.text))) == (debug == "true")
    assert EXPLAINED in served.output
    assert not re.search(r'File "[^"]*(site-packages|gearbox_lite)', served.output)


def test_a_package_of_templates_without_its_file_is_one_warning(project):
    (project / "hello/templates/__init__.py").unlink()
    with serve(project) as served:
        assert Browser(served.url).get("/").status == 500
    line = "hello/templates/__init__.py: this file is missing, and TurboGears finds templates only in packages; create"
    assert served.output.count(f"Warning: {line}") == 1
    assert served.output.count(line) == 2


def test_a_project_without_mistakes_has_no_warning(project):
    with serve(project) as served:
        pass
    assert "Warning" not in served.output


def test_a_language_without_catalog_is_refused(project):
    number = add_line(project / "development.ini", "app:hello", "i18n.lang = de")
    assert refused(project) == (
        f"development.ini:{number}: i18n.lang = de: there is no catalog hello/i18n/de/LC_MESSAGES/hello.mo; create it "
        "with gettext's msgfmt, or remove the setting"
    )
