"""An ini file, interpolated as PasteDeploy does it; every value knows the line that set it."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path

from gearbox_lite.errors import Location, Setting, at_setting
from gearbox_lite.ini.parsing.layout import check_layout
from gearbox_lite.ini.parsing.lines import line_ranges
from gearbox_lite.ini.parsing.references import (
    FROM_ENVIRONMENT,
    VARIABLE,
    explain_broken,
    explain_missing_variable,
    explain_unknown,
)
from gearbox_lite.ini.parsing.text import IniParser, parse_text, read_text
from gearbox_lite.masking import is_secret


class IniFile:
    """One ini file, read as PasteDeploy reads it: case is kept, ``%(name)s`` is interpolated.

    ``variables`` are PasteDeploy's global variables; as there, the file's own [DEFAULT] section wins over them.
    """

    def __init__(self, path: Path, variables: Mapping[str, Setting]) -> None:
        """Read the file. Raises UserError if it is missing, not UTF-8, or not an ini file."""
        self.path = path
        self._variables = variables
        text = read_text(path)
        check_layout(path, text)
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

    def written(self, section: str) -> list[str]:
        """Return the names of the options written in a section itself."""
        return [option for name, option in self._lines if name == section and option is not None]

    def options(self, section: str) -> dict[str, Setting]:
        """Return the options written in a section itself (not in [DEFAULT]), interpolated.

        Raises UserError for an invalid interpolation.
        """
        return {option: self.get(section, option) for option in self.written(section)}

    def raw(self, section: str, option: str) -> Setting:
        """Return one option before interpolation; its value is empty if it is not set."""
        return Setting(option, self._parser.get(section, option, raw=True, fallback=""), self.at(section, option))

    def defaults(self) -> dict[str, Setting]:
        """Return the options of [DEFAULT], the variables, ``here`` and ``__file__``."""
        return {option: self.get("DEFAULT", option) for option in self._parser.defaults()}

    def get(self, section: str, option: str) -> Setting:
        """Return one option, interpolated. Raises UserError for an invalid interpolation."""
        at = self.at(section, option)
        try:
            value, raw = self._parser.get(section, option), self._parser.get(section, option, raw=True)
            hidden = value != raw and any(map(is_secret, VARIABLE.findall(raw)))
            variable = FROM_ENVIRONMENT.fullmatch(raw)
            return Setting(option, value, at, raw if hidden else None, variable[1] if variable else None)
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
        if isinstance(missing, str) and (environment := FROM_ENVIRONMENT.fullmatch(f"%({missing})s")):
            return explain_missing_variable(environment[1], self._missing_environment(section))
        if isinstance(raw.at.source, Path) and raw.at.source != self.path:  # PasteDeploy interpolates it again
            ini = self.path.name
            return (
                f"{ini} inherits this value and cannot interpolate its percent sign",
                f"set {raw.name} in {ini} instead",
            )
        if isinstance(missing, str):
            known = [name for name in self._known(section) if name != raw.name]
            return explain_unknown(missing, known)
        from gearbox_lite import value_syntax

        found = explain_broken(raw.value) or value_syntax.explain_value(raw.value)
        return found or ("invalid interpolation", "write %% for a percent sign")

    def _known(self, section: str) -> list[str]:
        """Return the names that a section can refer to."""
        return list(self._parser.defaults() if section == "DEFAULT" else self._parser.options(section))

    def _circle(self, section: str, names: list[str]) -> list[str]:
        """Return the cycle of names that the references of the last one lead to; empty if there is none."""
        raw = self._parser.get(section, names[-1], raw=True, fallback="")
        for name in VARIABLE.findall(raw):
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
