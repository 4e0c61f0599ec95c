"""Mistakes in the arguments and options of serve: those of other servers, and values in the wrong place."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import written

CASES = (
    Case(
        "a glob of --watch that the shell has expanded",
        (written("texts/a.json", "{}"), written("texts/b.json", "{}")),
        command="serve --watch texts/a.json texts/b.json",
        error=(
            "texts/b.json: this is not an ini; the shell has expanded the glob of --watch; quote it: "
            "--watch 'texts/*.json'"
        ),
    ),
    Case(
        "a host with a port on the command line",
        command="serve --host localhost:18300",
        error=("--host: host = localhost:18300: the port is a setting of its own; write --host localhost --port 18300"),
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
        "a percentage of workers",
        command="serve --workers 50% --no-reload",
        error="--workers: workers = 50%: not a valid number of workers; write a number from 1 to 1000",
    ),
    Case(
        "the application without its session",
        command="serve -n hello --no-reload",
        error=(
            "--app-name: hello: [filter:session] is left out, but hello/lib/helpers.py uses the session; leave "
            "--app-name out, or name a pipeline that has the filter"
        ),
    ),
    Case(
        "an ini with its application, as PasteDeploy names it",
        command="serve config:development.ini#hello",
        error=(
            "config:development.ini#hello: this is not an ini; write gearbox-lite serve development.ini --app-name hello"
        ),
    ),
)
