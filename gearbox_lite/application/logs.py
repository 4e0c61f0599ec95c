"""Logging, configured by the ini's sections; an ini without them logs to standard error."""

from __future__ import annotations

import configparser
import logging
import os
import re
import sys
from typing import Any

from gearbox_lite.errors import MIN_SIMILARITY, Location, Setting, UserError, at_setting, nearest, short_path
from gearbox_lite.ini.parsing.lines import line_ranges, raw_value
from gearbox_lite.ini.parsing.text import IniParser, parse_text, read_text
from gearbox_lite.ini.settings import AppSettings

FORMAT = "%(asctime)s %(levelname)-5.5s [%(name)s] %(message)s"
TIME_FORMAT = "%H:%M:%S"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OTHER_LEVELS = {"10": "DEBUG", "20": "INFO", "30": "WARNING", "40": "ERROR", "50": "CRITICAL", "0": "NOTSET"}
_OTHER_LEVELS |= {"trace": "DEBUG", "verbose": "DEBUG", "notice": "INFO", "off": "CRITICAL", "none": "NOTSET"}
_CLASSES = (
    *("StreamHandler", "FileHandler", "NullHandler", "handlers.RotatingFileHandler", "handlers.SysLogHandler"),
    *("handlers.TimedRotatingFileHandler", "handlers.WatchedFileHandler", "gearbox_lite.json_logs.JsonFormatter"),
)
_NAMES_IN = {"keys": None, "handlers": "handlers", "formatter": "formatters"}
"""Options whose values name sections, and of which kind; None for the section that has them."""
_NAMES_OUR_LOGGERS = r"^qualname\s*[=:]\s*gearbox_lite\b"
_REMEDIES = {
    "args": "write the arguments of the class as Python does: (sys.stderr,)",
    "class": "name a class of Python's logging, or one of your own: package.module.Class",
    "formatter": "name one of [formatters] keys",
    "format": "write it as https://docs.python.org/3/library/logging.html#logrecord-attributes",
    "handlers": "name some of [handlers] keys",
    "keys": "list only sections that exist",
    "kwargs": "write the named arguments of the class as Python does: {'encoding': 'utf-8'}",
    "level": "write DEBUG, INFO, WARNING, ERROR or CRITICAL",
    "propagate": "write 0 or 1",
    "style": "write %, { or $",
}


def configure_logging(settings: AppSettings) -> None:
    """Apply the ini's logging sections, https://docs.python.org/3/library/logging.config.html#configuration-file-format.

    Raises UserError if they are invalid, with the line if it can be determined.
    """
    if not settings.has_logging:
        logging.basicConfig(level=logging.INFO, format=FORMAT, datefmt=TIME_FORMAT, stream=sys.stderr)
        return
    from logging.config import fileConfig  # imported late: the supervisor needs it only if its lines are logged

    text = read_text(settings.ini)
    parser = _parser(settings)
    try:
        parser.read_string(text)
        fileConfig(parser, disable_existing_loggers=False)
    except Exception as error:  # fileConfig evaluates values of the ini as Python, which may raise anything
        parse_text(IniParser(interpolation=None), settings.ini, text)  # a syntax error is no matter of logging
        raise _logging_error(error, parser, settings, text) from error


def named_loggers(settings: AppSettings) -> frozenset[str]:
    """Return the names, such as ``gearbox_lite.server``, of our own loggers that the ini configures."""
    if not settings.has_logging or not re.search(_NAMES_OUR_LOGGERS, read_text(settings.ini), re.MULTILINE):
        return frozenset()
    parser = _parser(settings)
    try:
        parser.read_string(read_text(settings.ini))
        keys = [key.strip() for key in parser.get("loggers", "keys").split(",")]
        return frozenset(parser.get(f"logger_{key}", "qualname") for key in keys if key != "root")
    except configparser.Error:  # configure_logging reports it
        return frozenset()


def classes(settings: AppSettings) -> list[Setting]:
    """Return the classes that the ini names for handlers and formatters. Raises UserError if it cannot be read."""
    text = read_text(settings.ini)
    return [
        Setting("class", raw_value(text, lines), Location(settings.ini, lines.first))
        for (section, option), lines in line_ranges(text).items()
        if option == "class" and section.startswith(("handler_", "formatter_"))
    ]


def _parser(settings: AppSettings) -> _RecordingParser:
    return _RecordingParser({**settings.variables, "here": str(settings.ini.parent), "__file__": str(settings.ini)})


class _RecordingParser(configparser.ConfigParser):
    """Remembers which options fileConfig has read, since its exceptions do not name the one at fault."""

    def __init__(self, defaults: dict[str, str]) -> None:
        super().__init__(defaults)
        self.options_read: list[tuple[str, str]] = []

    def get(self, section: str, option: str, **how: Any) -> Any:  # type: ignore[override]
        self._record(section, option)
        return super().get(section, option, **how)

    def has_option(self, section: str, option: str) -> bool:
        self._record(section, option)
        return super().has_option(section, option)

    def _record(self, section: str, option: str) -> None:
        if self.has_section(section):
            self.options_read.append((section, option))


def _logging_error(error: Exception, parser: _RecordingParser, settings: AppSettings, text: str) -> UserError:
    lines = {
        (section, option and option.lower()): found.first for (section, option), found in line_ranges(text).items()
    }
    section, option = _option_at_fault(error, parser)
    problem = f"logging cannot be set up: {_reason(error)}"
    if (section, option) in lines:
        value = parser.get(section, option, raw=True)
        if isinstance(value, list):  # the lines of a value, since the parser has stopped before it joined them
            value = " ".join(value)
        cause = _cause_of(error)
        remedy = _remedy(option, value, parser, section)
        if isinstance(cause, OSError) and cause.filename is not None:
            folder = os.path.dirname(cause.filename)
            create = f"create its folder: mkdir -p {short_path(folder)}"
            is_missing = isinstance(cause, FileNotFoundError) and not os.path.exists(folder)
            remedy = create if is_missing else f"let this user write {cause.filename}, or name another file"
        return at_setting(Setting(option, value, Location(settings.ini, lines[section, option])), problem, remedy)
    at = Location(settings.ini, lines.get((section, None)))
    return UserError(f"[{section}]: {problem}", at=at, remedy=f"add: {option} = ...")


def _remedy(option: str, value: str, parser: _RecordingParser, section: str) -> str:
    """Return what to write instead of the value at fault."""
    plain = value.strip("'\"")
    meant: str | None = None
    if option == "level":
        guess = nearest(plain.upper(), list(_LEVELS), cutoff=MIN_SIMILARITY)
        meant = _OTHER_LEVELS.get(plain.lower()) or guess
    elif option == "args" and "File" in parser.get(section, "class", raw=True, fallback=""):
        return "write the arguments of that class as Python does: ('hello.log', 'a')"
    elif option == "class":
        classes = {name.rpartition(".")[2].lower(): name for name in _CLASSES}
        guess = nearest(plain.rpartition(".")[2].lower(), list(classes), cutoff=MIN_SIMILARITY)
        meant = classes[guess] if guess else None
    elif option in _NAMES_IN:
        kind = _NAMES_IN[option] or section
        known = [found.partition("_")[2] for found in parser.sections() if found.startswith(f"{kind[:-1]}_")]
        words = [word for word in re.split(r"[,;\s]+", plain) if word]
        meant = ", ".join(nearest(word, known, cutoff=MIN_SIMILARITY) or "" for word in words)
        meant = meant if words and all(meant.split(", ")) else None
    return f"write {meant}" if meant and meant != value else _REMEDIES.get(option, "correct it")


def _option_at_fault(error: Exception, parser: _RecordingParser) -> tuple[str, str]:
    """Return the section and the option at fault for an exception of fileConfig."""
    # The names differ in case; only logging's parser takes them for the same.
    if isinstance(error, configparser.DuplicateOptionError):
        return error.section, error.option
    section, option = parser.options_read[-1] if parser.options_read else ("loggers", "keys")
    if isinstance(error, KeyError) and (found := _option_naming(str(error.args[0]), parser)):
        return found
    # fileConfig reads all options of a section before it uses them, in this order.
    if section.startswith("handler_") and option == "formatter":
        return section, "class"
    for prefix, options in (("handler_", ("kwargs", "args", "class")), ("formatter_", ("class", "style", "format"))):
        if section.startswith(prefix) and option == options[0]:
            return section, next((name for name in options if name in parser[section]), option)
    return section, option


def _option_naming(missing: str, parser: _RecordingParser) -> tuple[str, str] | None:
    """Return the option that names a missing section, formatter or handler; None for a logger or if there is none."""
    kind, _, name = missing.partition("_")
    if name and kind in ("logger", "handler", "formatter"):
        return f"{kind}s", "keys"
    if missing in ("loggers", "handlers", "formatters"):
        return missing, "keys"
    handlers = [section for section in parser.sections() if section.startswith("handler_")]
    naming = [(section, option) for section in handlers for option in ("formatter", "target")]
    return next((place for place in naming if parser.get(*place, raw=True, fallback=None) == missing), None)


def _cause_of(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _reason(error: BaseException) -> str:
    error = _cause_of(error)
    if isinstance(error, configparser.Error):
        return error.message
    if isinstance(error, KeyError):
        return f"there is no {error}"
    if "list.remove" in str(error):  # of the loggers' keys
        return "root is not among them"
    return f"{type(error).__name__}: {error}"
