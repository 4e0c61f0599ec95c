"""Mistakes in the settings of sessions and their stores."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.cases.environment import PRODUCTION
from mistakes.edits import line, setting

CASES = (
    Case(
        "a comment behind a Redis URL",
        (setting("session.type", "ext:redis"), setting("session.url", "redis://localhost:6379/3 ; x")),
        error=(
            "development.ini:<line of session.url = redis://localhost:6379/3 ; x>: session.url = "
            "redis://localhost:6379/3 ; x: the value has a comment; write the comment on a line of its "
            "own"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a Redis database that is not a number",
        (setting("session.type", "ext:redis"), setting("session.url", "redis://localhost:6379/abc")),
        error=(
            "development.ini:<line of session.url = redis://localhost:6379/abc>: session.url = "
            "redis://localhost:6379/abc: 'abc' is not the number of a database; write for example "
            "redis://localhost:6379/0"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a Redis URL without a scheme",
        (setting("session.type", "ext:redis"), setting("session.url", "localhost:6379")),
        error=(
            "development.ini:<line of session.url = localhost:6379>: session.url = localhost:6379: it "
            "has no redis://; write redis://localhost:6379/0"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a port in a Redis URL that is not a number",
        (setting("session.type", "ext:redis"), setting("session.url", "redis://localhost:abc/0")),
        error=(
            "development.ini:<line of session.url = redis://localhost:abc/0>: session.url = "
            "redis://localhost:abc/0: 'abc' is not a port number; write for example "
            "redis://localhost:6379/0"
        ),
        modes=("check", "serve"),
        keeps_port=True,
    ),
    Case(
        "a memcached port that is not a number",
        (setting("session.type", "ext:memcached"), setting("session.url", "127.0.0.1:abc")),
        error=(
            "development.ini:<line of session.url = 127.0.0.1:abc>: session.url = 127.0.0.1:abc: 'abc' "
            "is not a port number; write for example 127.0.0.1:11211"
        ),
        modes=("check", "reload"),
        keeps_port=True,
    ),
    Case(
        "a memcached address with a scheme",
        (setting("session.type", "ext:memcached"), setting("session.url", "memcached://localhost:11211")),
        error=(
            "development.ini:<line of session.url = memcached://localhost:11211>: session.url = "
            "memcached://localhost:11211: the address of memcached has no memcached://; write "
            "localhost:11211"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "memcached servers with commas between them",
        (setting("session.type", "ext:memcached"), setting("session.url", "a:1,b:1")),
        error=(
            "development.ini:<line of session.url = a:1,b:1>: session.url = a:1,b:1: servers are "
            "separated by semicolons; write a:1;b:1"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a memcached address without a port",
        (setting("session.type", "ext:memcached"), setting("session.url", "localhost")),
        error=(
            "development.ini:<line of session.url = localhost>: session.url = localhost: localhost has "
            "no port; write localhost:11211"
        ),
        modes=("check", "reload"),
        keeps_port=True,
    ),
    Case(
        "a Redis URL for memcached",
        (setting("session.type", "ext:memcached"), setting("session.url", "redis://localhost:6379/0")),
        error=(
            "development.ini:<line of session.url = redis://localhost:6379/0>: session.url = "
            "redis://localhost:6379/0: redis:// is not for ext:memcached; write session.type = "
            "ext:redis, or another address"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "postgres:// as a database URL",
        (setting("session.type", "ext:database"), setting("session.url", "postgres://u:secretpw@localhost/hello")),
        error=(
            "development.ini:<line of session.url = postgres://u:secretpw@localhost/hello>: session.url "
            "= postgres://u:***@localhost/hello: there is no dialect postgres; write postgresql:// "
            "instead of postgres://"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a path as a database URL",
        (setting("session.type", "ext:database"), setting("session.url", "%(here)s/sessions.db")),
        error=(
            "development.ini:<line of session.url = %(here)s/sessions.db>: session.url = "
            "<project>/sessions.db: a path is not an address; write sqlite:///<project>/sessions.db"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a SQLite URL with two slashes",
        (setting("session.type", "ext:database"), setting("session.url", "sqlite://sessions.db")),
        error=(
            "development.ini:<line of session.url = sqlite://sessions.db>: session.url = "
            "sqlite://sessions.db: the path follows three slashes; write sqlite:///sessions.db"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a database URL in quotes",
        (setting("session.type", "ext:database"), setting("session.url", "'sqlite:///sessions.db'")),
        error=(
            "development.ini:<line of session.url = 'sqlite:///sessions.db'>: session.url = "
            "'sqlite:///sessions.db': the value has quotes around it, which belong to it in an ini; "
            "remove the quotes"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a Redis URL for a database",
        (setting("session.type", "ext:database"), setting("session.url", "redis://localhost:6379/0")),
        error=(
            "development.ini:<line of session.url = redis://localhost:6379/0>: session.url = "
            "redis://localhost:6379/0: redis:// is not for ext:database; write session.type = ext:redis, "
            "or another address"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a comment behind a database URL",
        (setting("session.type", "ext:database"), setting("session.url", "sqlite:///%(here)s/s.db ; the database")),
        error=(
            "development.ini:<line of session.url = sqlite:///%(here)s/s.db ; the database>: session.url "
            "= sqlite:///<project>/s.db ; the database: the value has a comment; write the comment on a "
            "line of its own"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a home folder with ~",
        (setting("session.type", "file"), setting("session.data_dir", "~/sessions")),
        error=(
            "development.ini:<line of session.data_dir = ~/sessions>: session.data_dir = ~/sessions: the "
            "value has ~, which an ini does not expand; write the whole path, or one relative to the "
            "ini: %(here)s/..."
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a folder in quotes",
        (setting("session.type", "file"), setting("session.data_dir", '"%(here)s/data"')),
        error=(
            'development.ini:<line of session.data_dir = "%(here)s/data">: session.data_dir = '
            '"<project>/data": the value has quotes around it, which belong to it in an ini; remove the '
            "quotes"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a comment behind a folder",
        (setting("session.type", "file"), setting("session.data_dir", "data ; here")),
        error=(
            "development.ini:<line of session.data_dir = data ; here>: session.data_dir = data ; here: "
            "the value has a comment; write the comment on a line of its own"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "%(here) without s",
        (setting("session.type", "file"), setting("session.data_dir", "%(here)/data")),
        error=(
            "development.ini:<line of session.data_dir = %(here)/data>: session.data_dir = ...: %(here) "
            "is not how an ini refers to a variable; write %(here)s"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "a folder with a variable of a shell",
        (setting("session.type", "file"), setting("session.data_dir", "${HOME}/s")),
        error=(
            "development.ini:<line of session.data_dir = ${HOME}/s>: session.data_dir = ${HOME}/s: the "
            "value refers to HOME in a way that an ini does not expand; write %(ENV_HOME)s"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a folder with the braces of a template",
        (setting("session.type", "file"), setting("session.data_dir", "{{ here }}/s")),
        error=(
            "development.ini:<line of session.data_dir = {{ here }}/s>: session.data_dir = {{ here }}/s: "
            "the value has the braces of a template, which nothing fills in; write the value itself"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "session.cookie_secure",
        (line("filter:session", "session.cookie_secure = true"),),
        error=("development.ini:<line>: session.cookie_secure = ...: there is no such option; write session.secure"),
        modes=("check", "reload"),
    ),
    Case(
        "session.path",
        (line("filter:session", "session.path = /"),),
        error="development.ini:<line>: session.path = ...: there is no such option; write session.cookie_path",
        modes=("check", "workers"),
    ),
    Case(
        "session.max_age",
        (line("filter:session", "session.max_age = 3"),),
        error="development.ini:<line>: session.max_age = ...: there is no such option; write session.timeout",
        modes=("check", "serve"),
    ),
    Case(
        "session.enabled in the filter",
        (line("filter:session", "session.enabled = true"),),
        error=(
            "development.ini:<line>: session.enabled = ...: there is no such option; remove the line; "
            "the filter in the pipeline switches the session on"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "session.backend",
        (line("filter:session", "session.backend = file"),),
        error="development.ini:<line>: session.backend = ...: there is no such option; write session.type",
        modes=("check", "workers"),
    ),
    Case(
        "a time with a unit",
        (setting("session.timeout", "1d", file="production.ini"),),
        error=(
            "production.ini:<line>: session.timeout = 1d: this value cannot be used; write a whole "
            "number of seconds: 86400"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "two equals signs",
        (setting("session.timeout", "= 3600", file="production.ini"),),
        error="production.ini:<line>: session.timeout = = 3600: the value begins with another =; write one =",
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "an invisible character in a value",
        (setting("session.timeout", "3600\u200b", file="production.ini"),),
        error=(
            "production.ini:<line>: session.timeout = 3600\\u200b: the value has an invisible character, zero "
            "width space (U+200B); delete it"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "a value in typographic quotes",
        (setting("session.timeout", "“3600”", file="production.ini"),),
        error=(
            "production.ini:<line>: session.timeout = “3600”: the value has quotes around it, which "
            "belong to it in an ini; remove the quotes"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "sqlite as the type of sessions",
        (setting("session.type", "sqlite", file="production.ini"),),
        error="production.ini:<line>: session.type = sqlite: this value cannot be used; write ext:database",
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "database sessions without a URL",
        (setting("session.type", "ext:database", file="production.ini"),),
        error=(
            "production.ini:<line of use = egg:gearbox_lite#session>: session.url: a session of type "
            "ext:database needs it; add for example session.url = sqlite:///%(here)s/sessions.db"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "session.name",
        (line("filter:session", "session.name = hello"),),
        error="development.ini:<line>: session.name = ...: there is no such option; write session.key",
        modes=("check", "serve"),
    ),
    Case(
        "an encoded character in a password",
        (setting("session.type", "ext:redis"), setting("session.url", "redis://u:p%40ss@localhost:1/0")),
        error="development.ini:<line>: session.url = ...: invalid interpolation; write %% for a percent sign",
        modes=("check", "workers"),
        secrets=("p%40ss",),
    ),
    Case(
        "a file as the folder of sessions",
        (setting("session.type", "file"), setting("session.data_dir", "%(here)s/README.md")),
        error=(
            "development.ini:<line>: session.data_dir = <project>/README.md: README.md/container_file cannot be "
            "created: Not a directory; name another folder"
        ),
        modes=("check", "serve"),
    ),
)
