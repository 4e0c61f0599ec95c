"""Mistakes in the arguments and options of quickstart."""

from __future__ import annotations

from mistakes.case import Case

CASES = (
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
            "/proc/x/shop: cannot write the project: No such file or directory; nothing was written; choose another "
            "folder with --output-dir"
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
)
