"""Mistakes in sections, headers, indents, factories and logging."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.cases.environment import PRODUCTION
from mistakes.edits import appended, line, replaced, setting

CASES = (
    Case(
        "a session setting in [server:main]",
        (line("server:main", "session.timeout = 60"),),
        error=(
            "development.ini:<line>: session.timeout = 60: waitress has no such setting; write "
            "session.timeout in [filter:session]"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a session setting at the end of the file",
        (appended("session.timeout = 60"),),
        error=(
            "development.ini:<line>: session.timeout = 60: nothing reads this setting in "
            "[formatter_generic]; write session.timeout in [filter:session]"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a session setting in [serve]",
        (line("serve", "session.timeout = 60"),),
        error=(
            "development.ini:<line>: session.timeout = 60: [serve] has no such setting; write "
            "session.timeout in [filter:session]"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "debug switched off in [app:hello] only",
        (line("app:hello", "debug = false"),),
        error=(
            "development.ini:<line>: debug = false: no effect in [app:hello]: debug = true in [DEFAULT] "
            "wins; change line <line of debug = true>, or write set debug = false"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "debug at the end of the file",
        (appended("debug = false"),),
        error=(
            "development.ini:<line>: debug = false: nothing reads this setting in [formatter_generic]; "
            "write debug in [DEFAULT]"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "debug in [serve]",
        (line("serve", "debug = false"),),
        error="development.ini:<line>: debug = false: [serve] has no such setting; write debug in [DEFAULT]",
        modes=("check", "workers"),
    ),
    Case(
        "use = waitress",
        (replaced("use = egg:waitress#main", "use = waitress"),),
        error=(
            "development.ini:<line>: use = waitress: there is no section [server:waitress] in "
            "development.ini; write use = egg:waitress#main"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled server",
        (replaced("use = egg:waitress#main", "use = egg:waitres#main"),),
        error=(
            "development.ini:<line>: use = egg:waitres#main: no distribution 'waitres' is installed; did "
            "you mean egg:waitress#main?"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a colon instead of # in use",
        (replaced("use = egg:waitress#main", "use = egg:waitress:main"),),
        error=(
            "development.ini:<line>: use = egg:waitress:main: the name of the factory follows a #; write "
            "egg:waitress#main"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "an ASGI server",
        (replaced("use = egg:waitress#main", "use = egg:uvicorn#main"),),
        error=(
            "development.ini:<line>: use = egg:uvicorn#main: uvicorn serves ASGI applications, and this "
            "is a WSGI application; use = egg:waitress#main is the server of this project"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a scheme in upper case",
        (replaced("use = egg:waitress#main", "use = Egg:waitress#main"),),
        error="development.ini:<line>: use = Egg:waitress#main: Egg: is not a scheme; write egg:waitress#main",
        modes=("check", "reload"),
    ),
    Case(
        "use without a value",
        (replaced("use = egg:waitress#main", "use ="),),
        error="development.ini:<line>: use =: it names nothing; write for example use = egg:waitress#main",
        modes=("check", "workers"),
    ),
    Case(
        "a misspelled filter factory",
        (replaced("use = egg:gearbox_lite#session", "use = egg:gearbox_lite#sesion"),),
        error=(
            "development.ini:<line>: use = egg:gearbox_lite#sesion: gearbox_lite has no filter 'sesion'; "
            "did you mean gearbox_lite#session?"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a pipeline with commas",
        (replaced("pipeline = debug session hello", "pipeline = session, hello"),),
        error=(
            "development.ini:<line>: pipeline = session, hello: a pipeline is names of sections with "
            "spaces between them; write pipeline = session hello"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a pipeline in the wrong order",
        (replaced("pipeline = debug session hello", "pipeline = hello session"),),
        error=(
            "development.ini:<line>: pipeline = hello session: the application comes last; write "
            "pipeline = session hello"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a pipeline in quotes",
        (replaced("pipeline = debug session hello", 'pipeline = "session hello"'),),
        error=(
            'development.ini:<line>: pipeline = "session hello": the value has quotes around it, which '
            "belong to it in an ini; remove the quotes"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled attribute of log records",
        (replaced("%(asctime)s", "%(asctme)s"),),
        error=(
            "development.ini:<line>: format = %(asctme)s %(levelname)-5.5s [%(name)s] %(message)s: a log "
            "record has no asctme; did you mean %(asctime)s?"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a log format without s",
        (replaced("%(message)s", "%(message)"),),
        error=(
            "development.ini:<line>: format = %(asctime)s %(levelname)-5.5s [%(name)s] %(message): "
            "%(message) has no type; write %(message)s"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a misspelled section of logging",
        (replaced("[loggers]", "[logers]"),),
        error="development.ini:<line>: nothing reads a section [logers]; write [loggers]",
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled section of a handler",
        (replaced("[handler_console]", "[handlers_console]"),),
        error="development.ini:<line>: nothing reads a section [handlers_console]; write [handler_console]",
        modes=("check", "reload"),
    ),
    Case(
        "[server:main without ]",
        (replaced("[server:main]", "[server:main"),),
        error="development.ini:<line>: '[server:main' is not a section header; close it with ]",
        modes=("check", "workers"),
    ),
    Case(
        "[filter:session without ]",
        (replaced("[filter:session]", "[filter:session"),),
        error="development.ini:<line>: '[filter:session' is not a section header; close it with ]",
        modes=("check", "serve"),
    ),
    Case(
        "a header without [",
        (replaced("[serve]", "serve]"),),
        error="development.ini:<line>: 'serve]' is not a section header; write [serve]",
        modes=("check", "reload"),
    ),
    Case(
        "a header with two brackets",
        (replaced("[serve]", "[[serve]]"),),
        error="development.ini:<line>: '[[serve]]' is not a section header; write [serve]",
        modes=("check", "workers"),
    ),
    Case(
        "[default] in lower case",
        (replaced("[DEFAULT]", "[default]"),),
        error="development.ini:<line>: nothing reads a section [default]; write [DEFAULT]",
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled [server:main]",
        (replaced("[server:main]", "[sever:main]"),),
        error="development.ini:<line>: nothing reads a section [sever:main]; write [server:main]",
        modes=("check", "reload"),
    ),
    Case(
        "a misspelled name in [server:main]",
        (replaced("[server:main]", "[server:mian]"),),
        error=(
            "development.ini:<line>: there is no section [server:main], but [server:mian]; rename it to "
            "[server:main], or pass --server-name mian"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a misspelled [serve]",
        (replaced("[serve]", "[serv]"),),
        error="development.ini:<line>: nothing reads a section [serv]; write [serve]",
        modes=("check", "serve"),
    ),
    Case(
        "a misspelled [pipeline:main]",
        (replaced("[pipeline:main]", "[pipline:main]"),),
        error="development.ini:<line>: nothing reads a section [pipline:main]; write [pipeline:main]",
        modes=("check", "reload"),
    ),
    Case(
        "[session] without filter:",
        (replaced("[filter:session]", "[session]"),),
        error="development.ini:<line>: nothing reads a section [session]; write [filter:session]",
        modes=("check", "workers"),
    ),
    Case(
        "[hello] without app:",
        (replaced("[app:hello]", "[hello]"),),
        error="development.ini:<line>: nothing reads a section [hello]; write [app:hello]",
        modes=("check", "serve"),
    ),
    Case(
        "a setting behind a tab",
        (replaced("session.timeout = 86400", "\tsession.timeout = 3600", file="production.ini"),),
        error=(
            "production.ini:<line>: this line is indented, so it continues line <line of "
            "session.data_serializer = json>; remove the indent"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "an indented setting",
        (replaced("session.timeout = 86400", "  session.timeout = 3600", file="production.ini"),),
        error=(
            "production.ini:<line>: this line is indented, so it continues line <line of "
            "session.data_serializer = json>; remove the indent"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "a setting behind a no-break space",
        (replaced("session.timeout = 86400", "\xa0session.timeout = 3600", file="production.ini"),),
        error=(
            "production.ini:<line>: this line begins with an invisible character, no-break space "
            "(U+00A0), so it continues line <line of session.data_serializer = json>; delete that "
            "character"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "an indented header",
        (replaced("[app:hello]", "  [app:hello]", file="production.ini"),),
        error=(
            "production.ini:<line>: this line is indented, so it continues line <line of "
            "session.samesite = Lax>; remove the indent"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "a dot instead of a colon in the factory",
        (setting("paste.app_factory", "hello.config.application.make_app", file="production.ini"),),
        error=(
            "production.ini:<line>: paste.app_factory = hello.config.application.make_app: this names no "
            "function; write hello.config.application:make_app"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "a path as the factory",
        (setting("paste.app_factory", "hello/config/application.py:make_app", file="production.ini"),),
        error=(
            "production.ini:<line>: paste.app_factory = hello/config/application.py:make_app: this names "
            "no function; write hello.config.application:make_app"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "app_factory without paste.",
        (
            replaced(
                "paste.app_factory = hello.config.application:make_app",
                "app_factory = hello.config.application:make_app",
                file="production.ini",
            ),
        ),
        error=(
            "production.ini:<line>: app_factory = hello.config.application:make_app: nothing reads a "
            "setting of this name; write paste.app_factory"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "a factory in use",
        (
            replaced(
                "paste.app_factory = hello.config.application:make_app",
                "use = hello.config.application:make_app",
                file="production.ini",
            ),
        ),
        error=(
            "production.ini:<line>: use = hello.config.application:make_app: there is no section "
            "[app:hello.config.application:make_app] in production.ini; write paste.app_factory = "
            "hello.config.application:make_app"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "a file name as a setting of a handler",
        (line("handler_console", "filename = x.log", file="production.ini"),),
        error=(
            "production.ini:<line>: filename = x.log: nothing reads this setting in [handler_console]; "
            "write args = ('hello.log',) for class = FileHandler"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "workers in [DEFAULT]",
        (line("DEFAULT", "workers = 4", file="production.ini"),),
        error=("production.ini:<line>: workers = 4: nothing reads this setting in [DEFAULT]; write workers in [serve]"),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "a conflict that git has marked",
        (replaced("[server:main]", "<<<<<<< HEAD\n[server:main]"),),
        error=(
            "development.ini:<line>: git has marked a conflict here; keep one of the two versions, and delete the lines "
            "that begin with <<<<<<<, ======= and >>>>>>>"
        ),
        modes=("check", "workers"),
    ),
)
