"""The session that an ini sets up, for the commands and checks that work on it without serving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.ini.deploy import Section
from gearbox_lite.sessions.settings import options as session_options

_FACTORIES = ("egg:gearbox_lite", "egg:gearbox-lite", "gearbox_lite.sessions.middleware:filter_factory")


@dataclass(frozen=True)
class Configured:
    """Our session filter in an ini: the settings as written, and the options that they give."""

    section: Section
    settings: Mapping[str, Setting]
    options: Mapping[str, Any]

    @property
    def store(self) -> str:
        """The session's type."""
        return str(self.options["type"])

    def setting(self, name: str) -> Setting | None:
        """Return where and how an option is set; None if it is not."""
        return self.settings.get(session_options.PREFIX + name)


def find(application: Section) -> Configured | None:
    """Return the session of an application, None if it has none of ours.

    Raises UserError, with file and line, for an option that cannot be used.
    """
    section = section_of(application)
    if section is None:
        return None
    prefix = session_options.PREFIX
    shared = {name: item for name, item in section.globals.items() if name.startswith(prefix)}
    settings = {**section.options, **shared}
    return Configured(section, settings, _check(section, settings))


def section_of(application: Section) -> Section | None:
    """Return the section of our session filter in an application, None if it has none."""
    sections = application.walk()
    return next((one for one in sections if one.factory is not None and is_ours(one.factory.value)), None)


def is_ours(factory: str) -> bool:
    """Whether a section's ``use`` or ``paste.filter_factory`` names our session filter."""
    return factory.partition("#")[0] in _FACTORIES


def _check(section: Section, settings: Mapping[str, Setting]) -> dict[str, Any]:
    try:
        return session_options.check({name: item.value for name, item in settings.items()})
    except session_options.OptionError as error:
        setting = settings.get(error.option)
        if setting is not None:
            shown = error.shown({name: item.value for name, item in settings.items()})
            if setting.written is not None:
                shown = str(setting)
            raise UserError(f"{shown}: {error.problem}", at=setting.at, remedy=error.remedy) from error
        source = section.factory.at if section.factory else Location(section.name)
        raise UserError(f"{error.option}: {error.problem}", at=source, remedy=error.remedy) from error
