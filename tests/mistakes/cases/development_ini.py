"""Mistakes in development.ini: values, names and sections."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import appended, line, not_utf8, replaced, setting

CASES = (
    Case(
        "a misspelled boolean",
        (setting("debug", "ture"),),
        error="development.ini:<line>: debug = ture: not a boolean; write true or false",
    ),
    Case(
        "a number for debug",
        (setting("debug", "2"),),
        error="development.ini:<line>: debug = 2: not a boolean; write true or false",
    ),
    Case(
        "debug without a value",
        (setting("debug", ""),),
        error="development.ini:<line>: debug =: not a boolean; write true or false",
    ),
    Case(
        "a comment behind a boolean",
        (setting("debug", "false # for now"),),
        error=(
            "development.ini:<line>: debug = false # for now: not a boolean; write true or false (a comment needs a "
            "line of its own)"
        ),
    ),
    Case(
        "a boolean in quotes",
        (setting("debug", '"true"'),),
        error=(
            'development.ini:<line>: debug = "true": the value has quotes around it, which belong to it '
            "in an ini; remove the quotes"
        ),
    ),
    Case(
        "a port that is not a number",
        (setting("port", "abc"),),
        keeps_port=True,
        error=(
            "development.ini:<line>: port = abc: not a port number; write a number from 1 to 65535, for example 8080"
        ),
    ),
    Case(
        "a port above the maximum",
        (setting("port", "80800"),),
        keeps_port=True,
        error=(
            "development.ini:<line>: port = 80800: out of range for a port; write a number from 1 to 65535, for "
            "example 8080"
        ),
    ),
    Case(
        "a negative port",
        (setting("port", "-1"),),
        keeps_port=True,
        error="development.ini:<line>: port = -1: not a port number; write a number from 1 to 65535, for example 8080",
    ),
    Case(
        "a comment behind the port",
        (setting("port", "8080 ; the usual one"),),
        keeps_port=True,
        error=(
            "development.ini:<line>: port = 8080 ; the usual one: not a port number; write a number from 1 to 65535, "
            "for example 8080 (a comment needs a line of its own)"
        ),
    ),
    Case(
        "a port in quotes",
        (setting("port", '"8080"'),),
        keeps_port=True,
        error=(
            'development.ini:<line>: port = "8080": the value has quotes around it, which belong to it '
            "in an ini; remove the quotes"
        ),
    ),
    Case(
        "an address with a scheme as host",
        (setting("host", "http://localhost"),),
        error=("development.ini:<line>: host = http://localhost: this is a URL, not a host; write host = localhost"),
    ),
    Case(
        "a host and a port as host",
        (setting("host", "localhost:8080"),),
        error=(
            "development.ini:<line>: host = localhost:8080: the port is a setting of its own; write host "
            "= localhost and port = 8080"
        ),
    ),
    Case(
        "a host name that does not exist",
        (setting("host", "no-such-host.invalid"),),
        error=(
            "development.ini:<line>: host = no-such-host.invalid: this host has no address; write an address of this "
            "machine, for example 127.0.0.1"
        ),
    ),
    Case(
        "threads as a word",
        (setting("threads", "four"),),
        error="development.ini:<line>: threads = four: not a whole number in range; write a number from 1 up",
    ),
    Case(
        "no threads at all",
        (setting("threads", "0"),),
        error="development.ini:<line>: threads = 0: not a whole number in range; write a number from 1 up",
    ),
    Case(
        "a size with a unit",
        (setting("max_request_body_size", "10M"),),
        error=(
            "development.ini:<line>: max_request_body_size = 10M: not a whole number in range; write 10485760, in bytes"
        ),
    ),
    Case(
        "a misspelled setting of the server",
        (line("server:main", "thread = 4"),),
        error="development.ini:<line>: thread = 4: waitress has no such setting; did you mean threads?",
    ),
    Case(
        "a misspelled setting of [serve]",
        (line("serve", "relaod = true"),),
        error="development.ini:<line>: relaod = true: [serve] has no such setting; did you mean reload?",
    ),
    Case(
        "a number of workers as a word",
        (setting("workers", "two"),),
        error="development.ini:<line>: workers = two: not a valid number of workers; write a number from 1 to 1000",
    ),
    Case(
        "no workers at all",
        (setting("workers", "0"),),
        error="development.ini:<line>: workers = 0: not a valid number of workers; write a number from 1 to 1000",
    ),
    Case(
        "a negative number of workers",
        (setting("workers", "-2"),),
        error="development.ini:<line>: workers = -2: not a valid number of workers; write a number from 1 to 1000",
    ),
    Case(
        "a time limit with a unit",
        (setting("drain_timeout", "10s"),),
        error="development.ini:<line>: drain_timeout = 10s: not a valid time in seconds; write 10",
    ),
    Case(
        "a negative time limit",
        (setting("worker_timeout", "-5"),),
        error="development.ini:<line>: worker_timeout = -5: not a valid time in seconds; write a number, 0 or more",
    ),
    Case(
        "a misspelled filter in the pipeline",
        (setting("pipeline", "sesion hello"),),
        error=(
            "development.ini:<line>: pipeline = sesion hello: there is no section [filter:sesion] in "
            "development.ini, but [filter:session] on line <line of [filter:session]>; write session "
            "here, or rename that section"
        ),
    ),
    Case(
        "a misspelled application in the pipeline",
        (setting("pipeline", "session helo"),),
        error=(
            "development.ini:<line>: pipeline = session helo: there is no section [app:helo] in "
            "development.ini, but [app:hello] on line <line of [app:hello]>; write hello here, or rename "
            "that section"
        ),
    ),
    Case(
        "an empty pipeline",
        (setting("pipeline", ""),),
        error="development.ini:<line>: pipeline =: the pipeline is empty; name its filters and, last, its application",
    ),
    Case(
        "a session store that does not exist",
        (setting("session.type", "mysql"),),
        error=("development.ini:<line>: session.type = mysql: this value cannot be used; write ext:database"),
    ),
    Case(
        "a session store without its prefix",
        (setting("session.type", "redis"),),
        error="development.ini:<line>: session.type = redis: this value cannot be used; write ext:redis",
    ),
    Case(
        "a timeout as words",
        (setting("session.timeout", "an hour"),),
        error=(
            "development.ini:<line>: session.timeout = an hour: this value cannot be used; write a whole number of "
            "seconds from 1 to 1000000000, or remove the line"
        ),
    ),
    Case(
        "a timeout with a unit",
        (setting("session.timeout", "30m"),),
        error=(
            "development.ini:<line>: session.timeout = 30m: this value cannot be used; write a whole "
            "number of seconds: 1800"
        ),
    ),
    Case(
        "a timeout of zero",
        (setting("session.timeout", "0"),),
        error=(
            "development.ini:<line>: session.timeout = 0: this value cannot be used; write a whole number of seconds "
            "from 1 to 1000000000, or remove the line"
        ),
    ),
    Case(
        "a samesite that browsers do not know",
        (setting("session.samesite", "lax; secure"),),
        error=(
            "development.ini:<line>: session.samesite = lax; secure: this value cannot be used; write one of Lax, "
            "Strict, None"
        ),
    ),
    Case(
        "a secure flag as a word",
        (setting("session.secure", "maybe"),),
        error="development.ini:<line>: session.secure = maybe: this value cannot be used; write true or false",
    ),
    Case(
        "a cookie path without a slash",
        (setting("session.cookie_path", "app"),),
        error=("development.ini:<line>: session.cookie_path = app: this is not a path; write /app"),
    ),
    Case(
        "a cookie domain with a scheme",
        (setting("session.cookie_domain", "https://example.com"),),
        error=(
            "development.ini:<line>: session.cookie_domain = https://example.com: this is not a host "
            "name; write example.com"
        ),
    ),
    Case(
        "a cookie name with a space",
        (setting("session.key", "my session"),),
        error=(
            "development.ini:<line>: session.key = my session: this value cannot be used; a cookie's name has no "
            "spaces, commas, semicolons, brackets or equals signs"
        ),
    ),
    Case(
        "a cookie name without a value",
        (setting("session.key", ""),),
        error=(
            "development.ini:<line>: session.key =: this value cannot be used; a cookie's name has no spaces, "
            "commas, semicolons, brackets or equals signs"
        ),
    ),
    Case(
        "a misspelled session option",
        (line("filter:session", "session.timout = 3600"),),
        error="development.ini:<line>: session.timout = ...: there is no such option; did you mean session.timeout?",
    ),
    Case(
        "a misspelled session key",
        (line("filter:session", "session.secert = " + "5" * 64),),
        error="development.ini:<line>: session.secert = ...: there is no such option; did you mean session.secret?",
    ),
    Case(
        "an unknown serializer",
        (setting("session.data_serializer", "yaml"),),
        error=(
            "development.ini:<line>: session.data_serializer = yaml: this value cannot be used; write one of json, "
            "pickle"
        ),
    ),
    Case(
        "a key that is too short",
        (setting("session.validate_key", "short"),),
        warnings=(
            (
                "development.ini:<line>: session.validate_key = ...: the key has 5 characters, fewer than 32; write 64 "
                "random hex digits, or let `gearbox-lite session rotate-key` do it"
            ),
        ),
        codes=("weak-key",),
    ),
    Case(
        "a validate key without a value",
        (setting("session.validate_key", ""),),
        error=(
            "development.ini:<line>: session.validate_key = ...: the key is empty; write a long random "
            "text of ASCII characters without spaces or commas"
        ),
    ),
    Case(
        "an application factory that does not exist",
        (setting("paste.app_factory", "hello.config.application:make_ap"),),
        error=(
            "development.ini:<line>: paste.app_factory = hello.config.application:make_ap: module "
            "hello.config.application has no make_ap; did you mean hello.config.application:make_app?"
        ),
    ),
    Case(
        "an application factory with a dot",
        (setting("paste.app_factory", "hello.config.application.make_app"),),
        error=(
            "development.ini:<line>: paste.app_factory = hello.config.application.make_app: this names "
            "no function; write hello.config.application:make_app"
        ),
    ),
    Case(
        "an application factory of a module that does not exist",
        (setting("paste.app_factory", "hello.config.aplication:make_app"),),
        error=(
            "development.ini:<line>: paste.app_factory = hello.config.aplication:make_app: there is no "
            "module hello.config.aplication; did you mean hello.config.application?"
        ),
    ),
    Case(
        "an application factory of a package that does not exist",
        (setting("paste.app_factory", "helo.config.application:make_app"),),
        error=(
            "development.ini:<line>: paste.app_factory = helo.config.application:make_app: there is no "
            "module helo; did you mean hello?"
        ),
    ),
    Case(
        "an application factory without a value",
        (setting("paste.app_factory", ""),),
        error=(
            "development.ini:<line>: paste.app_factory =: this names no function; write package.module:function, for "
            "example hello.config.application:make_app"
        ),
    ),
    Case(
        "a variable that is not set",
        (setting("session.key", "%(name)s"),),
        error=(
            "development.ini:<line>: session.key = %(name)s: %(name)s is not set; pass name=... on the command line, "
            "set it in [DEFAULT], or write %% for a percent sign"
        ),
    ),
    Case(
        "a percent sign",
        (setting("session.key", "hello%20world"),),
        error="development.ini:<line>: session.key = ...: invalid interpolation; write %% for a percent sign",
    ),
    Case(
        "a level of logging that does not exist",
        (replaced("[logger_hello]\nlevel = DEBUG", "[logger_hello]\nlevel = DEBGU"),),
        error=(
            "development.ini:<line of level = DEBGU>: level = DEBGU: logging cannot be set up: ValueError: Unknown "
            "level: 'DEBGU'; write DEBUG"
        ),
    ),
    Case(
        "a handler of logging that does not exist",
        (setting("class", "StreamHandlr"),),
        error=(
            "development.ini:<line>: class = StreamHandlr: logging cannot be set up: "
            "ModuleNotFoundError: No module named 'StreamHandlr'; write StreamHandler"
        ),
    ),
    Case(
        "a section of logging that is missing",
        (replaced("[formatter_generic]", "[formatter_generik]"),),
        error=(
            "development.ini:<line of keys = generic>: keys = generic: logging cannot be set up: there is no "
            "'formatter_generic'; write generik"
        ),
    ),
    Case(
        "arguments of a log handler without a comma",
        (setting("args", "(sys.stdout"),),
        error=(
            "development.ini:<line>: args = (sys.stdout: logging cannot be set up: SyntaxError: '(' was never closed "
            "(<string>, line 1); write the arguments of the class as Python does: (sys.stderr,)"
        ),
    ),
    Case(
        "a section without its closing bracket",
        (replaced("[serve]", "[serve"),),
        error="development.ini:<line>: '[serve' is not a section header; close it with ]",
    ),
    Case(
        "a section that occurs twice",
        (appended("[serve]\nworkers = 1"),),
        error="development.ini:<line>: section [serve] appears twice; merge the two",
    ),
    Case(
        "a setting that occurs twice",
        (line("server:main", "threads = 8"),),
        error=(
            "development.ini:<line of threads = 4>: threads is set twice in [server:main], first on line <line>; remove or comment out one "
            "of the two"
        ),
    ),
    Case(
        "a line without an equals sign",
        (line("server:main", "threads 8"),),
        error="development.ini:<line>: this line is neither a setting nor a [section]; write it as: name = value",
    ),
    Case(
        "text before the first section",
        (replaced("[DEFAULT]", "debug = true\n[DEFAULT]"),),
        error="development.ini:<line>: a setting before any [section]; begin the ini with a section such as [DEFAULT]",
    ),
    Case(
        "a file that is not UTF-8",
        (not_utf8(),),
        error="development.ini:<line>: this is not UTF-8; save the file as UTF-8",
    ),
    Case(
        "use without egg:",
        (setting("use", "waitress"),),
        error=(
            "development.ini:<line>: use = waitress: there is no section [server:waitress] in "
            "development.ini; write use = egg:waitress#main"
        ),
    ),
    Case(
        "a server that is not installed",
        (setting("use", "egg:gunicrn#main"),),
        error=(
            "development.ini:<line>: use = egg:gunicrn#main: no distribution 'gunicrn' is installed; did "
            "you mean egg:gunicorn#main?"
        ),
    ),
)
