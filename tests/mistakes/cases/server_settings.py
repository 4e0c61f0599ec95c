"""Mistakes in [server:main] and [serve]."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.cases.environment import PRODUCTION
from mistakes.edits import line, replaced, setting

CASES = (
    Case(
        "workers in [server:main]",
        (line("server:main", "workers = 2"),),
        error="development.ini:<line>: workers = 2: waitress has no such setting; write workers in [serve]",
        modes=("check", "serve"),
    ),
    Case(
        "gunicorn's bind",
        (line("server:main", "bind = 0.0.0.0:8000"),),
        error=("development.ini:<line>: bind = 0.0.0.0:8000: waitress has no such setting; write listen = HOST:PORT"),
        modes=("check", "reload"),
    ),
    Case(
        "gunicorn's timeout",
        (line("server:main", "timeout = 30"),),
        error=(
            "development.ini:<line>: timeout = 30: waitress has no such setting; write channel_timeout "
            "for idle connections, or worker_timeout in [serve] for workers that hang"
        ),
        modes=("check", "workers"),
    ),
    Case(
        "a certificate for waitress",
        (line("server:main", "certfile = x.pem"),),
        error=(
            "development.ini:<line>: certfile = x.pem: waitress has no such setting; remove the line; "
            "waitress speaks plain HTTP, and a proxy such as nginx does HTTPS (README.md)"
        ),
        modes=("check", "serve"),
    ),
    Case(
        "threads in [serve]",
        (line("serve", "threads = 4"),),
        error=("development.ini:<line>: threads = 4: [serve] has no such setting; write threads in [server:main]"),
        modes=("check", "reload"),
    ),
    Case(
        "watch_files",
        (line("serve", "watch_files = 4"),),
        error="development.ini:<line>: watch_files = 4: [serve] has no such setting; write watch",
        modes=("check", "workers"),
    ),
    Case(
        "gunicorn's graceful_timeout",
        (line("serve", "graceful_timeout = 30"),),
        error=("development.ini:<line>: graceful_timeout = 30: [serve] has no such setting; write drain_timeout"),
        modes=("check", "serve"),
    ),
    Case(
        "a port in the host",
        (replaced("host = 127.0.0.1", "host = 127.0.0.1:8080"),),
        error=(
            "development.ini:<line>: host = 127.0.0.1:8080: the port is a setting of its own; write host "
            "= 127.0.0.1 and port = 8080"
        ),
        modes=("check", "reload"),
        keeps_port=True,
    ),
    Case(
        "a URL as the host",
        (replaced("host = 127.0.0.1", "host = http://localhost:8080/"),),
        error=(
            "development.ini:<line>: host = http://localhost:8080/: this is a URL, not a host; write "
            "host = localhost and port = 8080"
        ),
        modes=("check", "workers"),
        keeps_port=True,
    ),
    Case(
        "a misspelled localhost",
        (replaced("host = 127.0.0.1", "host = locahost"),),
        error="development.ini:<line>: host = locahost: this host has no address; did you mean localhost?",
        modes=("check", "serve"),
        keeps_port=True,
    ),
    Case(
        "an IPv4 address with 256",
        (replaced("host = 127.0.0.1", "host = 127.0.0.256"),),
        error=(
            "development.ini:<line>: host = 127.0.0.256: not an IPv4 address; write four numbers from 0 "
            "to 255, for example 127.0.0.1"
        ),
        modes=("check", "reload"),
    ),
    Case(
        "a host without a value",
        (replaced("host = 127.0.0.1", "host ="),),
        error=(
            "development.ini:<line>: host =: this names no host; write 127.0.0.1 for this machine only, "
            "or 0.0.0.0 for every network"
        ),
        modes=("check", "workers"),
        keeps_port=True,
    ),
    Case(
        "listen with a space",
        (
            replaced(
                "host = 127.0.0.1\n# The port: 1 to 65535, or 0 for any free one.\nport = 8080",
                "listen = localhost 8080",
            ),
        ),
        error=(
            "development.ini:<line>: listen = localhost 8080: 8080 is a port without a host; write "
            "listen = localhost:8080"
        ),
        modes=("check", "serve"),
        keeps_port=True,
    ),
    Case(
        "listen with a URL",
        (
            replaced(
                "host = 127.0.0.1\n# The port: 1 to 65535, or 0 for any free one.\nport = 8080",
                "listen = http://127.0.0.1:8080",
            ),
        ),
        error=(
            "development.ini:<line>: listen = http://127.0.0.1:8080: http://127.0.0.1:8080 is a URL; "
            "write listen = 127.0.0.1:8080"
        ),
        modes=("check", "reload"),
        keeps_port=True,
    ),
    Case(
        "listen with commas",
        (
            replaced(
                "host = 127.0.0.1\n# The port: 1 to 65535, or 0 for any free one.\nport = 8080",
                "listen = 127.0.0.1:0,127.0.0.2:0",
            ),
        ),
        error=(
            "development.ini:<line>: listen = 127.0.0.1:0,127.0.0.2:0: addresses are separated by "
            "spaces; write listen = 127.0.0.1:0 127.0.0.2:0"
        ),
        modes=("check", "workers"),
        keeps_port=True,
    ),
    Case(
        "listen with a Unix socket",
        (
            replaced(
                "host = 127.0.0.1\n# The port: 1 to 65535, or 0 for any free one.\nport = 8080",
                "listen = unix:/tmp/x.sock",
            ),
        ),
        error=(
            "development.ini:<line>: listen = unix:/tmp/x.sock: unix:/tmp/x.sock is a Unix socket; write "
            "unix_socket = /tmp/x.sock"
        ),
        modes=("check", "serve"),
        keeps_port=True,
    ),
    Case(
        "a name as the trusted proxy",
        (setting("trusted_proxy", "nginx", file="production.ini"),),
        error=(
            "production.ini:<line>: trusted_proxy = nginx: no client has this address; write the proxy's "
            "IP address, for example 127.0.0.1, or localhost for a Unix socket"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "a network as the trusted proxy",
        (setting("trusted_proxy", "10.0.0.0/8", file="production.ini"),),
        error=(
            "production.ini:<line>: trusted_proxy = 10.0.0.0/8: no client has this address; a network "
            "cannot be trusted; write the proxy's one IP address"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "headers of a proxy with commas",
        (setting("trusted_proxy_headers", "x-forwarded-for, x-forwarded-proto", file="production.ini"),),
        error=(
            "production.ini:<line>: trusted_proxy_headers = x-forwarded-for, x-forwarded-proto: "
            "x-forwarded-for, is not a header of a proxy; write x-forwarded-for x-forwarded-proto, with "
            "spaces between them"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "headers of a proxy without the proxy",
        (replaced("trusted_proxy = 127.0.0.1\n", "", file="production.ini"),),
        error=(
            "production.ini:<line>: trusted_proxy_headers = x-forwarded-for x-forwarded-host "
            "x-forwarded-proto: no effect without trusted_proxy; add trusted_proxy with the proxy's "
            "address, or remove the line"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "a size in megabytes",
        (setting("max_request_body_size", "10MB", file="production.ini"),),
        error=(
            "production.ini:<line>: max_request_body_size = 10MB: not a whole number in range; write 10485760, in bytes"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "a glob in quotes",
        (line("serve", "watch = 'data/*.json'", file="production.ini"),),
        error=(
            "production.ini:<line>: watch = 'data/*.json': the value has quotes around it, which belong "
            "to it in an ini; remove the quotes"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
    ),
    Case(
        "globs with commas",
        (line("serve", "watch = data/*.json, texts/*.md", file="production.ini"),),
        error=(
            "production.ini:<line>: watch = data/*.json, texts/*.md: globs are separated by spaces; "
            "write data/*.json texts/*.md"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "workers"),
    ),
    Case(
        "seconds with a unit",
        (line("serve", "drain_timeout = 10s", file="production.ini"),),
        error="production.ini:<line>: drain_timeout = 10s: not a valid time in seconds; write 10",
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "serve"),
    ),
    Case(
        "a Unix socket beside a host",
        (
            line("server:main", "unix_socket = /tmp/st/x.sock", file="production.ini"),
            setting("trusted_proxy", "localhost", file="production.ini"),
        ),
        error=(
            "production.ini:<line of host = 127.0.0.1>: host = 127.0.0.1: no effect, since unix_socket "
            "is set; remove one of the two"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "reload"),
        keeps_port=True,
    ),
    Case(
        "two settings in one line",
        (replaced("host = 127.0.0.1", "host = 127.0.0.1, port = 8080"),),
        error=(
            "development.ini:<line>: host = 127.0.0.1, port = 8080: this is more than one setting; write each setting "
            "on a line of its own"
        ),
        modes=("check", "reload"),
        keeps_port=True,
    ),
)
