"""The explanation of an import that finds no module: a misspelled name, a file that is missing, or no distribution."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gearbox_lite.errors import CodeError, nearest
from gearbox_lite.turbogears.frames import Frames, at_frame

_OTHER_NAMES = {"turbogears": "tg", "turbogears2": "tg", "TurboGears2": "tg", "tg2": "tg", "pylons": "tg"}
"""Modules of TurboGears 1 and Pylons, and the name of the distribution, with what is imported instead."""
_DISTRIBUTIONS = {
    "PIL": "Pillow", "yaml": "PyYAML", "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "jwt": "PyJWT",
    "dotenv": "python-dotenv", "sqlalchemy": "SQLAlchemy", "ldap": "python-ldap", "attr": "attrs", "mako": "Mako",
    "psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "sentry_sdk": "sentry-sdk",
    "docx": "python-docx", "ming": "Ming", "formencode": "FormEncode", "webtest": "WebTest", "wtforms": "WTForms",
    **{name: name for name in (
        "aiohttp", "alembic", "babel", "bcrypt", "boto3", "celery", "cryptography", "httpx", "lxml", "markdown",
        "matplotlib", "numpy", "pandas", "passlib", "pydantic", "pymysql", "pytz", "redis", "requests", "scipy",
        "stripe", "tabulate", "tenacity", "tqdm", "transaction", "urllib3",
    )},
}  # fmt: skip
"""Modules that applications often import, with the distributions that pip installs for them."""


def missing_module(error: BaseException, frames: Frames) -> CodeError | None:
    """Explain an import of the user's code that finds no module; None for other exceptions."""
    if not isinstance(error, ModuleNotFoundError) or not error.name or not frames:
        return None
    there_is_none = f"no module named {error.name!r}"
    if error.name in _OTHER_NAMES:
        return at_frame(frames[-1], there_is_none, f"TurboGears 2 is imported as {_OTHER_NAMES[error.name]}")
    parent, _, name = error.name.rpartition(".")
    folders = list(map(Path, getattr(sys.modules.get(parent), "__path__", ())))
    if parent:
        names = [item.stem for folder in folders if folder.is_dir() for item in folder.glob("*.py")]
    else:
        names = sorted(set(sys.stdlib_module_names) | {item.partition(".")[0] for item in sys.modules})
    guess = nearest(name, names) if error.name not in _DISTRIBUTIONS else None
    problem = f"{folders[0].name}/{name}.py is missing" if folders else there_is_none
    if guess is not None:
        return at_frame(frames[-1], problem, f"did you mean {f'{parent}.{guess}' if parent else guess}?")
    return at_frame(frames[-1], problem, _remedy(error.name, Path(frames[-1].filename), is_own=bool(folders)))


def _remedy(module: str, file: Path, *, is_own: bool) -> str:
    """Return what to do about a module that ``file`` imports; ``is_own`` if its package is available."""
    if is_own:
        return "create it, or correct the import"
    pyproject = next(
        (folder / "pyproject.toml" for folder in file.parents if (folder / "pyproject.toml").exists()), None
    )
    text = pyproject.read_text(encoding="utf-8", errors="replace") if pyproject is not None else ""
    top = module.partition(".")[0]
    package = _package_of(file)
    if package is not None and re.search(rf'^name = "{re.escape(top)}"', text, re.MULTILINE):
        return f"the package is now {package}: import that, or give its folder its old name, {top}"
    distribution = _DISTRIBUTIONS.get(module) or _DISTRIBUTIONS.get(top)
    if distribution is None:
        return "correct the name, or install the distribution that has it"
    is_listed = re.search(rf'^\s*"{re.escape(distribution)}(?![\w-])', text, re.MULTILINE | re.IGNORECASE)
    if is_listed:
        return "pyproject.toml requires it: pip install -e ."
    return f"pip install {distribution}, and add it to the dependencies in pyproject.toml"


def _package_of(file: Path) -> str | None:
    """Return the name of the outermost package that a file is in, None if it is in none."""
    packages = [folder.name for folder in file.parents if (folder / "__init__.py").exists()]
    return packages[-1] if packages else None
