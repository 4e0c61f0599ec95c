"""The session filter that an ini sets up, for the commands and checks that work on it without serving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gearbox_lite import value_syntax
from gearbox_lite.errors import Location, Setting, UserError, at_setting
from gearbox_lite.ini.deploy import Section
from gearbox_lite.sessions.settings.options import PREFIX, KeyName, SessionOptions
from gearbox_lite.sessions.settings.parse import OptionError, parse_options

_FACTORIES = (
    "egg:gearbox_lite#session",
    "egg:gearbox-lite#session",
    "gearbox_lite.sessions.middleware:filter_factory",
)


@dataclass(frozen=True)
class ConfiguredSession:
    """Our session filter in an ini: the settings as written, and the options that they give."""

    section: Section
    settings: Mapping[str, Setting]
    options: SessionOptions

    @property
    def store(self) -> str:
        """The session's type."""
        return self.options.type

    def setting(self, name: str) -> Setting | None:
        """Return where and how an option is set; None if it is not."""
        return self.settings.get(PREFIX + name)

    def key_names(self) -> list[KeyName]:
        """Return the names of the keys in use. Encryption also uses the signing key."""
        names: list[KeyName] = ["validate_key"] if self.store == "cookie" else ["secret"]
        if self.options.encrypt_key is not None:
            names += ["validate_key"] if self.store != "cookie" else []
            names.append("encrypt_key")
        return names


def configured_session(application: Section) -> ConfiguredSession | None:
    """Return the session of an application, None if it does not use our session filter.

    Raises UserError, with file and line, for an option that cannot be used.
    """
    section = session_filter_section(application)
    if section is None:
        return None
    shared = {name: item for name, item in section.globals.items() if name.startswith(PREFIX)}
    settings = {**section.options, **shared}
    return ConfiguredSession(section, settings, _parse_settings(section, settings))


def session_filter_section(application: Section) -> Section | None:
    """Return the section of our session filter in an application, None if it has none."""
    sections = application.walk()
    return next((one for one in sections if one.factory is not None and is_session_filter(one.factory.value)), None)


def is_session_filter(factory: str) -> bool:
    """Whether a section's ``use`` or ``paste.filter_factory`` names our session filter."""
    return factory in _FACTORIES


def _parse_settings(section: Section, settings: Mapping[str, Setting]) -> SessionOptions:
    for item in settings.values():
        if item.environment_variable is not None:
            explained = value_syntax.explain_value(item.value, item.environment_variable)
            if explained is not None:
                raise at_setting(item, *explained)
    given = {name: item.value for name, item in settings.items()}
    try:
        return parse_options(given)
    except OptionError as error:
        setting = settings.get(error.option)
        if setting is not None:
            if setting.environment_variable is not None and error.problem.startswith("the key has"):
                problem = error.problem.replace("the key", f"the environment variable {setting.environment_variable}")
                raise at_setting(setting, problem, error.remedy) from error
            shown = error.shown(given) if setting.written is None else str(setting)
            raise UserError(f"{shown}: {error.problem}", at=setting.at, remedy=error.remedy) from error
        source = section.factory.at if section.factory else Location(section.name)
        raise UserError(f"{error.option}: {error.problem}", at=source, remedy=error.remedy) from error
