"""Mistakes in keys and in environment variables."""

from __future__ import annotations

from mistakes.case import Case
from mistakes.edits import setting

PRODUCTION = {
    "HELLO_SESSION_KEY": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "HELLO_CSRF_KEY": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
}

CASES = (
    Case(
        "debug in production.ini",
        (setting("debug", "true", file="production.ini"),),
        error=(
            "production.ini:<line>: debug = true: the debug page, which runs code, could be reached "
            "through the proxy of trusted_proxy = 127.0.0.1 (production.ini:<line of trusted_proxy = "
            "127.0.0.1>); write debug = false, or pass --allow-remote-debug if everyone who can connect "
            "may run code"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("serve", "reload", "workers", "check"),
    ),
    Case(
        "an environment variable that is not set",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable "
            "HELLO_SESSION_KEY is not set; set it: export HELLO_SESSION_KEY=..."
        ),
        ini="production.ini",
        environment={name: value for name, value in PRODUCTION.items() if name != "HELLO_SESSION_KEY"},
        secrets=tuple(PRODUCTION.values()),
        modes=("serve", "reload", "workers", "check", "routes"),
    ),
    Case(
        "an environment variable that is empty",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable "
            "HELLO_SESSION_KEY is empty; set it: export HELLO_SESSION_KEY=..."
        ),
        ini="production.ini",
        environment={**PRODUCTION, "HELLO_SESSION_KEY": ""},
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "workers"),
    ),
    Case(
        "the three dots of a hint as the key",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable HELLO_SESSION_KEY is ..., which "
            'stands for a key; set it: export HELLO_SESSION_KEY=$(python3 -c "import secrets; '
            'print(secrets.token_hex(32))")'
        ),
        ini="production.ini",
        environment={**PRODUCTION, "HELLO_SESSION_KEY": "..."},
        modes=("serve", "check"),
    ),
    Case(
        "the three dots of a hint as the key for forms",
        (),
        error=(
            "production.ini:<line of csrf.key = %(ENV_HELLO_CSRF_KEY)s>: csrf.key = %(ENV_HELLO_CSRF_KEY)s: the "
            "environment variable HELLO_CSRF_KEY is ..., which stands for a key; set it: export "
            'HELLO_CSRF_KEY=$(python3 -c "import secrets; print(secrets.token_hex(32))")'
        ),
        ini="production.ini",
        environment={**PRODUCTION, "HELLO_CSRF_KEY": "..."},
        modes=("serve", "check"),
    ),
    Case(
        "an environment variable with a short key for forms",
        (),
        error=(
            "production.ini:<line of csrf.key = %(ENV_HELLO_CSRF_KEY)s>: csrf.key = %(ENV_HELLO_CSRF_KEY)s: the "
            "environment variable HELLO_CSRF_KEY has fewer than 32 characters; set it: export "
            'HELLO_CSRF_KEY=$(python3 -c "import secrets; print(secrets.token_hex(32))")'
        ),
        ini="production.ini",
        environment={**PRODUCTION, "HELLO_CSRF_KEY": "x7Qz"},
        secrets=("x7Qz",),
        modes=("serve", "check"),
    ),
    Case(
        "an environment variable with a space",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable "
            "HELLO_SESSION_KEY begins or ends with a space; remove the space"
        ),
        ini="production.ini",
        environment={
            **PRODUCTION,
            "HELLO_SESSION_KEY": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 ",
        },
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "serve"),
    ),
    Case(
        "an environment variable with quotes",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable "
            "HELLO_SESSION_KEY has quotes around it, which belong to it in an ini; remove the quotes"
        ),
        ini="production.ini",
        environment={
            **PRODUCTION,
            "HELLO_SESSION_KEY": '"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
        },
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "reload"),
    ),
    Case(
        "an environment variable with a command",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable "
            "HELLO_SESSION_KEY is a shell's command, which an ini does not run; write what the command "
            "prints"
        ),
        ini="production.ini",
        environment={**PRODUCTION, "HELLO_SESSION_KEY": "$(openssl rand -hex 32)"},
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "workers"),
    ),
    Case(
        "a misspelled environment variable",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the environment variable "
            "HELLO_SESSION_KEY is not set; HELLO_SESION_KEY is set; correct one of the two names, or set "
            "it: export HELLO_SESSION_KEY=..."
        ),
        ini="production.ini",
        environment={
            **{
                name: value
                for name, value in PRODUCTION.items()
                if name not in ("HELLO_SESSION_KEY", "HELLO_SESION_KEY")
            },
            "HELLO_SESION_KEY": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "serve"),
    ),
    Case(
        "a variable without ENV_",
        (setting("session.validate_key", "%(HELLO_SESSION_KEY)s", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = %(HELLO_SESSION_KEY)s: %(HELLO_SESSION_KEY)s "
            "names no environment variable; write %(ENV_HELLO_SESSION_KEY)s"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "reload"),
    ),
    Case(
        "a variable of a shell as the key",
        (setting("session.validate_key", "${HELLO_SESSION_KEY}", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = ...: the value refers to HELLO_SESSION_KEY in "
            "a way that an ini does not expand; write %(ENV_HELLO_SESSION_KEY)s"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "workers"),
    ),
    Case(
        "%(ENV_...) without s",
        (setting("session.validate_key", "%(ENV_HELLO_SESSION_KEY)", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = ...: %(ENV_HELLO_SESSION_KEY) is not how an "
            "ini refers to a variable; write %(ENV_HELLO_SESSION_KEY)s"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "serve"),
    ),
    Case(
        "a dash in the name of an environment variable",
        (setting("session.validate_key", "%(ENV_HELLO-SESSION-KEY)s", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = %(ENV_HELLO-SESSION-KEY)s: "
            "%(ENV_HELLO-SESSION-KEY)s names no environment variable; write %(ENV_HELLO_SESSION_KEY)s"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "reload"),
    ),
    Case(
        "a command as the key",
        (setting("session.validate_key", "$(openssl rand -hex 32)", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = ...: the value is a shell's command, which an "
            "ini does not run; write what the command prints"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "workers"),
    ),
    Case(
        "the name of a variable as the key",
        (setting("session.validate_key", "ENV_HELLO_SESSION_KEY", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = ...: this is the name of a variable, not its "
            "value; write %(ENV_HELLO_SESSION_KEY)s"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "serve"),
    ),
    Case(
        "a Python function as the key",
        (setting("session.validate_key", "<function new_secret at 0x7f0011223344>", file="production.ini"),),
        error=(
            "production.ini:<line>: session.validate_key = ...: the value is how Python shows an object; "
            "call the function in the template: {{ new_secret() }}"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "reload"),
    ),
    Case(
        "two keys with a comma",
        (
            setting(
                "session.validate_key",
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08,60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
                file="production.ini",
            ),
        ),
        error=(
            "production.ini:<line>: session.validate_key = ...: the key has a comma; write a long random "
            "text of ASCII characters without spaces or commas"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "workers"),
    ),
    Case(
        "a key in quotes",
        (
            setting(
                "session.validate_key",
                '"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
                file="production.ini",
            ),
        ),
        error=(
            "production.ini:<line>: session.validate_key = ...: the value has quotes around it, which "
            "belong to it in an ini; remove the quotes"
        ),
        ini="production.ini",
        environment=PRODUCTION,
        secrets=tuple(PRODUCTION.values()),
        modes=("check", "routes", "serve"),
    ),
    Case(
        "an environment variable with an example as the key",
        (),
        error=(
            "production.ini:<line of session.validate_key = %(ENV_HELLO_SESSION_KEY)s>: "
            "session.validate_key = %(ENV_HELLO_SESSION_KEY)s: the key looks like an example; write 64 random hex "
            "digits, or let `gearbox-lite session rotate-key` do it"
        ),
        ini="production.ini",
        environment={**PRODUCTION, "HELLO_SESSION_KEY": "secret"},
        secrets=(PRODUCTION["HELLO_CSRF_KEY"],),
        modes=("serve",),
    ),
    Case(
        "a percent sign in a key",
        (setting("session.validate_key", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0%"),),
        error="development.ini:<line>: session.validate_key = ...: invalid interpolation; write %% for a percent sign",
        modes=("check", "reload"),
        secrets=("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0",),
    ),
)
