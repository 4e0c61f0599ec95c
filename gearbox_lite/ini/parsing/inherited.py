"""Which inis an ini consists of: itself and all that it inherits from, even if some of them are broken."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.parsing.lines import line_ranges, raw_value
from gearbox_lite.ini.parsing.references import ENVIRONMENT, VARIABLE
from gearbox_lite.ini.parsing.text import IniParser, read_text

_INTERPOLATION = configparser.BasicInterpolation()


@dataclass(frozen=True)
class Outline:
    """What is known of one ini, broken or not: the line and the raw value of each option, by section and option."""

    path: Path
    options: Mapping[tuple[str, str], tuple[int, str]]


def inherited_path(ini: Path, name: str) -> Path:
    """Return the path that PasteDeploy opens for ``config:name`` in an ini."""
    return ini.parent / unquote(name).strip()


def with_inherited(path: Path, variables: Mapping[str, str]) -> Iterator[Outline]:
    """Yield an ini and all that it inherits from; one that is missing or cannot be read has no options."""
    seen: set[str] = set()
    environment = {f"{ENVIRONMENT}{name}": _escaped(value) for name, value in os.environ.items()}
    waiting = [(path, {**environment, **variables})]
    while waiting:
        current, known = waiting.pop(0)
        if os.path.realpath(current) in seen:
            continue
        seen.add(os.path.realpath(current))
        outline = Outline(current, _raw_options(current))
        yield outline
        passed_on = dict(known)
        names: list[str] = []
        for section, option, value in _interpolated(outline, known):
            if section == "DEFAULT":
                passed_on.setdefault(option, value)
            elif option.startswith("set "):
                passed_on[option[4:].strip()] = value
            names += value.split() if option == "pipeline" else [value]
        inis = [name[len("config:") :].partition("#")[0] for name in names if name.startswith("config:")]
        # No file name has a NUL character; the functions of os.path raise ValueError for one.
        waiting += [
            (found, passed_on) for found in (inherited_path(current, ini) for ini in inis) if "\0" not in str(found)
        ]


def referenced_names(path: Path, variables: Mapping[str, str]) -> set[str]:
    """Return the NAME of each %(NAME)s in an ini or one that it inherits from; ENV_NAME for the environment's."""
    outlines = with_inherited(path, variables)
    values = [value for outline in outlines for _, value in outline.options.values()]
    return {name for value in values for name in VARIABLE.findall(value)}


def environment_variables(path: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an ini, or one that it inherits from, takes from the environment as %(ENV_NAME)s."""
    names = referenced_names(path, variables)
    return {
        name: _escaped(os.environ[word])
        for name in names
        if name.startswith(ENVIRONMENT) and (word := name[len(ENVIRONMENT) :]) in os.environ
    }


def locate_setting(path: Path, option: str, variables: Mapping[str, str]) -> Location:
    """Return the first line that sets ``option`` in an ini or one that it inherits from, else the ini itself."""
    for outline in with_inherited(path, variables):
        for (_, name), (line, _) in outline.options.items():
            if name == option:
                return Location(outline.path, line)
    return Location(path)


def _escaped(value: str) -> str:
    return value.replace("%", "%%")


def _raw_options(path: Path) -> dict[tuple[str, str], tuple[int, str]]:
    try:
        text = read_text(path)
    except UserError:  # reported when the ini is read for use
        return {}
    found = line_ranges(text).items()
    return {
        (section, option): (lines.first, raw_value(text, lines))
        for (section, option), lines in found
        if option is not None
    }


def _interpolated(outline: Outline, variables: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield section, option and value of all options that can be interpolated."""
    parser = IniParser()
    sections: dict[str, dict[str, str]] = {}
    for (section, option), (_, value) in outline.options.items():
        sections.setdefault(section, {})[option] = value
    here = {"here": str(outline.path.parent), "__file__": str(outline.path)}
    shared = {**variables, **here, **sections.get("DEFAULT", {})}
    for section, options in sections.items():
        known = {**shared, **options}
        for option, value in options.items():
            with suppress(configparser.InterpolationError):
                yield section, option, _INTERPOLATION.before_get(parser, section, option, value, known)
