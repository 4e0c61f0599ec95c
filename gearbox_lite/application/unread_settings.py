"""Settings in [app:...] that no code reads: neither the user's own nor a library that the application has imported.

Only the code tells which settings an application reads, so its files are searched for the names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gearbox_lite.application.user_code import is_library, is_ours, is_users
from gearbox_lite.errors import Setting, UserError, at_setting, nearest
from gearbox_lite.findings import Finding, warning_of
from gearbox_lite.ini.deploy import Section
from gearbox_lite.ini.schema.foreign_names import remedy_in
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.ini.validation.factories import factory_module
from gearbox_lite.turbogears.loaded import loaded_config

_SUFFIXES = frozenset({".py", ".jinja", ".html", ".xhtml", ".mak", ".kajiki", ".tmpl"})
_MAX_FILES = 5000
_DATABASES = {"sqlalchemy": "use_sqlalchemy", "ming": "use_ming"}
"""Prefixes of settings that TurboGears 2.5 reads only with a database, and the option that switches it on."""
_MIN_SIMILARITY = 0.85


def unread_settings(settings: AppSettings) -> list[Finding]:
    """Return a warning for each setting of the loaded application that no code reads."""
    section = settings.app.innermost
    module = factory_module(section.factory)
    if module is None or section.name.partition(":")[0] not in ("app", "application"):
        return []
    own = "\n".join(_texts_of_project(settings.ini.parent / module.partition(".")[0]))
    if not own:  # an installed application, whose settings are not the user's to know
        return []
    unread = [setting for setting in _settings(section) if not _mentions(own, setting.name)]
    libraries = _texts_of_libraries()
    while unread and (text := next(libraries, None)) is not None:  # usually only the first few
        unread = [setting for setting in unread if not _is_read_by_library(text, setting.name)]
    if not unread:
        return []
    framework = "\n".join(_texts_of_libraries("tg"))
    known = list(dict.fromkeys(re.findall(r"[\"']([a-z][\w.]{3,40})[\"']", f"{own}\n{framework}")))
    return [warning_of(_unread(setting, section, known), "unread-setting") for setting in unread]


def _settings(section: Section) -> Iterator[Setting]:
    for name, setting in section.options.items():
        if name not in ("use", "filter-with") and not name.startswith("paste."):
            yield setting


def _texts_of_project(package: Path) -> Iterator[str]:
    for number, file in enumerate(package.rglob("*") if package.is_dir() else ()):
        if number > _MAX_FILES:
            return
        with suppress(OSError):  # what loads the file reports that it is unreadable
            if file.suffix in _SUFFIXES and file.is_file():
                yield file.read_text(encoding="utf-8", errors="replace")


def _texts_of_libraries(package: str = "") -> Iterator[str]:
    """Yield the source of the installed modules that the application has imported, without Python's own and ours.

    Only the modules of ``package``, if it is given.
    """
    for name, module in list(sys.modules.items()):
        if package and name.partition(".")[0] != package:
            continue
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py") or "waitress" in file:
            continue
        if not is_users(file) and not is_library(file) and not is_ours(file):
            yield Path(file).read_text(encoding="utf-8", errors="replace")


def _mentions(text: str, name: str) -> bool:
    """Whether a project's own code has a name, or reads all settings that begin as it does."""
    prefixes = [name[: match.end()] for match in re.finditer(r"\.", name)]
    if any(f"{quote}{prefix}{quote}" in text for prefix in prefixes for quote in "\"'"):
        return True
    return bool(re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", text))


def _is_read_by_library(text: str, name: str) -> bool:
    prefix = name.partition(".")[0]
    config = loaded_config()
    if prefix in _DATABASES and "." in name and config is not None:
        return bool(config.get(_DATABASES[prefix]))
    quoted = [f"{quote}{part}{quote}" for part in (name, f"{prefix}.") for quote in "\"'"]
    return any(part in text for part in quoted)


def _unread(setting: Setting, section: Section, known: list[str]) -> UserError:
    remedy = remedy_in(setting.name, "app")
    prefix, dot, _ = setting.name.partition(".")
    if remedy is None and dot and prefix in _DATABASES:
        remedy = f"remove the line, or switch {_DATABASES[prefix]} on in config/app_cfg.py"
    if remedy is None:
        guess = nearest(setting.name, known, cutoff=_MIN_SIMILARITY)
        remedy = f"did you mean {guess}?" if guess else "remove the line, or correct its name"
    return at_setting(setting, f"nothing reads this setting in [{section.name}]", remedy)
