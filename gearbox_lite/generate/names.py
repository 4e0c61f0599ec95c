"""Project names and package names: what is allowed, and what to write instead."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata

from gearbox_lite.errors import UserError
from gearbox_lite.generate.paths import DEVICES

LONGEST = 100
"""Most characters in a project or package name."""

RUNS_ON = frozenset(
    {
        *("backlash", "beaker", "bs4", "click", "crank", "gearbox_lite", "jinja2", "markupsafe", "paste"),
        *(
            "pkg_resources",
            "pytest",
            "repoze",
            "setuptools",
            "soupsieve",
            "tg",
            "waitress",
            "watchfiles",
            "webob",
            "webtest",
        ),
        *("cryptography", "greenlet", "psycopg", "pymemcache", "redis", "sqlalchemy", "typing_extensions"),
    }
)
"""Top-level modules that a generated project, its tests or its installation import."""

TAKEN = frozenset({"base_config", "main", "root"})
"""Names that the generated ini and code give to something else: a section, a logger, a variable."""

FOLDERS = frozenset({"build", "data", "deploy", "dist", "docs", "venv", "wheels"})
"""Folders that a project has or commonly gets beside its package."""

CONTROLLERS = frozenset({"error", "root"})
"""Names that controllers of a generated project have."""

_RESERVED = (
    (frozenset({"conftest", "test", "tests"}), "the project's tests have that name"),
    (
        frozenset(module.lower() for module in sys.stdlib_module_names),
        "it would hide the module of the same name in Python's standard library",
    ),
    (RUNS_ON, "it would hide a module that the project itself needs"),
    (TAKEN, "the project has something else of that name"),
    (FOLDERS, "that folder of a project is for something else"),
    (DEVICES, "on Windows that is a device"),
)
"""Names, in lower case, that a package can't have, and why."""

# https://packaging.python.org/en/latest/specifications/name-normalization/#name-format
_PROJECT = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
_CONTROLLER = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def project_name(name: str) -> str:
    """Return ``name`` if packaging allows it as a project name; raise UserError with one that would work if not."""
    if not name:
        raise UserError("the project name is empty", remedy="write for example: gearbox-lite quickstart hello")
    if "/" in name or "\\" in name or ".." in name:
        raise UserError(
            f"project name {name!r} is a path",
            remedy=f"give the name alone, for example {_suggest(name)!r}, and its folder with --output-dir",
        )
    if len(name) > LONGEST:
        raise UserError(
            f"project name {name[:20]!r}... has {len(name)} characters",
            remedy=f"use at most {LONGEST}, for example {_suggest(name[:20])!r}",
        )
    if not _PROJECT.fullmatch(name):
        raise UserError(
            f"project name {name!r} is not a valid name for a Python project",
            remedy="it may hold the ASCII letters and digits, and inside also '.', '-' and '_'; "
            f"for example {_suggest(name)!r}",
        )
    if name.partition(".")[0].lower() in DEVICES:
        raise UserError(
            f"project name {name!r} is that of a device on Windows",
            remedy=f"use for example {_suggest(name) + '-app'!r}",
        )
    return name


def package_name(project: str, given: str | None = None) -> str:
    """Return the import package's name: ``given``, or ``project`` in lower case with '_' for '-' and '.'.

    Raises UserError, with a name that would work, where the name can't be imported or would hide another module.
    """
    name = re.sub(r"[-._]+", "_", project).lower() if given is None else given
    reason = _refusal(name)
    if reason is None:
        return name
    source = "--package" if given is not None else f"project name {project!r} gives the package"
    raise UserError(f"{source} {name!r}: {reason}", remedy=f"use for example --package {_suggest_package(name)}")


def controller_name(name: str) -> str:
    """Return ``name`` if a controller's module can have it; raise UserError with one that would work if not."""
    if name in CONTROLLERS:
        reason = "the project's own controllers have that name"
    elif not _CONTROLLER.fullmatch(name) or len(name) > LONGEST:
        reason = f"use at most {LONGEST} lower case ASCII letters, digits and '_', a letter first"
    elif keyword.iskeyword(name):
        reason = "it is a keyword of Python"
    else:
        return name
    plain = _suggest(name[:LONGEST]).replace("-", "_")
    fits = _CONTROLLER.fullmatch(plain) and not keyword.iskeyword(plain) and plain not in CONTROLLERS
    raise UserError(f"controller name {name!r}: {reason}", remedy=f"for example {plain if fits else 'movies'!r}")


def _refusal(name: str) -> str | None:
    """Say why a package can't have this name; None if it can."""
    folded = name.lower()
    if not name:
        return "it is empty"
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, more than {LONGEST}"
    if not name.isascii() or not name.isidentifier():
        return "it is not an identifier of ASCII letters, digits and '_' that starts with a letter"
    if keyword.iskeyword(name):
        return "it is a keyword of Python"
    for names, reason in _RESERVED:
        if folded in names:
            return reason
    if name.startswith("_"):
        return "names that start with '_' are private to Python and its tools"
    return None


def _suggest(name: str) -> str:
    """Return a valid project name that is like ``name``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    return "-".join(words)[: LONGEST - 1].strip("-").lower() or "my-project"


def _suggest_package(name: str) -> str:
    """Return a package name that is like ``name`` and is not refused."""
    plain = _suggest(name[: LONGEST // 2]).replace("-", "_")
    for candidate in (plain, f"{plain}_app", f"app_{plain}"):
        if _refusal(candidate) is None:
            return candidate
    return "my_app"
