"""Common mistakes in a project's code: each is answered by a line that names the file, the line and what to write."""

from __future__ import annotations

import html
import re

import pytest
from support.helpers import Browser, add_line, set_option
from support.warm import refused, run, serve

ROOT = "hello/controllers/root.py"


def method(body, expose="()", signature="def go(self)"):
    """Return a method of the root controller, whose ``@expose`` is on line 37."""
    return f"\n    @expose{expose}\n    {signature}:\n        {body}\n"


def add_code(project, code):
    root = project / ROOT
    root.write_text(root.read_text() + code)


LOGGED = {
    "a method that needs an instance": (
        method("redirect(self.index)"),
        f'{ROOT}:39: redirect(self.index): redirect() takes a URL, not a method; write redirect("/")',
    ),
    "a status as text": (
        method("__import__('tg').abort('404')"),
        f"{ROOT}:39: __import__('tg').abort('404'): abort('404') needs an HTTP status as a number; write abort(404)",
    ),
    "a missing template": (
        method("return {}", '("hello.templates.indx")'),
        (
            f"{ROOT}:37: template hello.templates.indx: hello/templates/indx.jinja is missing; did you mean "
            "hello.templates.index?"
        ),
    ),
    "a template that is no dotted name": (
        method("return {}", '("index.html")'),
        (
            f"{ROOT}:37: template index.html: there is no package index; write the dotted name, as in "
            "hello.templates.index"
        ),
    ),
    "a dict without a template": (
        method("return {'a': 1}"),
        (
            f"{ROOT}:37: RootController.go returned a dict, but its @expose names no template to show it in; write "
            '@expose("hello.templates.NAME"), or @expose("json")'
        ),
    ),
    "a method without self": (
        method("return ''", signature="def go()"),
        (
            f"{ROOT}:38: RootController.go has no parameter self, which each method of a controller gets first; write "
            "def go(self)"
        ),
    ),
    "an async method": (
        method("return ''", signature="async def go(self)"),
        f"{ROOT}:38: RootController.go is async, and TurboGears awaits nothing; write def, not async def",
    ),
    "a list for JSON": (
        method("return [1, 2]", '("json")'),
        f'{ROOT}:38: RootController.go returned a list, and @expose("json") needs a dict; return {{"items": ...}}',
    ),
    "a number": (
        method("return 3"),
        f"{ROOT}:38: RootController.go returned int 3; return a string, or a dict for a template",
    ),
    "a list of strings": (
        method("return ['a']"),
        f"{ROOT}:38: RootController.go returned a list; return a string, or a dict for a template",
    ),
    "a mounted class": (
        "\n    class Movies(BaseController):\n        index = TutorialPages.setsession\n\n    go = Movies\n",
        f"{ROOT}:40: go = Movies mounts a class, and TurboGears needs an instance of it; write go = Movies()",
    ),
    "a file of text": (
        method("return open(__file__)"),
        f'{ROOT}:38: RootController.go returned a file of text; open it for bytes: open(name, "rb")',
    ),
    "a value that the session lacks": (
        method("return session['nothing']"),
        (
            f"{ROOT}:39: return session['nothing']: the session has no 'nothing'; write session.get(\"nothing\"), "
            "which is None without it"
        ),
    ),
    "a misspelled name": (
        method("return sesion['a']"),
        f"{ROOT}:39: return sesion['a']: there is no sesion; did you mean session?",
    ),
    "an import in a method": (
        method("import hello.controllers.tutoral"),
        (
            f"{ROOT}:39: import hello.controllers.tutoral: controllers/tutoral.py is missing; did you mean "
            "hello.controllers.tutorial?"
        ),
    ),
}


@pytest.mark.parametrize("debug", ["true", "false"])
@pytest.mark.parametrize("mistake", LOGGED)
def test_an_exception_of_a_common_mistake_is_explained(project, mistake, debug):
    code, line = LOGGED[mistake]
    add_code(project, code)
    set_option(project / "development.ini", "debug", debug)
    with serve(project) as served:
        assert Browser(served.url).get("/go").status == 500
        assert served.end() == 0
    assert line in served.output, served.output
    assert not re.search(r'File "[^"]*(site-packages|gearbox_lite)', served.output)


def test_the_debug_page_shows_the_explanation(project):
    code, line = LOGGED["a status as text"]
    add_code(project, code)
    with serve(project) as served:
        page = Browser(served.url).get("/go").text
    assert html.escape(line) in html.escape(html.unescape(page))


WARNED = {
    "expose without parentheses": (
        method("return ''", ""),
        f"{ROOT}:37: @expose without parentheses, so that RootController.go is not exposed; write @expose()",
    ),
    "an unknown renderer": (
        method("return {}", '("genshi:hello.templates.index")'),
        (
            f'{ROOT}:37: @expose("genshi:hello.templates.index"): there is no renderer genshi (config/app_cfg.py has '
            "json, jinja), so that RootController.go is not exposed; write a template of one of these, or add "
            '"genshi" to "renderers" and install it'
        ),
    ),
    "a missing template": LOGGED["a missing template"],
    "a method without self": LOGGED["a method without self"],
    "a mounted class": LOGGED["a mounted class"],
    "an async method": (
        method("return ''", signature="async def go(self)"),
        f"{ROOT}:38: RootController.go is async, and TurboGears awaits nothing; write def go, without async",
    ),
    "a mounted class without base": (
        "\n    class Movies:\n        index = TutorialPages.setsession\n\n    go = Movies()\n",
        (
            f"{ROOT}:37: class Movies, mounted as go, inherits none of TurboGears' controllers; write class "
            "Movies(BaseController)"
        ),
    ),
}


@pytest.mark.parametrize("mistake", WARNED)
def test_a_mistake_that_can_be_seen_without_a_request_is_a_warning_at_the_start(project, mistake):
    code, line = WARNED[mistake]
    add_code(project, code)
    with serve(project) as served:
        pass
    assert f"Warning: {line}\n" in served.output, served.output
    checked = run("check", cwd=project)
    assert f"Warning: {line} [" in checked.stderr
    assert checked.stdout.splitlines()[-1] == "development.ini: no errors, 1 warning"


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


def replaced(file, old, new):
    def edit(project):
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new, 1))

    return edit


REFUSED = {
    "a root controller without base": (
        replaced(ROOT, "RootController(TutorialPages, BaseController)", "RootController"),
        (
            f"{ROOT}:10: class RootController inherits none of TurboGears' controllers, so it cannot answer requests; "
            "write class RootController(BaseController)"
        ),
    ),
    "a root controller of another name": (
        replaced(ROOT, "class RootController", "class MainController"),
        (
            f"{ROOT}: there is no class RootController, which TurboGears looks for here; name the class of the root "
            "controller RootController"
        ),
    ),
    "the package's own file": (
        lambda project: (project / "hello/__init__.py").unlink(),
        "hello/__init__.py: this file is missing; create it; it may be empty",
    ),
    "a renamed root controller": (
        lambda project: (project / ROOT).rename(project / "hello/controllers/main.py"),
        f"{ROOT}: this file is missing; create it, or correct what imports it",
    ),
    "make_app without return": (
        replaced("hello/config/application.py", "return SecurityHeaders", "SecurityHeaders"),
        (
            "hello/config/application.py:13: make_app returned None, not a WSGI application; return the application at "
            "its end"
        ),
    ),
    "make_app without app_conf": (
        replaced("hello/config/application.py", "global_conf, **app_conf", "global_conf"),
        (
            "hello/config/application.py:13: make_app() does not take the settings of [app:hello], such as csrf.key; "
            "write def make_app(global_conf, **app_conf)"
        ),
    ),
    "the session at import": (
        replaced(ROOT, "\nclass RootController", "\nsession['a'] = 1\n\nclass RootController"),
        (
            f"development.ini: the application does not load: TypeError in root.py line 10: {ROOT}:10: "
            "session['a'] = 1: TurboGears' session, request, "
            "response and tmpl_context exist only while a request is handled; move this into a method of a controller"
        ),
    ),
    "a misspelled import": (
        replaced(ROOT, "from tg import", "import sqlalchmy\nfrom tg import"),
        (
            f"development.ini: the application does not load: ModuleNotFoundError in root.py line 3: {ROOT}:3: "
            "import sqlalchmy: there is no module sqlalchmy; did you mean sqlalchemy?"
        ),
    ),
    "the module of TurboGears 1": (
        replaced(ROOT, "from tg import", "from turbogears import"),
        (
            f"development.ini: the application does not load: ModuleNotFoundError in root.py line 3: {ROOT}:3: from "
            "turbogears import expose, flash, redirect, session: there is no module turbogears; TurboGears 2 is "
            "imported as tg"
        ),
    ),
    "a misspelled name in an import": (
        replaced(ROOT, "import csrf_protected", "import csrf_protectd"),
        (
            f"development.ini: the application does not load: ImportError in root.py line 7: {ROOT}:7: "
            "from hello.lib.csrf import csrf_protectd: there is no csrf_protectd; did you mean csrf_protected?"
        ),
    ),
    "a configuration without package": (
        replaced("hello/config/app_cfg.py", '"package": hello,', ""),
        (
            "TurboGears finds no controllers, since its configuration names no package; write "
            '"package": hello, or your package\'s name, in config/app_cfg.py'
        ),
    ),
    "exit at import": (
        replaced(ROOT, "from tg import", "exit()\nfrom tg import"),
        (
            "development.ini: the application does not load: root.py line 3 ended Python: exit(); remove it; code that "
            "runs at import must return"
        ),
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_with_which_no_page_works_is_refused(project, mistake):
    edit, line = REFUSED[mistake]
    edit(project)
    result = run("serve", "--port", "0", "--no-reload", cwd=project)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"Error: {line}"
    assert not re.search(r'File "[^"]*(site-packages|gearbox_lite)', result.stderr)
    checked = run("check", cwd=project)
    assert line in checked.stderr + checked.stdout


@pytest.mark.parametrize("mistake", ["make_app without return", "exit at import"])
def test_with_reload_the_error_page_says_the_same(project, mistake):
    edit, line = REFUSED[mistake]
    edit(project)
    with serve(project, "--reload") as served:
        assert line in Browser(served.url).get("/").text
        assert served.end() == 0
    assert served.output.count(line) == 1


def test_a_language_without_catalog_is_refused(project):
    number = add_line(project / "development.ini", "app:hello", "i18n.lang = de")
    assert refused(project) == (
        f"development.ini:{number}: i18n.lang = de: there is no catalog hello/i18n/de/LC_MESSAGES/hello.mo; create it "
        "with gettext's msgfmt, or remove the setting"
    )
