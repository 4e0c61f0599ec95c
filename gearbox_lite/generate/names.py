"""Names of projects, packages and controllers: which are valid, and what to write instead of an invalid one."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata

from gearbox_lite.errors import UserError
from gearbox_lite.generate.paths import DEVICES

MAX_NAME_LENGTH = 100
"""Maximum number of characters in a name."""

DEPENDENCIES = frozenset(
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
        *("alembic", "cryptography", "greenlet", "mako", "psycopg", "pymemcache", "redis", "sqlalchemy"),
        "typing_extensions",
    }
)
"""Top-level modules that a generated project, its tests or its installation import or may come to import."""

USED_BY_PROJECT = frozenset({"base_config", "main", "root"})
"""Names that the generated ini and code use for something else: a section, a logger, a variable."""

FOLDERS = frozenset({"build", "data", "deploy", "dist", "docs", "venv", "wheels"})
"""Folders that a project has, or that tools commonly create, beside its package."""

CONTROLLERS = frozenset({"error", "root"})
"""Names that the controllers of a generated project already use."""

_RESERVED = (
    (frozenset({"conftest", "test", "tests"}), "the project's tests use that name"),
    (
        frozenset(module.lower() for module in sys.stdlib_module_names),
        "it would shadow the module of the same name in Python's standard library",
    ),
    (DEPENDENCIES, "it would shadow a module that the project needs"),
    (USED_BY_PROJECT, "the project uses that name for something else"),
    (FOLDERS, "the project uses a folder of that name for something else"),
    (DEVICES, "it is a device on Windows"),
)
"""Invalid package names, in lower case, and why."""

# https://packaging.python.org/en/latest/specifications/name-normalization/#name-format
_PROJECT = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE | re.ASCII)
_CONTROLLER = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def project_name(name: str) -> str:
    """Return ``name`` if it is a valid project name for Python packaging; else raise UserError with a suggestion."""
    if not name:
        raise UserError("the project name is empty", remedy="for example: gearbox-lite quickstart hello")
    if name in (".", "./"):
        raise UserError(
            f"project name {name!r} is the current folder, and quickstart creates a new one",
            remedy="for example: gearbox-lite quickstart hello",
        )
    if "/" in name or "\\" in name or ".." in name:
        raise UserError(
            f"project name {name!r} is a path",
            remedy=f"use only the name, for example {_suggest(name)!r}, and set the folder with --output-dir",
        )
    if len(name) > MAX_NAME_LENGTH:
        raise UserError(
            f"project name {name[:20]!r}... has {len(name)} characters",
            remedy=f"use at most {MAX_NAME_LENGTH}, for example {_suggest(name[:20])!r}",
        )
    if not _PROJECT.fullmatch(name):
        raise UserError(
            f"invalid project name {name!r}",
            remedy=f"use ASCII letters and digits, and between them '.', '-' and '_'; for example {_suggest(name)!r}",
        )
    if name.partition(".")[0].lower() in DEVICES:
        raise UserError(
            f"project name {name!r} is the name of a device on Windows",
            remedy=f"for example {_suggest(name) + '-app'!r}",
        )
    return name


def package_name(project: str, given: str | None = None) -> str:
    """Return the import package's name: ``given``, or ``project`` in lower case with '_' for '-' and '.'.

    Raises UserError with a suggestion if the name can't be imported or would shadow another module.
    """
    name = re.sub(r"[-._]+", "_", project).lower() if given is None else given
    reason = _package_problem(name)
    if reason is None:
        return name
    source = "--package" if given is not None else f"project name {project!r} gives the package"
    raise UserError(f"{source} {name!r}: {reason}", remedy=f"for example --package {_suggest_package(name)}")


def controller_name(name: str) -> str:
    """Return ``name`` if it is valid for a controller's module; else raise UserError with a suggestion."""
    if name in CONTROLLERS:
        reason = "the project's own controllers use that name"
    elif not _CONTROLLER.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        reason = f"use at most {MAX_NAME_LENGTH} lowercase ASCII letters, digits and '_', starting with a letter"
    elif keyword.iskeyword(name):
        reason = "it is a Python keyword"
    else:
        return name
    plain = _suggest(name.removesuffix(".py")[:MAX_NAME_LENGTH]).replace("-", "_")
    fits = _CONTROLLER.fullmatch(plain) and not keyword.iskeyword(plain) and plain not in CONTROLLERS
    raise UserError(f"controller name {name!r}: {reason}", remedy=f"for example {plain if fits else 'movies'!r}")


def _package_problem(name: str) -> str | None:
    """Return why this is not a valid package name; None if it is."""
    folded = name.lower()
    if not name:
        return "it is empty"
    if len(name) > MAX_NAME_LENGTH:
        return f"it has {len(name)} characters, the limit is {MAX_NAME_LENGTH}"
    if not name.isascii() or not name.isidentifier():
        return "it is not an identifier of ASCII letters, digits and '_'"
    if keyword.iskeyword(name):
        return "it is a Python keyword"
    for names, reason in _RESERVED:
        if folded in names:
            return reason
    if name.startswith("_"):
        return "names that start with '_' are reserved for Python and its tools"
    return None


def _suggest(name: str) -> str:
    """Return a valid project name similar to ``name``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", plain)
    return "-".join(words)[: MAX_NAME_LENGTH - 1].strip("-").lower() or "my-project"


def _suggest_package(name: str) -> str:
    """Return a valid package name similar to ``name``."""
    plain = _suggest(name[: MAX_NAME_LENGTH // 2]).replace("-", "_")
    for candidate in (plain, f"{plain}_app", f"app_{plain}"):
        if _package_problem(candidate) is None:
            return candidate
    return "my_app"
