"""An ini file, interpolated as PasteDeploy does it; every value knows the line that set it."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from pathlib import Path

from gearbox_lite.errors import Location, Setting, at_setting
from gearbox_lite.ini.lines import line_ranges
from gearbox_lite.ini.text import IniParser, parse_text, read_text
from gearbox_lite.masking import is_secret

ENVIRONMENT = "ENV_"
"""Variables of an ini that begin so are environment variables: %(ENV_HOME)s."""
FROM_ENVIRONMENT = re.compile(r"%\(ENV_([A-Za-z_][A-Za-z0-9_]*)\)s")
_VARIABLE = re.compile(r"%\(([^()]+)\)s")


class IniFile:
    """One ini file, read as PasteDeploy reads it: case is kept, ``%(name)s`` is interpolated.

    ``variables`` are PasteDeploy's global variables; as there, the file's own [DEFAULT] section wins over them.
    """

    def __init__(self, path: Path, variables: Mapping[str, Setting]) -> None:
        """Read the file. Raises UserError if it is missing, not UTF-8, or not an ini file."""
        self.path = path
        self._variables = variables
        text = read_text(path)
        self._lines = line_ranges(text)
        values = {name: setting.value for name, setting in variables.items()}
        defaults = {**values, "here": str(path.parent), "__file__": str(path)}
        self._parser = IniParser(defaults=defaults)
        parse_text(self._parser, path, text)

    def sections(self) -> list[str]:
        """Return the names of the file's sections, except [DEFAULT]."""
        return self._parser.sections()

    def at(self, section: str, option: str | None = None) -> Location:
        """Return the line of an option, else of the section's header, else the file; for a variable, what set it."""
        for name in ((section, option), ("DEFAULT", option)):
            if name in self._lines:
                return Location(self.path, self._lines[name].first)
        if option is not None and option in self._variables:
            return self._variables[option].at
        header = self._lines.get((section, None))
        return Location(self.path, header.first if header else None)

    def options(self, section: str) -> dict[str, Setting]:
        """Return the options written in a section itself (not in [DEFAULT]), interpolated.

        Raises UserError for an invalid interpolation.
        """
        names = [option for name, option in self._lines if name == section and option is not None]
        return {option: self.get(section, option) for option in names}

    def defaults(self) -> dict[str, Setting]:
        """Return the options of [DEFAULT], the variables, ``here`` and ``__file__``."""
        return {option: self.get("DEFAULT", option) for option in self._parser.defaults()}

    def get(self, section: str, option: str) -> Setting:
        """Return one option, interpolated. Raises UserError for an invalid interpolation."""
        at = self.at(section, option)
        try:
            value, raw = self._parser.get(section, option), self._parser.get(section, option, raw=True)
            hidden = value != raw and any(map(is_secret, _VARIABLE.findall(raw)))
            return Setting(option, value, at, raw if hidden else None)
        except configparser.InterpolationError as error:
            uninterpolated = Setting(option, self._parser.get(section, option, raw=True), at)
            reason = self._explain_interpolation(section, uninterpolated, error)
            raise at_setting(uninterpolated, *reason) from error

    def _explain_interpolation(
        self, section: str, raw: Setting, error: configparser.InterpolationError
    ) -> tuple[str, str]:
        """Return why an option cannot be interpolated, and the remedy."""
        if raw.name in ("here", "__file__"):
            return "PasteDeploy cannot read an ini in a folder whose path has a percent sign", "rename the folder"
        if isinstance(error, configparser.InterpolationDepthError):
            circle = " -> ".join(self._circle(section, [raw.name]))
            problem = f"circular reference: {circle}" if circle else "its variables are nested too deeply"
            return problem, "give one of them a fixed value"
        missing = getattr(error, "reference", None)
        if isinstance(missing, str) and missing.startswith(ENVIRONMENT):
            name = missing.removeprefix(ENVIRONMENT)
            names = self._missing_environment(section)
            words = " ".join(f"{variable}=..." for variable in names)
            remedy = f"set {'it' if names == [name] else 'all that are missing'}: export {words}"
            return f"the environment variable {name} is not set", remedy
        if isinstance(raw.at.source, Path) and raw.at.source != self.path:  # PasteDeploy interpolates it again
            ini = self.path.name
            return (
                f"{ini} inherits this value and cannot interpolate its percent sign",
                f"set {raw.name} in {ini} instead",
            )
        if isinstance(missing, str):
            remedy = f"pass {missing}=... on the command line, set it in [DEFAULT], or write %% for a percent sign"
            return f"%({missing})s is not set", remedy
        return "invalid interpolation", "write %% for a percent sign"

    def _circle(self, section: str, names: list[str]) -> list[str]:
        """Return the cycle of names that the references of the last one lead to; empty if there is none."""
        raw = self._parser.get(section, names[-1], raw=True, fallback="")
        for name in _VARIABLE.findall(raw):
            circle = [*names[names.index(name) :], name] if name in names else self._circle(section, [*names, name])
            if circle:
                return circle
        return []

    def _missing_environment(self, section: str) -> list[str]:
        """Return the environment variables that are not set: first those of a section and [DEFAULT]."""
        sections = [section, *(name for name in self._parser.sections() if name != section)]
        values = (value for name in sections for _, value in self._parser.items(name, raw=True))
        names = dict.fromkeys(name for value in values for name in FROM_ENVIRONMENT.findall(value))
        return [name for name in names if name not in os.environ]
