"""The distributions whose versions ``info`` and the debug page show: what an application is usually made of."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import metadata

_MODULES = {
    "TurboGears2": "tg", "pyramid": "pyramid", "Flask": "flask", "Django": "django", "WebOb": "webob",
    "PasteDeploy": "paste.deploy", "Beaker": "beaker", "Jinja2": "jinja2", "SQLAlchemy": "sqlalchemy",
    "waitress": "waitress", "gunicorn": "gunicorn",
}  # fmt: skip
"""Each distribution with its module."""


def installed_versions() -> dict[str, str]:
    """Return the version of each of these distributions that is installed."""
    return _versions(_MODULES)


def loaded_versions() -> dict[str, str]:
    """Return the version of each of these distributions whose module this process has imported."""
    return _versions(name for name, module in _MODULES.items() if module in sys.modules)


def _versions(names: Iterable[str]) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
