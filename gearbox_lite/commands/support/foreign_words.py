"""What people of other tools type, and what it is called here: the tables behind the answer to a mistyped command line.

Flask, Django, Rails, npm, gearbox, Pyramid's pserve, gunicorn, uvicorn, waitress-serve, git and Docker are the sources.
Names are compared without case, hyphens and underscores, so one spelling of each is enough.
"""

from __future__ import annotations

from collections.abc import Mapping

_STOP = "press Ctrl-C in its terminal, or stop its service: systemctl stop"
_TEST = "projects use pytest: pip install -e . --group dev, then pytest"
_DATABASE = "write gearbox-lite migrate, or gearbox-lite setup-app for the websetup"

FOREIGN_COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("start", "run", "runserver", "server", "s", "dev", "develop", "up", "pserve", "preview", "watch", "launch"),
        "write gearbox-lite serve",
    ),
    **dict.fromkeys(("prod", "production"), "write gearbox-lite serve production.ini"),
    **dict.fromkeys(
        ("new", "init", "create", "create-app", "start-project", "create-project", "pcreate", "new-project", "project"),
        "write gearbox-lite quickstart NAME",
    ),
    **dict.fromkeys(
        ("generate", "g", "start-app", "add", "controller", "make", "make-controller", "create-controller"),
        "write gearbox-lite scaffold controller NAME",
    ),
    **dict.fromkeys(("console", "c", "python", "repl", "pshell", "tgshell", "ipython"), "write gearbox-lite shell"),
    **dict.fromkeys(("urls", "show-urls", "proutes", "url"), "write gearbox-lite routes"),
    **dict.fromkeys(("lint", "validate", "verify", "doctor", "diagnose", "audit"), "write gearbox-lite check"),
    **dict.fromkeys(("about", "env", "status", "debug", "show"), "write gearbox-lite info"),
    **dict.fromkeys(("purge", "clear-sessions", "prune"), "write gearbox-lite session purge"),
    **dict.fromkeys(("rotate-key", "rotate", "rotate-keys", "rotate-secret"), "write gearbox-lite session rotate-key"),
    **dict.fromkeys(("help", "h", "?", "/?", "/h", "/help", "man", "usage"), "write gearbox-lite --help"),
    **dict.fromkeys(("version", "v"), "write gearbox-lite --version"),
    **dict.fromkeys(("stop", "shutdown", "kill", "quit", "down", "halt"), f"to stop a server, {_STOP}"),
    **dict.fromkeys(
        ("restart", "reload"),
        "serve --reload reloads by itself; a service is reloaded by systemctl reload",
    ),
    **dict.fromkeys(
        (
            "db",
            "migration",
            "migrations",
            "alembic",
            "make-migrations",
            "init-db",
            "create-db",
            "db-migrate",
            "syncdb",
            "seed",
        ),
        _DATABASE,
    ),
    **dict.fromkeys(("test", "pytest", "tests", "nosetests"), _TEST),
    **dict.fromkeys(("install", "i", "update", "upgrade", "add-package"), "packages are installed with pip"),
    **dict.fromkeys(
        ("build", "compile", "dist", "package", "make-package"),
        "a project is built with pip wheel . (its README describes it)",
    ),
    **dict.fromkeys(
        ("deploy", "publish", "push", "release"),
        "the project's README and its folder deploy/ describe the deployment",
    ),
    **dict.fromkeys(("login", "createsuperuser", "user", "adduser"), "a project comes without users"),
    **dict.fromkeys(("static", "collectstatic", "assets"), "files in the package's public/ are served as they are"),
    **{name: f"it is a command of gearbox: gearbox {name}" for name in ("patch", "tgext", "tgdocs", "quickstart-api")},
    "sessions": "write gearbox-lite session",
    "template": "write gearbox-lite templates",
    "route": "write gearbox-lite routes",
    "checks": "write gearbox-lite check",
}
"""Words that are no commands here, and what to do instead."""

_TLS = "the server speaks plain HTTP; let nginx do TLS, as in the project's deploy/nginx.conf"
_FOREGROUND = "serve stays in the foreground; run it as a service with systemd, as in the project's deploy/"
_USER = "start it as that user, for example with User= in systemd"
_LOG = "logging is set up in the ini, in its sections [logger_...] and [handler_...]"
_INI = "name the ini instead: gearbox-lite serve production.ini"
_DEBUG = "debug is a setting of [DEFAULT] in the ini: true in development.ini, false in production.ini"

SERVE_OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("p",), "write --port {value}"),
    **dict.fromkeys(("H", "address", "addr", "ip", "hostname", "interface"), "write --host {value}"),
    **dict.fromkeys(("bind", "listen", "B", "l"), "write {address}"),
    **dict.fromkeys(("w", "worker", "processes", "num-workers", "worker-count"), "write --workers {value}"),
    **dict.fromkeys(
        ("r", "auto-reload", "use-reloader", "autoreload", "live", "hot", "monitor-restart"), "write --reload"
    ),
    **dict.fromkeys(("no-auto-reload", "no-autoreload"), "write --no-reload"),
    **dict.fromkeys(("debug", "no-debug", "d", "debugger", "no-debugger", "with-debugger", "development"), _DEBUG),
    **dict.fromkeys(("daemon", "D", "daemonize", "background", "detach", "stop-daemon", "status"), _FOREGROUND),
    **dict.fromkeys(("env", "e", "environment", "settings", "mode", "prod", "production", "app", "A", "factory"), _INI),
    **dict.fromkeys(("log-level", "log-file", "log-config", "error-logfile", "log", "loglevel", "error-log"), _LOG),
    **dict.fromkeys(
        ("timeout", "t", "worker-time-out", "timeout-worker-healthcheck"), "write --worker-timeout {value}"
    ),
    **dict.fromkeys(
        ("graceful-timeout", "timeout-graceful-shutdown", "shutdown-timeout", "stop-timeout"),
        "write --drain-timeout {value}",
    ),
    **dict.fromkeys(("pid", "P", "pidfile"), "write --pid-file {value}"),
    **dict.fromkeys(
        (
            *(
                "ssl-keyfile",
                "ssl-certfile",
                "certfile",
                "keyfile",
                "cert",
                "key",
                "ssl",
                "tls",
                "https",
                "ssl-context",
            ),
            *("ssl-cert", "ssl-key", "adhoc"),
        ),
        _TLS,
    ),
    **dict.fromkeys(("user", "u", "group", "g", "uid", "gid"), _USER),
    **dict.fromkeys(
        ("quiet", "q", "silent", "no-log", "no-access-logfile", "disable-access-log"), "write --no-access-log"
    ),
    **dict.fromkeys(
        ("access-logfile", "access-log-file", "request-log"), "write --access-log, which logs each request"
    ),
    **dict.fromkeys(("open-browser", "launch-browser", "o"), "write --open"),
    **dict.fromkeys(
        ("root-path", "script-name", "prefix", "mount", "base-url"), "write url_prefix = /app in [server:main]"
    ),
    **dict.fromkeys(
        ("proxy-headers", "forwarded-allow-ips", "proxy", "behind-proxy", "trusted-hosts"),
        "write trusted_proxy and trusted_proxy_headers in [server:main], as in production.ini",
    ),
    **dict.fromkeys(
        ("reload-dir", "reload-include", "extra-files", "reload-extra-file", "watch-dir", "reload-extra-files"),
        "write --watch GLOB, for example --watch 'texts/*.md'",
    ),
    **dict.fromkeys(("reload-exclude", "exclude-patterns", "exclude", "ignore-dir"), "write --ignore GLOB"),
    **dict.fromkeys(("uds", "socket", "unix", "unix-socket"), "write unix_socket = {value} in [server:main]"),
    **dict.fromkeys(("thread", "with-threads", "without-threads"), "write threads = 4 in [server:main]"),
    **dict.fromkeys(
        ("max-requests", "limit-max-requests", "reload-interval", "worker-class", "k", "loop", "http"),
        "remove it; gearbox-lite needs no such option",
    ),
    **dict.fromkeys(("ini", "config-file", "f", "file", "paste"), "write --config {value}"),
    **dict.fromkeys(("name", "n"), "write --app-name {value}"),
    **dict.fromkeys(
        ("server", "s"), "write use = egg:gunicorn#main in [server:main], or choose a section with --server-name"
    ),
    **dict.fromkeys(("host-name", "allow-host", "allowed-host", "allowed-hosts"), "write allowed_hosts in [serve]"),
}
"""Options of other servers, without their hyphens at the beginning, and what to do instead.

``{value}`` is the value that was given, ``{address}`` the options for an address.
"""

_NO_USERS = "a project comes without users and logins; remove it"
_DATABASE_OPTION = "write --database for SQLAlchemy with migrations, or nothing for a project without a database"
_JINJA = "pages are Jinja templates; remove it"

QUICKSTART_OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("noauth", "auth", "a", "no-auth", "with-auth", "skip-auth", "users"), _NO_USERS),
    **dict.fromkeys(
        ("sqlalchemy", "nosa", "s", "x", "i", "ming", "no-sqlalchemy", "disable-migrations", "migrations", "orm", "db"),
        _DATABASE_OPTION,
    ),
    **dict.fromkeys(("mako", "jinja", "kajiki", "genshi", "m", "j", "k", "g", "engine", "templates"), _JINJA),
    **dict.fromkeys(
        ("name", "n", "project", "project-name"), "the name is the first argument: gearbox-lite quickstart {value}"
    ),
    **dict.fromkeys(
        ("force", "f", "overwrite", "w"), "quickstart never overwrites files; choose another name, or remove the folder"
    ),
    **dict.fromkeys(
        ("yes", "y", "no-input", "noinput", "batch", "non-interactive"),
        "quickstart asks nothing if NAME is given; remove it",
    ),
    **dict.fromkeys(("t",), "write --template {value}"),
    **dict.fromkeys(
        ("store", "session-store", "sessions", "session-type"),
        "--session chooses where sessions are stored: cookie, file, database, postgresql, memcached or redis",
    ),
    **dict.fromkeys(
        ("directory", "d", "folder", "path", "dir", "dest", "destination", "target", "out"),
        "write --output-dir {value}",
    ),
    **dict.fromkeys(
        ("port", "host", "reload", "open"), "it is an option of serve; first quickstart, then gearbox-lite serve"
    ),
    **dict.fromkeys(
        ("venv", "virtualenv", "install", "no-install"),
        "the next steps that quickstart prints create the environment; remove it",
    ),
    **dict.fromkeys(("no-git", "vcs"), "write --git for a repository; none is created otherwise"),
    **dict.fromkeys(("answer", "define", "e", "extra-context", "data"), "write --set NAME=VALUE"),
    **dict.fromkeys(("list", "l", "list-templates"), "write gearbox-lite templates"),
    **dict.fromkeys(("package-name", "module"), "write --package {value}"),
    **dict.fromkeys(("bare", "empty", "skeleton", "small", "api", "simple", "minimal-quickstart"), "write --minimal"),
    **dict.fromkeys(("encryption", "encrypted"), "write --encrypt"),
}

CHECK_OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("format", "f", "output", "output-format", "o"), "write --json"),
    **dict.fromkeys(("deploy", "production", "prod"), "name the ini: gearbox-lite check production.ini"),
    **dict.fromkeys(("fix", "repair", "autofix"), "check changes nothing; each line says what to write"),
    **dict.fromkeys(("fail-on-warning", "fail-level", "werror", "error-on-warnings", "w"), "write --strict"),
    **dict.fromkeys(("disable", "silence", "skip", "exclude", "suppress"), "write --ignore {value}"),
    **dict.fromkeys(("site", "u", "address", "host"), "write --url {value}"),
    **dict.fromkeys(("config", "c", "ini"), "name the ini as the argument: gearbox-lite check {value}"),
}

SHELL_OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("e", "command", "code", "exec", "eval", "execute", "q"), "write -c {value}"),
    **dict.fromkeys(
        ("i", "interface", "ipython", "ptpython", "bpython", "plain"),
        "IPython or ptpython is used if it is installed; remove it",
    ),
    **dict.fromkeys(("f", "file", "script", "run"), "write gearbox-lite shell < {value}"),
    "ini": "write --config {value}",
}

PURGE_OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("force", "f", "y", "no-input", "noinput"), "write --yes"),
    **dict.fromkeys(("n", "dry", "simulate", "what-if"), "write --dry-run"),
}

FOREIGN_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "serve": SERVE_OPTIONS,
    "quickstart": QUICKSTART_OPTIONS,
    "check": CHECK_OPTIONS,
    "shell": SHELL_OPTIONS,
    "purge": PURGE_OPTIONS,
}
"""By command: options of other tools, without their hyphens at the beginning, and what to do instead."""

EVERYWHERE: Mapping[str, str] = {
    **dict.fromkeys(("V", "version"), "write gearbox-lite --version"),
    **dict.fromkeys(("?", "help-all", "usage", "H"), "write {command} --help"),
    **dict.fromkeys(("traceback", "trace", "vv"), "write -v"),
    **dict.fromkeys(("no-color", "nocolor", "color"), "set the environment variable NO_COLOR=1"),
}
"""The same for every command."""

SUBCOMMANDS: Mapping[str, Mapping[str, str]] = {
    "session": {
        **dict.fromkeys(("list", "show", "ls", "get", "read", "inspect"), "write gearbox-lite session decode COOKIE"),
        **dict.fromkeys(
            ("clear", "delete", "remove", "flush", "reset", "end", "logout", "rm", "clean"),
            "write gearbox-lite session purge --all, or without --all for expired ones only",
        ),
        **dict.fromkeys(
            ("rotate", "rotate-keys", "rotate-secret", "key", "keys", "new-key"),
            "write gearbox-lite session rotate-key",
        ),
        **dict.fromkeys(("cleanup", "prune", "expire", "clear-sessions"), "write gearbox-lite session purge"),
    },
    "scaffold": {
        **dict.fromkeys(("models", "table", "entity"), "write gearbox-lite scaffold model {value} FIELD:TYPE"),
        **dict.fromkeys(
            ("view", "page", "template", "route", "views"),
            "write gearbox-lite scaffold controller {value}, which also has a page",
        ),
    },
}
"""By group: words that are no subcommands, and what to do instead."""
