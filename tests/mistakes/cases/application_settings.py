"""Mistakes in [app:...] and in logging, which show only while the application loads."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import line, replaced, setting

UNREAD = ("unread-setting",)


def unread(mistake: str, text: str, remedy: str, shown: str = "") -> Case:
    """Return the case of a line in [app:hello] that nothing reads."""
    answer = f"development.ini:<line>: {shown or text}: nothing reads this setting in [app:hello]; {remedy}"
    return Case(mistake, (line("app:hello", text),), warnings=(answer,), codes=UNREAD, modes=("check",))


CASES = (
    Case(
        "a log file in a folder that is missing",
        (setting("class", "FileHandler"), setting("args", "('logs/app.log',)")),
        error=(
            "development.ini:<line>: args = ('logs/app.log',): logging cannot be set up: FileNotFoundError: [Errno "
            "2] No such file or directory: '<project>/logs/app.log'; create its folder: mkdir -p logs"
        ),
    ),
    unread("a misspelled setting of TurboGears", "auto_reload_template = true", "did you mean auto_reload_templates?"),
    unread("a misspelled setting of the project", "serve_statics = true", "did you mean serve_static?"),
    unread("a setting that nothing knows", "colour = red", "remove the line, or correct its name"),
    unread("workers in [app:hello]", "workers = 4", "write workers in [serve]"),
    unread(
        "Pyramid's includes",
        "pyramid.includes = pyramid_debugtoolbar",
        "remove the line; it belongs to Pyramid, and this is a TurboGears application",
    ),
    unread(
        "Flask's SECRET_KEY",
        "SECRET_KEY = a-secret-of-mine",
        "write csrf.key for forms; the session's keys are in [filter:session]",
        "SECRET_KEY = ...",
    ),
    unread(
        "a database URL without a database",
        "sqlalchemy.url = sqlite:///x.db",
        "remove the line, or switch use_sqlalchemy on in config/app_cfg.py",
    ),
    Case(
        "a misspelled boolean in [app:hello]",
        (setting("serve_static", "flase"),),
        error="development.ini:<line>: serve_static = flase: not a boolean; write true or false",
    ),
    Case(
        "csrf_key instead of csrf.key",
        (replaced("csrf.key =", "csrf_key ="),),
        error="development.ini:<line>: csrf_key = ...: nothing reads this setting; write csrf.key",
    ),
    Case(
        "a renderer that is switched off",
        (line("app:hello", "default_renderer = genshi"),),
        error=(
            "development.ini:<line>: default_renderer = genshi: the application's renderers are json, jinja; add it to "
            '"renderers" in config/app_cfg.py, or remove the line'
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a misspelled module of the factory",
        (setting("paste.app_factory", "hello.config.aplication:make_app"),),
        error=(
            "development.ini:<line>: paste.app_factory = hello.config.aplication:make_app: there is no module "
            "hello.config.aplication; did you mean hello.config.application?"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a misspelled function of the factory",
        (setting("paste.app_factory", "hello.config.application:make_ap"),),
        error=(
            "development.ini:<line>: paste.app_factory = hello.config.application:make_ap: module "
            "hello.config.application has no make_ap; did you mean hello.config.application:make_app?"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled package of the factory",
        (setting("paste.app_factory", "helo.config.application:make_app"),),
        error=(
            "development.ini:<line>: paste.app_factory = helo.config.application:make_app: there is no module helo; "
            "did you mean hello?"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a pipeline without the session",
        (replaced("pipeline = debug session hello", "pipeline = hello"),),
        error=(
            "development.ini:<line>: pipeline = hello: [filter:session] is left out, but hello/lib/helpers.py uses the "
            "session; write pipeline = session hello"
        ),
    ),
    Case(
        "stock Beaker's filter",
        (replaced("egg:gearbox_lite#session", "egg:Beaker#beaker_session"),),
        warnings=(
            (
                "development.ini:<line>: use = egg:Beaker#beaker_session: this session is not protected; write use = "
                "egg:gearbox_lite#session"
            ),
        ),
        codes=("unprotected-session",),
        modes=("check", "serve"),
    ),
    Case(
        "a logger that is not among the keys",
        (replaced("keys = root, hello", "keys = root"),),
        warnings=(
            (
                "development.ini:<line of [logger_hello]>: [logger_hello]: logging does not read this section; add "
                "hello to the keys of [loggers], or remove it"
            ),
        ),
        codes=UNREAD,
        modes=("check", "reload"),
    ),
    Case(
        "a level in lower case",
        (replaced("level = INFO", "level = info"),),
        error=(
            "development.ini:<line>: level = info: logging cannot be set up: ValueError: Unknown level: 'info'; write "
            "INFO"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled class of a handler",
        (setting("class", "StreamHander"),),
        error=(
            "development.ini:<line>: class = StreamHander: logging cannot be set up: ModuleNotFoundError: No module "
            "named 'StreamHander'; write StreamHandler"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled formatter",
        (setting("formatter", "generc"),),
        error=(
            "development.ini:<line>: formatter = generc: logging cannot be set up: there is no 'generc'; write generic"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "arguments that are a string",
        (setting("args", "('hello.log')"),),
        error=(
            "development.ini:<line>: args = ('hello.log'): this is a string, not a tuple of arguments; write "
            "('hello.log',)"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "the project as a distribution",
        (replaced("paste.app_factory = hello.config.application:make_app", "use = egg:hello"),),
        error=(
            "development.ini:<line>: use = egg:hello: no distribution 'hello' is installed; pip install -e . here, or "
            "write paste.app_factory = hello.config.application:make_app instead of use"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a factory in quotes",
        (
            replaced(
                "paste.app_factory = hello.config.application:make_app",
                'paste.app_factory = "hello.config.application:make_app"',
            ),
        ),
        error=(
            'development.ini:<line>: paste.app_factory = "hello.config.application:make_app": this names no function; '
            "write hello.config.application:make_app"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a setting that needs a library",
        (line("app:hello", "use_ming = true"),),
        error="development.ini:<line>: use_ming = true: it needs the library Ming; pip install Ming, or set use_ming = false",
        modes=("check", "serve"),
    ),
)
