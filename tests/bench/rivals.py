"""The programs that are compared, each installed once in a virtual environment of its own in a cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from figures import OURS, MissingError

REPOSITORY = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gearbox-lite-bench"

THEIRS = "theirs"
"""The project that gearbox's own quickstart writes; gearbox can only serve it once it is installed."""

SESSIONS = f"{OURS}-all"
"""The environment with everything that the session stores need."""

GEARBOX_ALL = "gearbox-all"
"""The environment with gearbox and the same extra distributions."""

DJANGO_DATABASE, FLASK_SQLALCHEMY, PYRAMID_TM = "django-database", "flask-sqlalchemy", "pyramid_tm"
"""The environments of other frameworks with a database."""

REQUIREMENTS = {
    OURS: ["-e", str(REPOSITORY)],
    SESSIONS: ["-e", f"{REPOSITORY}[all]", "python-memcached"],  # which stock Beaker needs for memcached
    "gearbox": ["gearbox", "tg.devtools", "waitress", "Beaker", "jinja2", "click"],  # and what our application needs
    GEARBOX_ALL: [
        *("gearbox", "tg.devtools", "waitress", "Beaker", "jinja2", "click"),
        *("sqlalchemy", "psycopg[binary]", "redis", "pymemcache", "cryptography", "python-memcached"),
    ],
    "pyramid": ["pyramid", "plaster_pastedeploy", "waitress", "-e", str(REPOSITORY)],
    "flask": ["flask", "gunicorn", "waitress"],
    "django": ["django", "waitress"],
    "django-browser-reload": ["django", "django-browser-reload"],
    DJANGO_DATABASE: ["django", "psycopg[binary]", "waitress"],
    FLASK_SQLALCHEMY: ["flask", "flask-sqlalchemy", "psycopg[binary]", "waitress"],
    PYRAMID_TM: ["pyramid", "pyramid_tm", "sqlalchemy", "zope.sqlalchemy", "psycopg[binary]", "waitress"],
    "cheroot": ["cheroot"],
    "granian": ["granian"],
    "uwsgi": ["uwsgi"],
    "cookiecutter": ["cookiecutter"],
    "copier": ["copier"],
}
DISTRIBUTIONS = {
    OURS: [OURS, "TurboGears2", "Beaker", "waitress"],
    SESSIONS: ["SQLAlchemy", "psycopg", "redis", "pymemcache", "cryptography"],
    "gearbox": ["gearbox", "tg.devtools"],
    GEARBOX_ALL: ["python-memcached"],
    "flask": ["flask", "gunicorn"],
    DJANGO_DATABASE: ["psycopg"],
    FLASK_SQLALCHEMY: ["Flask-SQLAlchemy", "SQLAlchemy"],
    PYRAMID_TM: ["pyramid_tm", "zope.sqlalchemy"],
}
"""The distributions whose versions are shown; the default is the one with the environment's name."""


def program(environment: str, name: str) -> Path:
    """Return the path of a program, after installing its environment if that is missing or out of date.

    Raises MissingError if that fails.
    """
    folder = CACHE / environment
    stamp = folder / "stamp"
    wanted = "\n".join([sys.version, *REQUIREMENTS[environment], _dependencies(environment)])
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"  making {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True, symlinks=True)
        _install(folder, *REQUIREMENTS[environment])
        if environment == "gearbox":
            _install_theirs(folder)
        stamp.write_text(wanted)
    return folder / "bin" / name


def vite() -> Path:
    """Return the path of Vite, after installing it if that is missing. Raises MissingError if that fails."""
    folder = CACHE / "vite"
    executable = folder / "node_modules/.bin/vite"
    npm = shutil.which("npm")
    if npm is None:
        raise MissingError("vite: npm is not installed")
    if not executable.exists():
        folder.mkdir(parents=True, exist_ok=True)
        result = subprocess.run([npm, "install", "vite"], cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode:
            raise MissingError(f"vite: npm could not install it: {result.stderr.strip()[-200:]}")
    return executable


def theirs() -> Path:
    """Return the folder of the installed project that gearbox's own quickstart has written."""
    program("gearbox", "gearbox")
    return CACHE / "gearbox" / THEIRS


def versions(environment: str) -> str:
    """Return an environment's distributions with their versions."""
    names = DISTRIBUTIONS.get(environment, [environment])
    code = f"import importlib.metadata as m\nprint(*(n + ' ' + m.version(n) for n in {names!r}), sep=', ')"
    python = program(environment, "python")
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _dependencies(environment: str) -> str:
    has_ours = any(str(REPOSITORY) in word for word in REQUIREMENTS[environment])
    return (REPOSITORY / "pyproject.toml").read_text() if has_ours else ""


def _install(folder: Path, *words: str) -> None:
    result = subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode:
        reason = next(iter(result.stderr.strip().splitlines()[-1:]), "no reason given")
        raise MissingError(f"{folder.name}: pip could not install {' '.join(words)}: {reason}")


def _install_theirs(folder: Path) -> None:
    """Quickstart a project without a database and users, which ours does not have either, and install it."""
    subprocess.run(
        [folder / "bin" / "gearbox", "quickstart", "--minimal", "--noauth", "--nosa", THEIRS],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    _install(folder, "-e", str(folder / THEIRS))
