"""The text of an ini and its syntax: a missing file, a wrong encoding or a malformed line is one UserError."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

from gearbox_lite.errors import Location, UserError, line_not_utf8
from gearbox_lite.ini.parsing.lines import line_ranges, split_lines


class IniParser(configparser.ConfigParser):
    """configparser, with the names of options as PasteDeploy reads them."""

    def optionxform(self, optionstr: str) -> str:
        """Keep the case of options, as PasteDeploy does."""
        return optionstr


def read_text(path: Path) -> str:
    """Return the text of an ini. Raises UserError if it cannot be read as text."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would block until another process writes to it
            kind = "a folder" if path.is_dir() else "a device or a pipe"
            raise UserError(f"this is {kind}, not an ini", at=Location(path), remedy="replace it with the ini")
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        at = Location(path, line_not_utf8(error))
        raise UserError("this is not UTF-8", at=at, remedy="save the file as UTF-8") from error
    except FileNotFoundError as error:
        raise UserError("there is no such file", at=Location(path), remedy="restore it") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", at=Location(path), remedy="make it readable") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserError("this line has a NUL character", at=Location(path, line), remedy="remove it")
    if "\r" in text and "\n" not in text:
        problem = "its lines end with carriage returns only, so it is one line"
        raise UserError(problem, at=Location(path), remedy="save it with line feeds, as on Unix")
    if text.startswith("\ufeff"):
        raise UserError(
            "the file begins with a byte order mark, which PasteDeploy does not read",
            at=Location(path, 1),
            remedy="save it as UTF-8 without BOM",
        )
    return text


def parse_text(parser: IniParser, path: Path, text: str) -> None:
    """Feed an ini's text to a parser. Raises UserError, with the line, for a syntax error."""
    try:
        parser.read_string(text, str(path))
    except configparser.DuplicateOptionError as error:
        raise UserError(
            f"{error.option} is set twice in [{error.section}], first on line "
            f"{line_ranges(text)[error.section, error.option].first}",
            at=Location(path, error.lineno),
            remedy="remove or comment out one of the two",
        ) from error
    except configparser.DuplicateSectionError as error:
        raise UserError(
            f"section [{error.section}] appears twice",
            at=Location(path, error.lineno),
            remedy="merge the two",
        ) from error
    except configparser.MissingSectionHeaderError as error:
        is_header = str(error.line).lstrip().startswith("[")
        raise UserError(
            f"{error.line.strip()!r} is not a section header" if is_header else "a setting before any [section]",
            at=Location(path, error.lineno),
            remedy="close it with ]" if is_header else "begin the ini with a section such as [DEFAULT]",
        ) from None  # configparser's message quotes the line, which may be a key
    except configparser.ParsingError as error:
        number = error.errors[0][0]
        line = split_lines(text)[number - 1].strip()
        shown = repr(line) if line.startswith("[") else "this line"  # any other line may be a key
        raise UserError(
            f"{shown} is neither a setting nor a [section]",
            at=Location(path, number),
            remedy="write it as: name = value",
        ) from None
