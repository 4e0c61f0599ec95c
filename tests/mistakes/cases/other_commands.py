"""Mistakes in the arguments and options of check, routes, scaffold, session, setup-app, shell and templates."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import setting

CASES = (
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
    Case(
        "an ini after rotate-key",
        command="session rotate-key production.ini",
        error="got unexpected extra argument (production.ini); write --config production.ini",
    ),
)
