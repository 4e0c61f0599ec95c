"""The sections of logging, in the format of logging.config.fileConfig, which ignores what it does not know."""

from __future__ import annotations

import re

from gearbox_lite.errors import MIN_SIMILARITY, UserError, at_setting, nearest
from gearbox_lite.ini.parsing.ini_file import IniFile

# https://docs.python.org/3/library/logging.config.html#configuration-file-format
_OPTIONS = {
    "logger_": ("level", "handlers", "propagate", "qualname"),
    "handler_": ("class", "args", "kwargs", "level", "formatter", "target"),
    "formatter_": ("format", "datefmt", "style", "class", "defaults", "validate"),
    "loggers": ("keys",),
    "handlers": ("keys",),
    "formatters": ("keys",),
}
_NAMED = ("logger_", "handler_", "formatter_")
# https://docs.python.org/3/library/logging.html#logrecord-attributes
_ATTRIBUTES = [
    *("args", "asctime", "created", "exc_info", "exc_text", "filename", "funcName", "levelname", "levelno", "lineno"),
    *("message", "module", "msecs", "msg", "name", "pathname", "process", "processName", "relativeCreated"),
    *("stack_info", "taskName", "thread", "threadName"),
]
_ARGUMENTS = {
    "filename": "('hello.log',) for class = FileHandler",
    "stream": "(sys.stderr,) for class = StreamHandler",
    "mode": "('hello.log', 'a') for class = FileHandler",
    "encoding": "('hello.log', 'a', 'utf-8') for class = FileHandler",
    "maxbytes": "('hello.log', 'a', 1000000, 5) for class = handlers.RotatingFileHandler",
    "backupcount": "('hello.log', 'a', 1000000, 5) for class = handlers.RotatingFileHandler",
    "when": "('hello.log', 'midnight') for class = handlers.TimedRotatingFileHandler",
}
"""Arguments of handlers that people write as settings of their own."""
_STRING = re.compile(r"\(?\s*((['\"])[^'\"]*\2)\s*\)?")
_ATTRIBUTE = re.compile(r"%\((?P<name>\w+)\)(?P<conversion>[#0 +-]*(?:\d+|\*)?(?:\.\d+)?[diouxXeEfFgGcrsa])?")


def check_logging_sections(ini: IniFile) -> None:
    """Raise UserError for a setting in a section of logging that logging does not read, and for an invalid format."""
    sections = ini.sections()
    for header in sections:
        kind = next(
            (kind for kind in _OPTIONS if header == kind or (kind[-1] == "_" and header.startswith(kind))), None
        )
        if kind is None:
            continue
        if "loggers" not in sections:
            problem = "there is no section [loggers], so logging reads none of its sections"
            raise UserError(problem, at=ini.at(header), remedy="add [loggers] with keys = root")
        for option in ini.written(header):
            _check_option(ini, header, option, _OPTIONS[kind])
        if kind == "handler_" and (text := _STRING.fullmatch(ini.raw(header, "args").value)) is not None:
            setting = ini.raw(header, "args")
            raise at_setting(setting, "this is a string, not a tuple of arguments", f"write ({text[1]},)")
        if kind == "formatter_" and "class" not in ini.written(header) and "format" in ini.written(header):
            _check_format(ini, header)


def _check_option(ini: IniFile, header: str, option: str, known: tuple[str, ...]) -> None:
    if option.lower() in known:  # logging's parser takes upper for lower case
        return
    from gearbox_lite.ini.schema.foreign_names import section_of

    section = section_of(option)
    if header.startswith("handler_") and option.lower() in _ARGUMENTS:
        problem = f"nothing reads this setting in [{header}]"
        raise at_setting(ini.raw(header, option), problem, f"write args = {_ARGUMENTS[option.lower()]}")
    guess = nearest(option.lower(), list(known), cutoff=MIN_SIMILARITY)
    if section is not None:
        remedy = f"write {option.removeprefix('beaker.')} in [{section}]"
    elif guess is not None:
        remedy = f"did you mean {guess}?"
    else:
        return
    raise at_setting(ini.raw(header, option), f"nothing reads this setting in [{header}]", remedy)


def _check_format(ini: IniFile, header: str) -> None:
    setting = ini.raw(header, "format")
    if ini.raw(header, "style").value not in ("", "%"):
        return
    for found in _ATTRIBUTE.finditer(setting.value):
        name = found["name"]
        if found["conversion"] is None:
            raise at_setting(setting, f"%({name}) has no type", f"write %({name})s")
        guess = nearest(name, _ATTRIBUTES, cutoff=MIN_SIMILARITY)
        if name not in _ATTRIBUTES and guess is not None:
            raise at_setting(setting, f"a log record has no {name}", f"did you mean %({guess})s?")
