"""An ini file together with the line of every section and option, for messages that name them."""

from __future__ import annotations

import configparser
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gearbox_lite.errors import Location, Setting, UserError, at_setting, line_not_utf8
from gearbox_lite.masking import is_secret

_HEADER = re.compile(r"\[(?P<name>.+)\]")
FROM_ENVIRONMENT = re.compile(r"%\(ENV_([A-Za-z_][A-Za-z0-9_]*)\)s")
_VARIABLE = re.compile(r"%\(([^()]+)\)s")
_OPTION = re.compile(r"(?P<name>[^=:]+?)\s*[=:]")


ENVIRONMENT = "ENV_"
"""How names of the environment begin in an ini."""


class Parser(configparser.ConfigParser):
    """configparser, with names as PasteDeploy takes them."""

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of options, as PasteDeploy does."""
        return optionstr


class IniFile:
    """One ini file, read as PasteDeploy reads it: case is kept, ``%(name)s`` is interpolated.

    ``variables`` are PasteDeploy's global variables; as there, the file's own [DEFAULT] section wins over them.
    """

    def __init__(self, path: Path, variables: Mapping[str, Setting]) -> None:
        """Read the file. Raises UserError where it is missing, not UTF-8, or not an ini file."""
        self.path = path
        self._variables = variables
        text = read_text(path)
        self._places = places(text)
        values = {name: setting.value for name, setting in variables.items()}
        defaults = {**values, "here": str(path.parent), "__file__": str(path)}
        self._parser = Parser(defaults=defaults)
        _parse(self._parser, path, text)

    def sections(self) -> list[str]:
        """Return the names of the file's sections, [DEFAULT] aside."""
        return self._parser.sections()

    def at(self, section: str, option: str | None = None) -> Location:
        """Return the line of an option, or of the section's header, or the file where neither is written in it.

        A variable is where it was set.
        """
        for name in ((section, option), ("DEFAULT", option)):
            if name in self._places:
                return Location(self.path, self._places[name].first)
        if option is not None and option in self._variables:
            return self._variables[option].at
        header = self._places.get((section, None))
        return Location(self.path, header.first if header else None)

    def options(self, section: str) -> dict[str, Setting]:
        """Return the options written in a section itself (not in [DEFAULT]), interpolated.

        Raises UserError for an interpolation that does not work.
        """
        written = [option for name, option in self._places if name == section and option is not None]
        return {option: self.get(section, option) for option in written}

    def defaults(self) -> dict[str, Setting]:
        """Return the options of [DEFAULT], the variables, ``here`` and ``__file__``."""
        return {option: self.get("DEFAULT", option) for option in self._parser.defaults()}

    def get(self, section: str, option: str) -> Setting:
        """Return one option, interpolated. Raises UserError for an interpolation that does not work."""
        at = self.at(section, option)
        try:
            value, raw = self._parser.get(section, option), self._parser.get(section, option, raw=True)
            hidden = value != raw and any(map(is_secret, _VARIABLE.findall(raw)))
            return Setting(option, value, at, raw if hidden else None)
        except configparser.InterpolationError as error:
            written = Setting(option, self._parser.get(section, option, raw=True), at)
            raise at_setting(written, *self._explain(section, written, error)) from error

    def _explain(self, section: str, raw: Setting, error: configparser.InterpolationError) -> tuple[str, str]:
        """Return why an option cannot be interpolated, and the remedy."""
        if raw.name in ("here", "__file__"):
            return "PasteDeploy cannot read an ini below a folder with a percent sign", "rename the folder"
        if isinstance(error, configparser.InterpolationDepthError):
            circle = " -> ".join(self._circle(section, [raw.name]))
            problem = f"these name each other in a circle: {circle}" if circle else "its variables go too deep"
            return problem, "give one of them a value of its own"
        missing = getattr(error, "reference", None)
        if isinstance(missing, str) and missing.startswith(ENVIRONMENT):
            name = missing.removeprefix(ENVIRONMENT)
            names = self._not_in_environment(section)
            words = " ".join(f"{variable}=..." for variable in names)
            remedy = f"set {'it' if names == [name] else 'all that is missing'}: export {words}"
            return f"the environment has no {name}", remedy
        if isinstance(raw.at.source, Path) and raw.at.source != self.path:  # PasteDeploy interpolates it once more
            ini = self.path.name
            return f"handed on to {ini}, where its percent sign does not work", f"set {raw.name} in {ini} instead"
        if isinstance(missing, str):
            remedy = f"pass {missing}=... on the command line, set it in [DEFAULT], or write %% for a percent sign"
            return f"%({missing})s is not set", remedy
        return "this interpolation does not work", "write %% for a percent sign"

    def _circle(self, section: str, names: list[str]) -> list[str]:
        """Follow the variables of the last name to one that is there already; nothing where none is."""
        raw = self._parser.get(section, names[-1], raw=True, fallback="")
        for name in _VARIABLE.findall(raw):
            circle = [*names[names.index(name) :], name] if name in names else self._circle(section, [*names, name])
            if circle:
                return circle
        return []

    def _not_in_environment(self, section: str) -> list[str]:
        """Return what is missing in the environment: for a section and [DEFAULT] first, then for all others."""
        sections = [section, *(name for name in self._parser.sections() if name != section)]
        values = (value for name in sections for _, value in self._parser.items(name, raw=True))
        names = dict.fromkeys(name for value in values for name in FROM_ENVIRONMENT.findall(value))
        return [name for name in names if name not in os.environ]


def read_text(path: Path) -> str:
    """Return the text of an ini. Raises UserError where there is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # whoever reads a pipe waits until somebody writes
            kind = "a folder" if path.is_dir() else "a device or a pipe"
            raise UserError(f"this is {kind}, not an ini", at=Location(path), remedy="put the ini in its place")
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        at = Location(path, line_not_utf8(error))
        raise UserError("this is not UTF-8", at=at, remedy="save the file as UTF-8") from error
    except FileNotFoundError as error:
        raise UserError("there is no such file", at=Location(path), remedy="put it back") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", at=Location(path), remedy="make it readable") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError("a NUL character is no text", at=Location(path, line), remedy="remove it")
    if text.startswith("\ufeff"):
        raise UserError(
            "the file begins with a byte order mark, which PasteDeploy does not read",
            at=Location(path, 1),
            remedy="save it as UTF-8 without BOM",
        )
    return text


def _parse(parser: configparser.ConfigParser, path: Path, text: str) -> None:
    try:
        parser.read_string(text, str(path))
    except configparser.DuplicateOptionError as error:
        raise UserError(
            f"{error.option} is set twice in [{error.section}], first on line "
            f"{places(text)[error.section, error.option].first}",
            at=Location(path, error.lineno),
            remedy="remove or comment out one of the two",
        ) from error
    except configparser.DuplicateSectionError as error:
        raise UserError(
            f"section [{error.section}] is there twice",
            at=Location(path, error.lineno),
            remedy="join the two",
        ) from error
    except configparser.MissingSectionHeaderError as error:
        is_header = str(error.line).lstrip().startswith("[")
        raise UserError(
            f"{error.line.strip()!r} is not a section" if is_header else "a setting before any [section]",
            at=Location(path, error.lineno),
            remedy="close it with ]" if is_header else "an ini starts with a section such as [DEFAULT]",
        ) from None  # whose text has the line, which may be a key
    except configparser.ParsingError as error:
        number = error.errors[0][0]
        line = split_lines(text)[number - 1].strip()
        shown = repr(line) if line.startswith("[") else "this line"  # which may be a key
        raise UserError(
            f"{shown} is neither a setting nor a [section]",
            at=Location(path, number),
            remedy="write it as: name = value",
        ) from None


@dataclass(frozen=True)
class Place:
    """The lines of an option or of a section's header, from 1; ``last`` is where the option's value ends."""

    first: int
    last: int
    indent: str


def split_lines(text: str) -> list[str]:
    """Split as configparser does, at line feeds only; a carriage return stays on its line."""
    return text.split("\n")


def places(text: str) -> dict[tuple[str, str | None], Place]:
    """Map (section, option) and (section, None) to where they are first, by configparser's rules."""
    found: dict[tuple[str, str | None], Place] = {}
    section, depth, current = "", 0, None
    for number, line in enumerate(split_lines(text), start=1):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        indent = line[: len(line) - len(line.lstrip())]
        if current is not None and len(indent) > depth:
            found[current] = replace(found[current], last=number)  # the value of the option above goes on
            continue
        depth = len(indent)
        if header := _HEADER.match(content):
            section, current = header["name"], None
            found.setdefault((section, None), Place(number, number, indent))
        elif option := _OPTION.match(content):
            current = section, option["name"]
            found.setdefault(current, Place(number, number, indent))
    return found


def raw_value(text: str, place: Place) -> str:
    """Return an option's value as it is written, without comments between its lines."""
    first, *further = (line.strip() for line in split_lines(text)[place.first - 1 : place.last])
    lines = [_OPTION.sub("", first, count=1), *(line for line in further if line[:1] not in ("#", ";"))]
    return "\n".join(line.strip() for line in lines).strip()


def is_literal(setting: Setting) -> bool:
    """Whether a setting's value stands in its own line of a file, not taken from elsewhere by %(name)s or ``get``."""
    if not isinstance(setting.at.source, Path) or setting.at.line is None:
        return False
    text = setting.at.source.read_text(encoding="utf-8")
    for (_, name), place in places(text).items():
        if name == setting.name and place.first == setting.at.line:
            return "%(" not in "\n".join(split_lines(text)[place.first - 1 : place.last])
    return False
