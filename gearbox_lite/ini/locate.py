"""An ini file together with the line of every section and option, for messages that name them."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gearbox_lite.errors import Location, Setting, UserError, at_setting, line_not_utf8

_HEADER = re.compile(r"\[(?P<name>.+)\]")
_FROM_ENVIRONMENT = re.compile(r"%\(ENV_([A-Za-z_][A-Za-z0-9_]*)\)s")
_OPTION = re.compile(r"(?P<name>[^=:]+?)\s*[=:]")


ENVIRONMENT = "ENV_"
"""How names of the environment begin in an ini."""


class _Parser(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """Keep the case of options, as PasteDeploy does."""
        return optionstr


class IniFile:
    """One ini file, read as PasteDeploy reads it: case is kept, ``%(name)s`` is interpolated.

    ``variables`` are PasteDeploy's global variables; as there, the file's own [DEFAULT] section wins over them.
    """

    def __init__(self, path: Path, variables: Mapping[str, str]) -> None:
        """Read the file. Raises UserError where it is missing, not UTF-8, or not an ini file."""
        self.path = path
        text = _read(path)
        self._places = places(text)
        defaults = {**variables, "here": str(path.parent), "__file__": str(path)}
        self._parser = _Parser(defaults=defaults)
        _parse(self._parser, path, text)

    def sections(self) -> list[str]:
        """Return the names of the file's sections, [DEFAULT] aside."""
        return self._parser.sections()

    def at(self, section: str, option: str | None = None) -> Location:
        """Return the line of an option, or of the section's header, or the file where neither is written in it."""
        for name in ((section, option), ("DEFAULT", option), (section, None)):
            if name in self._places:
                return Location(self.path, self._places[name].first)
        return Location(self.path)

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
            return Setting(option, self._parser.get(section, option), at)
        except configparser.InterpolationError as error:
            raw = Setting(option, self._parser.get(section, option, raw=True), at)
            if option in ("here", "__file__"):
                raise at_setting(
                    raw,
                    "PasteDeploy cannot read an ini below a folder with a percent sign",
                    "rename the folder",
                ) from error
            missing = getattr(error, "reference", None)
            if isinstance(missing, str) and missing.startswith(ENVIRONMENT):
                name = missing.removeprefix(ENVIRONMENT)
                names = self._not_in_environment(section)
                words = " ".join(f"{variable}=..." for variable in names)
                remedy = f"set {'it' if names == [name] else 'all that is missing'}: export {words}"
                raise at_setting(raw, f"the environment has no {name}", remedy) from error
            if isinstance(missing, str):
                raise at_setting(
                    raw, f"%({missing})s is not set", "set it in [DEFAULT], or write %% for a percent sign"
                ) from error
            raise at_setting(raw, "this interpolation does not work", "write %% for a percent sign") from error

    def _not_in_environment(self, section: str) -> list[str]:
        """Return what the options of a section, and [DEFAULT], take from the environment without finding it there."""
        values = (value for _, value in self._parser.items(section, raw=True))
        names = dict.fromkeys(name for value in values for name in _FROM_ENVIRONMENT.findall(value))
        return [name for name in names if name not in os.environ]


def _read(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        at = Location(path, line_not_utf8(error))
        raise UserError("this is not UTF-8", at=at, remedy="save the file as UTF-8") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", at=Location(path), remedy="make it readable") from error
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
            f"{error.line.strip()!r} is no section" if is_header else "a setting before any [section]",
            at=Location(path, error.lineno),
            remedy="close it with ]" if is_header else "an ini starts with a section such as [DEFAULT]",
        ) from error
    except configparser.ParsingError as error:
        line = error.errors[0][0]
        raise UserError(
            f"{split_lines(text)[line - 1].strip()!r} is neither a setting nor a [section]",
            at=Location(path, line),
            remedy="write it as: name = value",
        ) from error


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


def with_inherited(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield an ini and all that it inherits from (``config:other.ini``), each with its text."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop(0)
        if current in seen or not current.is_file():
            continue
        seen.add(current)
        text = current.read_text(encoding="utf-8", errors="replace")
        yield current, text
        waiting.extend(current.parent / name.strip() for name in re.findall(r"\bconfig:([^#\s]+)", text))


def environment(path: Path) -> dict[str, str]:
    """Return the variables that an ini, or one that it inherits from, takes from the environment as %(ENV_NAME)s."""
    names = {name for _, text in with_inherited(path) for name in _FROM_ENVIRONMENT.findall(text)}
    return {f"{ENVIRONMENT}{name}": os.environ[name].replace("%", "%%") for name in names if name in os.environ}


def find_setting(path: Path, option: str) -> Location:
    """Return the first line that sets ``option`` in an ini or one that it inherits from, else the ini itself."""
    for current, text in with_inherited(path):
        for (_, name), place in places(text).items():
            if name == option:
                return Location(current, place.first)
    return Location(path)


def is_literal(setting: Setting) -> bool:
    """Whether a setting's value stands in its own line of a file, not taken from elsewhere by %(name)s or ``get``."""
    if not isinstance(setting.at.source, Path) or setting.at.line is None:
        return False
    text = setting.at.source.read_text(encoding="utf-8")
    for (_, name), place in places(text).items():
        if name == setting.name and place.first == setting.at.line:
            return "%(" not in "\n".join(split_lines(text)[place.first - 1 : place.last])
    return False
