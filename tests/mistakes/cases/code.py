"""Mistakes in the application's code: seen when it loads, or explained in the log of the request that fails."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import appended, deleted, linked, not_utf8, renamed, replaced, written

ROOT = "hello/controllers/root.py"


def method(body: str, expose: str = "()", signature: str = "def go(self)") -> str:
    """Return a method of the root controller, whose ``@expose`` is its first line."""
    return f"\n    @expose{expose}\n    {signature}:\n        {body}\n"


CASES = (
    Case(
        "a method that needs an instance",
        (appended(method("redirect(self.index)"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+2>: redirect(self.index): redirect() takes a URL, not a method; write "
            'redirect("/")'
        ),
    ),
    Case(
        "a status as text",
        (appended(method("__import__('tg').abort('404')"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+2>: __import__('tg').abort('404'): abort('404') needs an HTTP status as "
            "a number; write abort(404)"
        ),
    ),
    Case(
        "a missing template",
        (appended(method("return {}", '("hello.templates.indx")'), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line>: template hello.templates.indx: hello/templates/indx.jinja is missing; "
            "did you mean hello.templates.index? (templates has index, master, message, tutorial, tutorial_step)"
        ),
        warnings=(
            (
                "hello/controllers/root.py:<line>: template hello.templates.indx: hello/templates/indx.jinja is missing; "
                "did you mean hello.templates.index? (templates has index, master, message, tutorial, tutorial_step)"
            ),
        ),
        codes=("template-missing",),
    ),
    Case(
        "a template that is no dotted name",
        (appended(method("return {}", '("index.html")'), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line>: template index.html: there is no package index; write the dotted "
            "name, as in hello.templates.index"
        ),
        warnings=(
            (
                "hello/controllers/root.py:<line>: template index.html: there is no package index; write the dotted "
                "name, as in hello.templates.index"
            ),
        ),
        codes=("template-missing",),
    ),
    Case(
        "a template that is a link to nothing",
        (linked("hello/templates/index.jinja", "pages/start.jinja"),),
        warnings=(
            (
                "hello/controllers/root.py:13: template hello.templates.index: hello/templates/index.jinja is a link to "
                "pages/start.jinja, which does not exist; create that file, or correct the link"
            ),
        ),
        codes=("template-missing",),
        modes=("serve", "check"),
    ),
    Case(
        "a renamed folder of templates",
        (renamed("hello/templates", "template"),),
        warnings=(
            (
                "hello/templates: this folder of templates is missing; rename hello/template to it, or correct the names "
                "in @expose"
            ),
        ),
        codes=("template-missing",),
        modes=("serve", "check"),
    ),
    Case(
        "a dict without a template",
        (appended(method("return {'a': 1}"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line>: RootController.go returned a dict, but its @expose names no template "
            'to show it in; write @expose("hello.templates.NAME"), or @expose("json")'
        ),
    ),
    Case(
        "a method without self",
        (appended(method("return ''", signature="def go()"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+1>: RootController.go has no parameter self, which each method of a "
            "controller gets first; write def go(self)"
        ),
        warnings=(
            (
                "hello/controllers/root.py:<line+1>: RootController.go has no parameter self, which each method of a "
                "controller gets first; write def go(self)"
            ),
        ),
        codes=("method-without-self",),
    ),
    Case(
        "an async method",
        (appended(method("return ''", signature="async def go(self)"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+1>: RootController.go is async, and TurboGears awaits nothing; write "
            "def, not async def"
        ),
        warnings=(
            (
                "hello/controllers/root.py:<line+1>: RootController.go is async, and TurboGears awaits nothing; write "
                "def go, without async"
            ),
        ),
        codes=("async-method",),
    ),
    Case(
        "a list for JSON",
        (appended(method("return [1, 2]", '("json")'), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            'hello/controllers/root.py:<line+1>: RootController.go returned a list, and @expose("json") needs a '
            'dict; return {"items": ...}'
        ),
    ),
    Case(
        "a number",
        (appended(method("return 3"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+1>: RootController.go returned int 3; return a string, or a dict for a "
            "template"
        ),
    ),
    Case(
        "a list of strings",
        (appended(method("return ['a']"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+1>: RootController.go returned a list; return a string, or a dict for a "
            "template"
        ),
    ),
    Case(
        "a mounted class",
        (
            appended(
                "\n    class Movies(BaseController):\n        index = TutorialPages.setsession\n\n    go = Movies\n",
                ROOT,
            ),
        ),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+3>: go = Movies mounts a class, and TurboGears needs an instance of it; "
            "write go = Movies()"
        ),
        warnings=(
            (
                "hello/controllers/root.py:<line+3>: go = Movies mounts a class, and TurboGears needs an instance of it; "
                "write go = Movies()"
            ),
        ),
        codes=("controller-class",),
    ),
    Case(
        "a file of text",
        (appended(method("return open(__file__)"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+1>: RootController.go returned a file of text; open it for bytes: "
            'open(name, "rb")'
        ),
    ),
    Case(
        "a value that the session lacks",
        (appended(method("return session['nothing']"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+2>: return session['nothing']: the session has no 'nothing'; write "
            'session.get("nothing"), which is None without it'
        ),
    ),
    Case(
        "a misspelled name",
        (appended(method("return sesion['a']"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged="hello/controllers/root.py:<line+2>: return sesion['a']: there is no sesion; did you mean session?",
    ),
    Case(
        "a misspelled attribute",
        (appended(method("return [].apend(1)"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged="hello/controllers/root.py:<line+2>: return [].apend(1): there is no apend in list; did you mean append?",
    ),
    Case(
        "a value that JSON cannot hold",
        (appended(method("return {'movies': [{'tags': {1}}]}", '("json")'), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+1>: RootController.go returned ['movies'][0]['tags'] as set, which JSON "
            "cannot hold; return a list: sorted(...)"
        ),
    ),
    Case(
        "a value that the session lacks, beside another",
        (appended(method("session['user'] = 1; return session['usr']"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+2>: session['user'] = 1; return session['usr']: the session has no 'usr', "
            "only 'user'; did you mean 'user'? Otherwise write session.get(\"usr\"), which is None without it"
        ),
    ),
    Case(
        "an import in a method",
        (appended(method("import hello.controllers.tutoral"), ROOT),),
        modes=("serve",),
        visit="/go",
        logged=(
            "hello/controllers/root.py:<line+2>: import hello.controllers.tutoral: controllers/tutoral.py is "
            "missing; did you mean hello.controllers.tutorial?"
        ),
    ),
    Case(
        "expose without parentheses",
        (appended(method("return ''", ""), ROOT),),
        warnings=(
            (
                "hello/controllers/root.py:<line>: @expose without parentheses, so that RootController.go is not "
                "exposed; write @expose()"
            ),
        ),
        codes=("expose-parentheses",),
    ),
    Case(
        "an unknown renderer",
        (appended(method("return {}", '("genshi:hello.templates.index")'), ROOT),),
        warnings=(
            (
                'hello/controllers/root.py:<line>: @expose("genshi:hello.templates.index"): there is no renderer genshi '
                "(config/app_cfg.py has json, jinja), so that RootController.go is not exposed; write a template of one "
                'of these, or add "genshi" to "renderers" and install it'
            ),
        ),
        codes=("unknown-renderer",),
    ),
    Case(
        "a mounted class without base",
        (appended("\n    class Movies:\n        index = TutorialPages.setsession\n\n    go = Movies()\n", ROOT),),
        warnings=(
            (
                "hello/controllers/root.py:<line>: class Movies, mounted as go, inherits none of TurboGears' "
                "controllers; write class Movies(BaseController)"
            ),
        ),
        codes=("controller-base",),
    ),
    Case(
        "a root controller without base",
        (replaced("RootController(TutorialPages, BaseController)", "RootController", ROOT),),
        error=(
            "hello/controllers/root.py:10: class RootController inherits none of TurboGears' controllers, so it "
            "cannot answer requests; write class RootController(BaseController)"
        ),
        exit_code=1,
    ),
    Case(
        "a root controller of another name",
        (replaced("class RootController", "class MainController", ROOT),),
        error=(
            "hello/controllers/root.py: there is no class RootController, which TurboGears looks for here; name the "
            "class of the root controller RootController"
        ),
        exit_code=1,
    ),
    Case(
        "the package's own file",
        (deleted("hello/__init__.py"),),
        error="hello/__init__.py: this file is missing; create it; it may be empty",
        exit_code=1,
    ),
    Case(
        "a renamed root controller",
        (renamed(ROOT, "main.py"),),
        error="hello/controllers/root.py: this file is missing; create it, or correct what imports it",
        exit_code=1,
    ),
    Case(
        "make_app without return",
        (replaced("return SecurityHeaders", "SecurityHeaders", "hello/config/application.py"),),
        error=(
            "hello/config/application.py:11: make_app returned None, not a WSGI application; return the application "
            "at its end"
        ),
        exit_code=1,
    ),
    Case(
        "make_app without app_conf",
        (replaced("global_conf, **app_conf", "global_conf", "hello/config/application.py"),),
        error=(
            "hello/config/application.py:11: make_app() does not take the settings of [app:hello], such as csrf.key; "
            "write def make_app(global_conf, **app_conf)"
        ),
        exit_code=1,
    ),
    Case(
        "the session at import",
        (replaced("\nclass RootController", "\nsession['a'] = 1\n\nclass RootController", ROOT),),
        error=(
            "development.ini: the application does not load: TypeError in root.py line 10: "
            "hello/controllers/root.py:10: session['a'] = 1: TurboGears' session, request, response and tmpl_context "
            "exist only while a request is handled; move this into a method of a controller"
        ),
        exit_code=1,
    ),
    Case(
        "a misspelled import",
        (replaced("from tg import", "import sqlalchmy\nfrom tg import", ROOT),),
        error=(
            "development.ini: the application does not load: ModuleNotFoundError in root.py line 3: "
            "hello/controllers/root.py:3: import sqlalchmy: no module named 'sqlalchmy'; did you mean sqlalchemy?"
        ),
        exit_code=1,
    ),
    Case(
        "a distribution that is not installed",
        (replaced("from tg import", "import pandas\nfrom tg import", ROOT),),
        error=(
            "development.ini: the application does not load: ModuleNotFoundError in root.py line 3: "
            "hello/controllers/root.py:3: import pandas: no module named 'pandas'; pip install pandas, and add it to "
            "the dependencies in pyproject.toml"
        ),
        exit_code=1,
    ),
    Case(
        "a module that no known distribution has",
        (replaced("from tg import", "import zqxw.parts\nfrom tg import", ROOT),),
        error=(
            "development.ini: the application does not load: ModuleNotFoundError in root.py line 3: "
            "hello/controllers/root.py:3: import zqxw.parts: no module named 'zqxw'; correct the name, or install the "
            "distribution that has it"
        ),
        modes=("serve", "check"),
        exit_code=1,
    ),
    Case(
        "an import of a deleted module",
        (deleted("hello/lib/csrf.py"),),
        error=(
            "development.ini: the application does not load: ModuleNotFoundError in app_cfg.py line 7: "
            "hello/config/app_cfg.py:7: from hello.lib.csrf import FIELD: lib/csrf.py is missing; create it, or "
            "correct the import"
        ),
        modes=("serve", "check"),
        exit_code=1,
    ),
    Case(
        "a package that has been renamed",
        (renamed("hello", "movies"), replaced("hello.config", "movies.config")),
        error=(
            "development.ini: the application does not load: ModuleNotFoundError in application.py line 3: "
            "movies/config/application.py:3: from hello.config.app_cfg import base_config: no module named 'hello'; "
            "the package is now movies: import that, or give its folder its old name, hello"
        ),
        modes=("check",),
        exit_code=1,
    ),
    Case(
        "the module of TurboGears 1",
        (replaced("from tg import", "from turbogears import", ROOT),),
        error=(
            "development.ini: the application does not load: ModuleNotFoundError in root.py line 3: "
            "hello/controllers/root.py:3: from turbogears import expose, flash, redirect, session: no module "
            "named 'turbogears'; TurboGears 2 is imported as tg"
        ),
        exit_code=1,
    ),
    Case(
        "a misspelled name in an import",
        (replaced("import csrf_protected", "import csrf_protectd", ROOT),),
        error=(
            "development.ini: the application does not load: ImportError in root.py line 7: "
            "hello/controllers/root.py:7: from hello.lib.csrf import csrf_protectd: there is no csrf_protectd; did "
            "you mean csrf_protected?"
        ),
        exit_code=1,
    ),
    Case(
        "a configuration without package",
        (replaced('"package": hello,', "", "hello/config/app_cfg.py"),),
        error=(
            'TurboGears finds no controllers, since its configuration names no package; write "package": hello, or '
            "your package's name, in config/app_cfg.py"
        ),
        exit_code=1,
    ),
    Case(
        "exit at import",
        (replaced("from tg import", "exit()\nfrom tg import", ROOT),),
        error=(
            "development.ini: the application does not load: root.py line 3 ended Python: exit(); remove it; code "
            "that runs at import must return"
        ),
        exit_code=1,
    ),
    Case(
        "two modules that import each other",
        (appended("from hello.controllers.root import RootController", "hello/lib/base.py"),),
        error=(
            "development.ini: the application does not load: ImportError in base.py line <line>: "
            "hello/lib/base.py:<line>: from hello.controllers.root import RootController: this module and "
            "hello.controllers.root import each other, so that RootController is not defined yet; move the import "
            "into the function that needs it"
        ),
        exit_code=1,
    ),
    Case(
        "a colon that is missing",
        (
            replaced(
                "class RootController(TutorialPages, BaseController):",
                "class RootController(TutorialPages, BaseController)",
                ROOT,
            ),
        ),
        error=(
            "development.ini: the application does not load: SyntaxError in root.py line <line>; fix it and try again"
        ),
        exit_code=1,
    ),
    Case(
        "tabs and spaces mixed",
        (appended("\n    @expose()\n\tdef go(self):\n        return 1", ROOT),),
        error="development.ini: the application does not load: TabError in root.py line 38; fix it and try again",
        exit_code=1,
    ),
    Case(
        "a misspelled import from tg",
        (replaced("from tg import", "from tg import redirct,", ROOT),),
        error=(
            "development.ini: the application does not load: ImportError in root.py line <line>: "
            "hello/controllers/root.py:<line>: from tg import redirct, expose, flash, redirect, session: there is no "
            "redirct; did you mean redirect?"
        ),
        exit_code=1,
    ),
    Case(
        "a syntax error in a file that nothing imports",
        (written("hello/controllers/movies.py", "def f(:\n"),),
        modes=("check",),
        warnings=(
            (
                "hello/controllers/movies.py:<line>: SyntaxError: invalid syntax; fix it, since whatever imports this "
                "file fails"
            ),
        ),
        codes=("code-syntax",),
    ),
    Case(
        "a loop in a template that is not closed",
        (appended("{% for x in items %}x", "hello/templates/index.jinja"),),
        modes=("check",),
        warnings=(
            (
                "hello/templates/index.jinja:<line>: Unexpected end of template. Jinja was looking for the following "
                "tags: 'endfor' or 'else'. The innermost block that needs to be closed is 'for'; fix it, since each page "
                "with this template fails"
            ),
        ),
        codes=("template-syntax",),
    ),
    Case(
        "a filter in a template that Jinja does not have",
        (replaced("{% block content %}", "{% block content %}{{ 1|mony }}", "hello/templates/index.jinja"),),
        modes=("check",),
        warnings=(
            (
                "hello/templates/index.jinja:<line>: No filter named 'mony'; fix it, since each page with this template "
                "fails"
            ),
        ),
        codes=("template-syntax",),
    ),
    Case(
        "a variable in a template that is not closed",
        (appended("{{ title }", "hello/templates/index.jinja"),),
        modes=("check",),
        warnings=(
            ("hello/templates/index.jinja:<line>: unexpected '}'; fix it, since each page with this template fails"),
        ),
        codes=("template-syntax",),
    ),
    Case(
        "a block in a template that occurs twice",
        (
            appended(
                "{% block content %}{% endblock %}{% block content %}{% endblock %}", "hello/templates/index.jinja"
            ),
        ),
        modes=("check",),
        warnings=(
            (
                "hello/templates/index.jinja:<line>: block 'content' defined twice; fix it, since each page with this "
                "template fails"
            ),
        ),
        codes=("template-syntax",),
    ),
    Case(
        "a form without a token",
        (appended("<form method='post' action='/save'><input name='a'></form>", "hello/templates/index.jinja"),),
        modes=("check",),
        warnings=(
            (
                "hello/templates/index.jinja:<line>: this form sends no CSRF token, so methods that require one answer "
                '403; add <input type="hidden" name="{{ h.csrf_field }}" value="{{ h.csrf_token() }}"> to it'
            ),
        ),
        codes=("form-without-token",),
    ),
    Case(
        "a conflict in code that git has marked",
        (replaced("from tg import", "<<<<<<< HEAD\nfrom tg import", ROOT),),
        error=(
            "development.ini: the application does not load: SyntaxError in root.py line <line>: "
            "hello/controllers/root.py:<line>: git has marked a conflict here; keep one of the two versions, and delete "
            "the lines that begin with <<<<<<<, ======= and >>>>>>>"
        ),
        modes=("check", "reload"),
        exit_code=1,
    ),
    Case(
        "an environment variable that the code needs",
        (replaced("from tg import", "import os; KEY = os.environ['MY_KEY']\nfrom tg import", ROOT),),
        error=(
            "development.ini: the application does not load: KeyError in root.py line <line>: "
            "hello/controllers/root.py:<line>: import os; KEY = os.environ['MY_KEY']: the environment variable MY_KEY "
            'is not set; set it: export MY_KEY=..., or write os.environ.get("MY_KEY")'
        ),
        modes=("check", "serve"),
        exit_code=1,
    ),
    Case(
        "a template that is not UTF-8",
        (not_utf8("hello/templates/index.jinja"),),
        logged="hello/templates/index.jinja:<line>: this is not UTF-8; save the file as UTF-8",
        visit="/",
        modes=("serve",),
    ),
    Case(
        "a template that is not UTF-8, found by check",
        (not_utf8("hello/templates/index.jinja"),),
        warnings=(
            (
                "hello/templates/index.jinja:<line>: this is not UTF-8; save it as UTF-8, since each page with this template "
                "fails"
            ),
        ),
        codes=("template-syntax",),
        modes=("check",),
    ),
)
