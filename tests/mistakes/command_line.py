"""Mistakes on the command line: words and options of other tools, and values in the wrong place."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import setting

CASES = (
    Case(
        "start, as npm names it",
        command="start",
        error="no such command 'start'; write gearbox-lite serve",
    ),
    Case(
        "run, as Flask names it",
        command="run",
        error="no such command 'run'; write gearbox-lite serve",
    ),
    Case(
        "runserver, as Django names it",
        command="runserver",
        error="no such command 'runserver'; write gearbox-lite serve",
    ),
    Case(
        "server, as Rails names it",
        command="server",
        error="no such command 'server'; write gearbox-lite serve",
    ),
    Case(
        "dev, as npm names it",
        command="dev",
        error="no such command 'dev'; write gearbox-lite serve",
    ),
    Case(
        "up, as Docker names it",
        command="up",
        error="no such command 'up'; write gearbox-lite serve",
    ),
    Case(
        "pserve, as Pyramid names it",
        command="pserve development.ini",
        error="no such command 'pserve'; write gearbox-lite serve",
    ),
    Case(
        "serve in capitals",
        command="Serve",
        error="no such command 'Serve'; write gearbox-lite serve",
    ),
    Case(
        "help as a command",
        command="help",
        error="no such command 'help'; write gearbox-lite --help",
    ),
    Case(
        "help of a command",
        command="help serve",
        error="no such command 'help'; write gearbox-lite --help",
    ),
    Case(
        "version as a command",
        command="version",
        error="no such command 'version'; write gearbox-lite --version",
    ),
    Case(
        "new, as Rails names it",
        command="new shop",
        error="no such command 'new'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "init, as npm names it",
        command="init shop",
        error="no such command 'init'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "create, as npm names it",
        command="create shop",
        error="no such command 'create'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "startproject, as Django names it",
        command="startproject shop",
        error="no such command 'startproject'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "quick-start with a hyphen",
        command="quick-start shop",
        error="no such command 'quick-start'; write gearbox-lite quickstart",
    ),
    Case(
        "generate, as Rails names it",
        command="generate controller movies",
        error="no such command 'generate'; write gearbox-lite scaffold controller NAME",
    ),
    Case(
        "startapp, as Django names it",
        command="startapp movies",
        error="no such command 'startapp'; write gearbox-lite scaffold controller NAME",
    ),
    Case(
        "console, as Rails names it",
        command="console",
        error="no such command 'console'; write gearbox-lite shell",
    ),
    Case(
        "python as a command",
        command="python",
        error="no such command 'python'; write gearbox-lite shell",
    ),
    Case(
        "test as a command",
        command="test",
        error="no such command 'test'; projects use pytest: pip install -e . --group dev, then pytest",
    ),
    Case(
        "setup_app with an underscore",
        command="setup_app",
        error="no such command 'setup_app'; write gearbox-lite setup-app",
    ),
    Case(
        "setupapp, as gearbox names it",
        command="setupapp",
        error="no such command 'setupapp'; write gearbox-lite setup-app",
    ),
    Case(
        "initdb, as others name it",
        command="init-db",
        error="no such command 'init-db'; write gearbox-lite migrate, or gearbox-lite setup-app for the websetup",
    ),
    Case(
        "sessions instead of session",
        command="sessions purge",
        error="no such command 'sessions'; write gearbox-lite session",
    ),
    Case(
        "template instead of templates",
        command="template",
        error="no such command 'template'; write gearbox-lite templates",
    ),
    Case(
        "route instead of routes",
        command="route",
        error="no such command 'route'; write gearbox-lite routes",
    ),
    Case(
        "urls, as others name it",
        command="urls",
        error="no such command 'urls'; write gearbox-lite routes",
    ),
    Case(
        "stop as a command",
        command="stop",
        error=(
            "no such command 'stop'; to stop a server, press Ctrl-C in its terminal, or stop its service: systemctl "
            "stop"
        ),
    ),
    Case(
        "restart as a command",
        command="restart",
        error="no such command 'restart'; serve --reload reloads by itself; a service is reloaded by systemctl reload",
    ),
    Case(
        "reload as a command",
        command="reload",
        error="no such command 'reload'; serve --reload reloads by itself; a service is reloaded by systemctl reload",
    ),
    Case(
        "status as a command",
        command="status",
        error="no such command 'status'; write gearbox-lite info",
    ),
    Case(
        "deploy as a command",
        command="deploy",
        error="no such command 'deploy'; the project's README and its folder deploy/ describe the deployment",
    ),
    Case(
        "install as a command",
        command="install",
        error="no such command 'install'; packages are installed with pip",
    ),
    Case(
        "update as a command",
        command="update",
        error="no such command 'update'; packages are installed with pip",
    ),
    Case(
        "build as a command",
        command="build",
        error="no such command 'build'; a project is built with pip wheel . (its README describes it)",
    ),
    Case(
        "makepackage, as gearbox names it",
        command="makepackage",
        error="no such command 'makepackage'; a project is built with pip wheel . (its README describes it)",
    ),
    Case(
        "tgshell, as gearbox names it",
        command="tgshell",
        error="no such command 'tgshell'; write gearbox-lite shell",
    ),
    Case(
        "patch, as gearbox names it",
        command="patch",
        error="no such command 'patch'; it is a command of gearbox: gearbox patch",
    ),
    Case(
        "an ini without a command",
        command="development.ini",
        error="no such command 'development.ini'; write gearbox-lite serve development.ini",
    ),
    Case(
        "a project without a command",
        command="hello",
        error=(
            "no such command 'hello'; choose from quickstart, templates, serve, check, info, routes, shell, "
            "setup-app, migrate, scaffold, session"
        ),
    ),
    Case(
        "an option before the command",
        command="--reload serve",
        error="no such option '--reload'; options of a command follow its name: gearbox-lite serve --reload",
    ),
    Case(
        "a port before the command",
        command="--port 8000 serve",
        error="no such option '--port'; options of a command follow its name: gearbox-lite serve --port 8000",
    ),
    Case(
        "-p for the port",
        command="serve -p 8000",
        error="no such option '-p'; write --port 8000",
    ),
    Case(
        "-p with the port attached",
        command="serve -p8000",
        error="no such option '-p'; write --port 8000",
    ),
    Case(
        "a port that is not a number on the command line",
        command="serve --port abc",
        error="--port: port = abc: not a port number; write a number from 1 to 65535, for example 8080",
    ),
    Case(
        "a port above the maximum on the command line",
        command="serve --port=80800",
        error="--port: port = 80800: out of range for a port; write a number from 1 to 65535, for example 8080",
    ),
    Case(
        "--bind, as gunicorn names it",
        command="serve --bind 0.0.0.0:8000",
        error="no such option '--bind'; write --host 0.0.0.0 --port 8000",
    ),
    Case(
        "-b with an address, as gunicorn takes it",
        command="serve -b 0.0.0.0:8000",
        error="0.0.0.0:8000: this is not an ini; write --host 0.0.0.0 --port 8000",
    ),
    Case(
        "--listen",
        command="serve --listen 127.0.0.1:8000",
        error="no such option '--listen'; write --host 127.0.0.1 --port 8000",
    ),
    Case(
        "-H for the host",
        command="serve -H 0.0.0.0",
        error="no such option '-H'; write --host 0.0.0.0",
    ),
    Case(
        "--address",
        command="serve --address 127.0.0.1",
        error="no such option '--address'; write --host 127.0.0.1",
    ),
    Case(
        "--ip",
        command="serve --ip 127.0.0.1",
        error="no such option '--ip'; write --host 127.0.0.1",
    ),
    Case(
        "an address as INI",
        command="serve 0.0.0.0:8000",
        error="0.0.0.0:8000: this is not an ini; write --host 0.0.0.0 --port 8000",
    ),
    Case(
        "a port as INI",
        command="serve 8000",
        error="8000: this is not an ini; write --port 8000",
    ),
    Case(
        "a package as INI",
        command="serve hello",
        error="hello: this is a folder, not an ini; found nearby: development.ini, production.ini, test.ini",
    ),
    Case(
        "a module as INI, as gunicorn takes it",
        command="serve hello.wsgi:application",
        error=(
            "hello.wsgi:application: this is not an ini; name an ini, such as development.ini; its paste.app_factory "
            "names the module and the function"
        ),
    ),
    Case(
        "production instead of production.ini",
        command="serve production",
        error="production: this is not an ini; write gearbox-lite serve production.ini",
    ),
    Case(
        "prod.ini",
        command="serve prod.ini",
        error="prod.ini: this is not an ini; write gearbox-lite serve production.ini",
    ),
    Case(
        "--threads on the command line",
        command="serve --threads 4",
        error="no such option '--threads'; write threads = ... in [server:main] of the ini",
    ),
    Case(
        "-w for the workers",
        command="serve -w 2",
        error="no such option '-w'; write --workers 2",
    ),
    Case(
        "--worker",
        command="serve --worker 2",
        error="no such option '--worker'; write --workers 2",
    ),
    Case(
        "--processes",
        command="serve --processes 2",
        error="no such option '--processes'; write --workers 2",
    ),
    Case(
        "workers as a word on the command line",
        command="serve --workers two",
        error="--workers: workers = two: not a valid number of workers; write a number from 1 to 1000",
    ),
    Case(
        "a value for --reload",
        command="serve --reload false",
        error="false: this is not an ini; write --no-reload, without a value",
    ),
    Case(
        "a value attached to --reload",
        command="serve --reload=false",
        error="option '--reload' does not take a value; write --no-reload, without a value",
    ),
    Case(
        "--no-debug, as Flask names it",
        command="serve --no-debug",
        error=(
            "no such option '--no-debug'; debug is a setting of [DEFAULT] in the ini: true in development.ini, false "
            "in production.ini"
        ),
    ),
    Case(
        "--debug",
        command="serve --debug",
        error=(
            "no such option '--debug'; debug is a setting of [DEFAULT] in the ini: true in development.ini, false in "
            "production.ini"
        ),
    ),
    Case(
        "-d for debug",
        command="serve -d",
        error=(
            "no such option '-d'; debug is a setting of [DEFAULT] in the ini: true in development.ini, false in "
            "production.ini"
        ),
    ),
    Case(
        "--daemon",
        command="serve --daemon",
        error=(
            "no such option '--daemon'; serve stays in the foreground; run it as a service with systemd, as in the "
            "project's deploy/"
        ),
    ),
    Case(
        "--noreload, as Django names it",
        command="serve --noreload",
        error="no such option '--noreload'; write --no-reload",
    ),
    Case(
        "--auto-reload",
        command="serve --auto-reload",
        error="no such option '--auto-reload'; write --reload",
    ),
    Case(
        "-r for reload",
        command="serve -r",
        error="no such option '-r'; write --reload",
    ),
    Case(
        "--env",
        command="serve --env production",
        error="no such option '--env'; name the ini instead: gearbox-lite serve production.ini",
    ),
    Case(
        "-e for the environment, as Rails takes it",
        command="serve -e production",
        error="no such option '-e'; name the ini instead: gearbox-lite serve production.ini",
    ),
    Case(
        "--app, as Flask names it",
        command="serve --app hello",
        error="no such option '--app'; name the ini instead: gearbox-lite serve production.ini",
    ),
    Case(
        "--log-level",
        command="serve --log-level debug",
        error=(
            "no such option '--log-level'; logging is set up in the ini, in its sections [logger_...] and [handler_...]"
        ),
    ),
    Case(
        "--log-file",
        command="serve --log-file x.log",
        error=(
            "no such option '--log-file'; logging is set up in the ini, in its sections [logger_...] and [handler_...]"
        ),
    ),
    Case(
        "--timeout, as gunicorn names it",
        command="serve --timeout 60",
        error="no such option '--timeout'; write --worker-timeout 60",
    ),
    Case(
        "--graceful-timeout, as gunicorn names it",
        command="serve --graceful-timeout 30",
        error="no such option '--graceful-timeout'; write --drain-timeout 30",
    ),
    Case(
        "--pid, as gunicorn names it",
        command="serve --pid x.pid",
        error="no such option '--pid'; write --pid-file x.pid",
    ),
    Case(
        "--pidfile",
        command="serve --pidfile x.pid",
        error="no such option '--pidfile'; write --pid-file",
    ),
    Case(
        "--ssl-keyfile, as uvicorn names it",
        command="serve --ssl-keyfile key.pem",
        error=(
            "no such option '--ssl-keyfile'; the server speaks plain HTTP; let nginx do TLS, as in the project's "
            "deploy/nginx.conf"
        ),
    ),
    Case(
        "--cert, as Flask names it",
        command="serve --cert adhoc",
        error=(
            "no such option '--cert'; the server speaks plain HTTP; let nginx do TLS, as in the project's "
            "deploy/nginx.conf"
        ),
    ),
    Case(
        "--user",
        command="serve --user www-data",
        error="no such option '--user'; start it as that user, for example with User= in systemd",
    ),
    Case(
        "--quiet",
        command="serve --quiet",
        error="no such option '--quiet'; write --no-access-log",
    ),
    Case(
        "-q",
        command="serve -q",
        error="no such option '-q'; write --no-access-log",
    ),
    Case(
        "--open-browser",
        command="serve --open-browser",
        error="no such option '--open-browser'; write --open",
    ),
    Case(
        "--root-path, as uvicorn names it",
        command="serve --root-path /app",
        error="no such option '--root-path'; write url_prefix = /app in [server:main]",
    ),
    Case(
        "--proxy-headers, as uvicorn names it",
        command="serve --proxy-headers",
        error=(
            "no such option '--proxy-headers'; write trusted_proxy and trusted_proxy_headers in [server:main], as in "
            "production.ini"
        ),
    ),
    Case(
        "--access-logfile, as gunicorn names it",
        command="serve --access-logfile -",
        error="no such option '--access-logfile'; write --access-log, which logs each request",
    ),
    Case(
        "--reload-dir, as uvicorn names it",
        command="serve --reload-dir src",
        error="no such option '--reload-dir'; write --watch GLOB, for example --watch 'texts/*.md'",
    ),
    Case(
        "--reload-include, as uvicorn names it",
        command="serve --reload-include *.md",
        error="no such option '--reload-include'; write --watch GLOB, for example --watch 'texts/*.md'",
    ),
    Case(
        "--host without a value",
        command="serve --host",
        error="option '--host' requires an argument; see gearbox-lite serve --help",
    ),
    Case(
        "--port with an empty value",
        command="serve --port ''",
        error="--port: port =: not a port number; write a number from 1 to 65535, for example 8080",
    ),
    Case(
        "two inis",
        command="serve development.ini production.ini",
        error="development.ini and production.ini: only one ini is allowed; write variables as NAME=VALUE",
    ),
    Case(
        "an ini that does not exist",
        command="serve developement.ini",
        error="developement.ini: there is no such file; found nearby: development.ini, production.ini, test.ini",
    ),
    Case(
        "the package folder instead of the project",
        command="serve",
        folder="hello/hello",
        error="development.ini: there is no such file; there is ../development.ini; go to its folder: cd ..",
    ),
    Case(
        "outside any project",
        command="serve",
        folder="hello/deploy",
        error="development.ini: there is no such file; there is ../development.ini; go to its folder: cd ..",
    ),
    Case(
        "a folder as ini",
        command="serve hello/",
        error="hello: this is a folder, not an ini; found nearby: development.ini, production.ini, test.ini",
    ),
    Case(
        "a package's file as ini",
        command="serve hello/config/application.py",
        error=(
            "hello/config/application.py: this is not an ini; name an ini, such as development.ini; its "
            "paste.app_factory names the module and the function"
        ),
    ),
    Case(
        "quickstart without a name",
        command="quickstart",
        error="missing argument 'NAME'; see gearbox-lite quickstart --help",
    ),
    Case(
        "two words as a project's name",
        command="quickstart my project",
        folder=".",
        error="got unexpected extra argument (project); write the name as one word, for example my-project",
    ),
    Case(
        "quoted words as a project's name",
        command="quickstart 'my project'",
        folder=".",
        error=(
            "invalid project name 'my project'; use ASCII letters and digits, and between them '.', '-' and '_'; for "
            "example 'my-project'"
        ),
    ),
    Case(
        "a path as a project's name",
        command="quickstart ~/shop",
        folder=".",
        error=(
            "project name '~/shop' is a path; use only the name, for example 'shop', and set the folder with "
            "--output-dir"
        ),
    ),
    Case(
        "a name that exists",
        command="quickstart hello",
        folder=".",
        error=(
            "hello: this folder is not empty; nothing was written; choose another name, or another folder with "
            "--output-dir"
        ),
    ),
    Case(
        "a keyword as a project's name",
        command="quickstart class",
        folder=".",
        error=(
            "project name 'class' gives the package 'class': it is a Python keyword; for example --package class_app"
        ),
    ),
    Case(
        "a module of Python as a project's name",
        command="quickstart test",
        folder=".",
        error=(
            "project name 'test' gives the package 'test': the project's tests use that name; for example --package "
            "test_app"
        ),
    ),
    Case(
        "a number as a project's name",
        command="quickstart 2025",
        folder=".",
        error=(
            "project name '2025' gives the package '2025': it is not an identifier of ASCII letters, digits and '_'; "
            "for example --package app_2025"
        ),
    ),
    Case(
        "a dot for the current folder",
        command="quickstart .",
        folder=".",
        error=(
            "project name '.' is the current folder, and quickstart creates a new one; for example: gearbox-lite "
            "quickstart hello"
        ),
    ),
    Case(
        "--noauth, as gearbox takes it",
        command="quickstart shop --noauth",
        folder=".",
        error="no such option '--noauth'; a project comes without users and logins; remove it",
    ),
    Case(
        "--auth, as gearbox takes it",
        command="quickstart shop --auth sqlalchemy",
        folder=".",
        error="no such option '--auth'; a project comes without users and logins; remove it",
    ),
    Case(
        "--sqlalchemy, as gearbox takes it",
        command="quickstart shop --sqlalchemy",
        folder=".",
        error="no such option '--sqlalchemy'; write --database for SQLAlchemy with migrations, or nothing for a project without a database",
    ),
    Case(
        "--no-sqlalchemy",
        command="quickstart shop --nosa",
        folder=".",
        error="no such option '--nosa'; write --database for SQLAlchemy with migrations, or nothing for a project without a database",
    ),
    Case(
        "--mako, as gearbox takes it",
        command="quickstart shop --mako",
        folder=".",
        error="no such option '--mako'; pages are Jinja templates; remove it",
    ),
    Case(
        "--jinja, as gearbox takes it",
        command="quickstart shop --jinja",
        folder=".",
        error="no such option '--jinja'; pages are Jinja templates; remove it",
    ),
    Case(
        "--name",
        command="quickstart --name shop",
        folder=".",
        error="no such option '--name'; the name is the first argument: gearbox-lite quickstart shop",
    ),
    Case(
        "-n for the name",
        command="quickstart -n shop",
        folder=".",
        error="no such option '-n'; the name is the first argument: gearbox-lite quickstart shop",
    ),
    Case(
        "--force",
        command="quickstart hello --force",
        folder=".",
        error="no such option '--force'; quickstart never overwrites files; choose another name, or remove the folder",
    ),
    Case(
        "--yes",
        command="quickstart shop --yes",
        folder=".",
        error="no such option '--yes'; quickstart asks nothing if NAME is given; remove it",
    ),
    Case(
        "-t for the template",
        command="quickstart shop -t note",
        folder=".",
        error="no such option '-t'; write --template note",
    ),
    Case(
        "a template that does not exist",
        command="quickstart shop --template django",
        folder=".",
        error="--template: there is no template django; write a folder's path, or choose from turbogears",
    ),
    Case(
        "a misspelled store",
        command="quickstart shop --session rediss",
        folder=".",
        error="--session: session = rediss: invalid answer; did you mean redis?",
    ),
    Case(
        "a store that does not exist",
        command="quickstart shop --session mysql",
        folder=".",
        error=(
            "--session: session = mysql: invalid answer; choose from cookie, file, database, postgresql, memcached, "
            "redis"
        ),
    ),
    Case(
        "--db",
        command="quickstart shop --db sqlite",
        folder=".",
        error="no such option '--db'; write --database for SQLAlchemy with migrations, or nothing for a project without a database",
    ),
    Case(
        "--store",
        command="quickstart shop --store redis",
        folder=".",
        error=(
            "no such option '--store'; --session chooses where sessions are stored: cookie, file, database, "
            "postgresql, memcached or redis"
        ),
    ),
    Case(
        "--set without a value",
        command="quickstart shop --set session",
        folder=".",
        error="--set: this is not an answer; write --set NAME=VALUE",
    ),
    Case(
        "--set with a space",
        command="quickstart shop --set session = redis",
        folder=".",
        error="got unexpected extra arguments (= redis); write NAME=VALUE without spaces",
    ),
    Case(
        "--set of an unknown question",
        command="quickstart shop --set colour=red",
        folder=".",
        error="--set: colour = red: template turbogears has no such question; its questions are: session, encrypt, minimal, database",
    ),
    Case(
        "a folder that cannot be created",
        command="quickstart shop -o /proc/x",
        folder=".",
        error=(
            "/proc/x/shop: cannot write the project: No such file or directory; nothing was written; free some space "
            "or choose another folder with --output-dir"
        ),
        exit_code=1,
    ),
    Case(
        "-p with a port",
        command="quickstart shop -p 8080",
        folder=".",
        error=(
            "--package '8080': it is not an identifier of ASCII letters, digits and '_'; for example --package app_8080"
        ),
    ),
    Case(
        "--port with quickstart",
        command="quickstart shop --serve --port 9000",
        folder=".",
        error="no such option '--port'; it is an option of serve; first quickstart, then gearbox-lite serve",
    ),
    Case(
        "--venv",
        command="quickstart shop --venv",
        folder=".",
        error="no such option '--venv'; the next steps that quickstart prints create the environment; remove it",
    ),
    Case(
        "a script for the shell",
        command="shell script.py",
        error="script.py: this is not an ini; write gearbox-lite shell < script.py",
    ),
    Case(
        "an ini after -c of shell",
        command="shell -c development.ini",
        error="-c development.ini: this is an ini, and -c takes code; write --config development.ini",
    ),
    Case(
        "-e for code",
        command="shell -e 1+1",
        error="no such option '-e'; write -c 1+1",
    ),
    Case(
        "scaffold without the kind",
        command="scaffold movies",
        error="no such command 'movies'; write gearbox-lite scaffold controller movies",
    ),
    Case(
        "scaffold with a view",
        command="scaffold view movie",
        error="no such command 'view'; write gearbox-lite scaffold controller movie, which also has a page",
    ),
    Case(
        "scaffold with a capital",
        command="scaffold controller Movies",
        error=(
            "controller name 'Movies': use at most 100 lowercase ASCII letters, digits and '_', starting with a "
            "letter; for example 'movies'"
        ),
    ),
    Case(
        "scaffold with .py",
        command="scaffold controller movies.py",
        error=(
            "controller name 'movies.py': use at most 100 lowercase ASCII letters, digits and '_', starting with a "
            "letter; for example 'movies'"
        ),
    ),
    Case(
        "scaffold with a hyphen",
        command="scaffold controller my-movies",
        error=(
            "controller name 'my-movies': use at most 100 lowercase ASCII letters, digits and '_', starting with a "
            "letter; for example 'my_movies'"
        ),
    ),
    Case(
        "scaffold without a name",
        command="scaffold controller",
        error="missing argument 'NAME'; see gearbox-lite scaffold controller --help",
    ),
    Case(
        "scaffold of a controller that exists",
        command="scaffold controller tutorial",
        error="hello/controllers/tutorial.py: this file exists; nothing was written; choose another name",
    ),
    Case(
        "purge of all and expired",
        command="session purge --all --expired",
        error="--all and --expired exclude each other; choose one",
    ),
    Case(
        "session list",
        command="session list",
        error="no such command 'list'; write gearbox-lite session decode COOKIE",
    ),
    Case(
        "session clear",
        command="session clear",
        error=(
            "no such command 'clear'; write gearbox-lite session purge --all, or without --all for expired ones only"
        ),
    ),
    Case(
        "session delete",
        command="session delete",
        error=(
            "no such command 'delete'; write gearbox-lite session purge --all, or without --all for expired ones only"
        ),
    ),
    Case(
        "rotate without -key",
        command="session rotate",
        error="no such command 'rotate'; write gearbox-lite session rotate-key",
    ),
    Case(
        "rotate-keys",
        command="session rotate-keys",
        error="no such command 'rotate-keys'; write gearbox-lite session rotate-key",
    ),
    Case(
        "decode of something else",
        command="session decode hello",
        error="the cookie is not signed with any key of the ini (validate_key)",
        exit_code=1,
    ),
    Case(
        "check of a URL without --url",
        command="check https://example.com/",
        error="https://example.com/: this is not an ini; write --url https://example.com/",
    ),
    Case(
        "--url without a scheme",
        command="check --url example.com",
        error="--url: example.com: not the URL of a website; write for example https://hello.example.org",
    ),
    Case(
        "--url without a value",
        command="check --url",
        error="option '--url' requires an argument; see gearbox-lite check --help",
    ),
    Case(
        "an unknown finding",
        command="check --ignore week-key",
        error="--ignore week-key: there is no finding with this code; did you mean weak-key?",
    ),
    Case(
        "a finding with an underscore",
        command="check --ignore weak_key",
        error="--ignore weak_key: there is no finding with this code; did you mean weak-key?",
    ),
    Case(
        "--format json",
        command="check --format json",
        error="no such option '--format'; write --json",
    ),
    Case(
        "--fix",
        command="check --fix",
        error="no such option '--fix'; check changes nothing; each line says what to write",
    ),
    Case(
        "--deploy, as Django names it",
        command="check --deploy",
        error="no such option '--deploy'; name the ini: gearbox-lite check production.ini",
    ),
    Case(
        "check of two inis",
        command="check development.ini production.ini",
        error="development.ini and production.ini: only one ini is allowed; write variables as NAME=VALUE",
    ),
    Case(
        "routes with a name",
        command="routes movies",
        error="movies: there is no such file; found nearby: development.ini, production.ini, test.ini",
    ),
    Case(
        "--json of routes",
        command="routes --json",
        error="no such option '--json'; see gearbox-lite routes --help",
    ),
    Case(
        "setup-app with initdb",
        command="setup-app --reset",
        error="no such option '--reset'; see gearbox-lite setup-app --help",
    ),
    Case(
        "templates with a name",
        command="templates turbogears",
        error="got unexpected extra argument (turbogears); remove it",
    ),
    Case(
        "--version of a command",
        command="serve --version",
        error="no such option '--version'; write gearbox-lite --version",
    ),
    Case(
        "-V for the version",
        command="-V",
        error="no such option '-V'; write gearbox-lite --version",
    ),
    Case(
        "-? for help",
        command="-?",
        error="no such option '-?'; write gearbox-lite --help",
    ),
    Case(
        "/? for help",
        command="/?",
        error="no such command '/?'; write gearbox-lite --help",
    ),
    Case(
        "a dash of a word processor",
        command="serve —port 8000",
        error="—port: this is not an ini; type --port with two hyphens; a word processor has changed them into a dash",
    ),
    Case(
        "a single dash",
        command="serve -port 8000",
        error="no such option '-p'; write --port, with two hyphens",
    ),
    Case(
        "-reload with one dash",
        command="serve -reload",
        error="no such option '-r'; write --reload, with two hyphens",
    ),
    Case(
        "an application that does not exist",
        command="serve -n helo --no-reload",
        error="development.ini: there is no section [app:helo]; choose one with --app-name: main, hello",
    ),
    Case(
        "an application that does not exist, with reload",
        command="serve -n helo --reload",
        error="development.ini: there is no section [app:helo]; choose one with --app-name: main, hello",
    ),
    Case(
        "a server section that does not exist",
        command="serve --server-name public",
        error="development.ini: there is no section [server:public]; choose one with --server-name: main",
    ),
    Case(
        "two ports",
        command="serve --port 8080 8081",
        error="8081: this is not an ini; write --port 8081",
    ),
    Case(
        "an equals sign with spaces",
        command="serve --port = 8000",
        error="8000: this is not an ini; write --port 8000",
    ),
    Case(
        "two hyphens before the options",
        command="serve -- --port 80",
        error="80: this is not an ini; write --port 80",
    ),
    Case(
        "a variable of the environment as an argument",
        command="serve production.ini HELLO_SESSION_KEY=abc --no-reload",
        error=(
            "command line: HELLO_SESSION_KEY=... sets %(HELLO_SESSION_KEY)s of the ini, which uses the environment "
            "variable: %(ENV_HELLO_SESSION_KEY)s; set it before you run the command: export HELLO_SESSION_KEY=..."
        ),
    ),
    Case(
        "a path as a controller",
        command="scaffold controller ../movies",
        error=(
            "controller name '../movies': use at most 100 lowercase ASCII letters, digits and '_', starting with a "
            "letter; for example 'movies'"
        ),
    ),
    Case(
        "an empty cookie",
        command="session decode ''",
        error="the cookie is empty; paste its value, name=value, or a whole Cookie header",
    ),
    Case(
        "a controller with a URL that is taken",
        command="scaffold controller movies --mount /setsession",
        error=(
            "hello/controllers/root.py: RootController already has setsession, which answers /setsession; choose "
            "another URL, for example --mount /setsession2"
        ),
    ),
    Case(
        "a comma between commands",
        command="check, serve",
        error="no such command 'check,'; did you mean 'check'?",
    ),
    Case(
        "a question mark behind a command",
        command="serve?",
        error="no such command 'serve?'; did you mean 'serve'?",
    ),
    Case(
        "a percentage of workers",
        command="serve --workers 50% --no-reload",
        error="--workers: workers = 50%: not a valid number of workers; write a number from 1 to 1000",
    ),
    Case(
        "a purge with a store that does not run",
        (
            setting("session.type", "ext:redis"),
            setting("session.url", "redis://127.0.0.1:1/0"),
        ),
        command="session purge",
        error=(
            "development.ini:<line>: the session store cannot be reached: redis redis://127.0.0.1:1/0: "
            "ConnectionError: Error 111 connecting to 127.0.0.1:1. Connection refused; start the store, or correct "
            "session.url"
        ),
        exit_code=1,
    ),
)
