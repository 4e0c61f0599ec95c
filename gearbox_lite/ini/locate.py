"""An ini file together with the line of every section and option, for messages that name them."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from pathlib import Path

from gearbox_lite.errors import Location, Setting, UserError, at_setting

_HEADER = re.compile(r"\[(?P<name>.+)\]")
_OPTION = re.compile(r"(?P<name>[^=:]+?)\s*[=:]")


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
        self._lines = _lines_of(text)
        defaults = {**variables, "here": str(path.parent), "__file__": str(path)}
        self._parser = _Parser(defaults=defaults)
        _parse(self._parser, path, text)

    def sections(self) -> list[str]:
        """Return the names of the file's sections, [DEFAULT] aside."""
        return self._parser.sections()

    def at(self, section: str, option: str | None = None) -> Location:
        """Return the line of an option, or of the section's header, or the file where neither is written in it."""
        places = ((section, option), ("DEFAULT", option), (section, None))
        return Location(self.path, next((self._lines[place] for place in places if place in self._lines), None))

    def options(self, section: str) -> dict[str, Setting]:
        """Return the options written in a section itself (not in [DEFAULT]), interpolated.

        Raises UserError for an interpolation that does not work.
        """
        written = [option for name, option in self._lines if name == section and option is not None]
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
            if isinstance(missing, str):
                raise at_setting(
                    raw, f"%({missing})s is not set", "set it in [DEFAULT], or write %% for a percent sign"
                ) from error
            raise at_setting(raw, "this interpolation does not work", "write %% for a percent sign") from error


def _read(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError("this is not UTF-8", at=Location(path, line), remedy="save the file as UTF-8") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", at=Location(path)) from error
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
            f"{_lines_of(text)[error.section, error.option]}",
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
        raise UserError(
            "a setting before any [section]",
            at=Location(path, error.lineno),
            remedy="an ini starts with a section such as [DEFAULT]",
        ) from error
    except configparser.ParsingError as error:
        line = error.errors[0][0]
        raise UserError(
            f"{text.splitlines()[line - 1].strip()!r} is neither a setting nor a [section]",
            at=Location(path, line),
            remedy="write it as: name = value",
        ) from error


def _lines_of(text: str) -> dict[tuple[str, str | None], int]:
    """Map (section, option) and (section, None) to their first line, by configparser's rules."""
    lines: dict[tuple[str, str | None], int] = {}
    section, indent, inside = "", 0, False
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        depth = len(line) - len(line.lstrip())
        if inside and depth > indent:
            continue  # the value of the option above goes on
        indent = depth
        if header := _HEADER.match(content):
            section, inside = header["name"], False
            lines.setdefault((section, None), number)
        elif option := _OPTION.match(content):
            inside = True
            lines.setdefault((section, option["name"]), number)
    return lines


def find_setting(path: Path, option: str) -> Location:
    """Return the first line that sets ``option`` in an ini or one that it inherits from, else the ini itself."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop(0)
        if current in seen or not current.is_file():
            continue
        seen.add(current)
        text = current.read_text(encoding="utf-8", errors="replace")
        for (_, name), line in _lines_of(text).items():
            if name == option:
                return Location(current, line)
        names = re.findall(r"^\s*use\s*[=:]\s*config:([^#\n]+)", text, re.MULTILINE)
        waiting.extend(current.parent / name.strip() for name in names)
    return Location(path)


def raw_value(setting: Setting) -> str:
    """Return a setting's text as it stands in its line, before interpolation."""
    if setting.at.line is None:
        return setting.value
    line = Path(setting.at.source).read_text(encoding="utf-8").splitlines()[setting.at.line - 1]
    return _OPTION.sub("", line.strip(), count=1).strip()
