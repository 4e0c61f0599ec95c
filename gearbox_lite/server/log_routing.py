"""Where a server's records go: to the console, or to the ini's handlers if its logging sections name their logger.

An ini names it by ``qualname = gearbox_lite`` (or ``gearbox_lite.server``, ``gearbox_lite.access``) in a
``[logger_...]`` section; then level, handlers and propagation are as that section says, and the console shows nothing
of that logger. Otherwise the lines of ``ConsoleHandler`` are shown, whatever else the ini logs.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterable

from gearbox_lite.application import logs
from gearbox_lite.application.user_code import is_users
from gearbox_lite.errors import UserError, at_setting
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.loggers import ACCESS_LOG, SERVER_LOG
from gearbox_lite.server.terminal import ConsoleHandler

_LOGGERS = (SERVER_LOG, ACCESS_LOG)


def use_console() -> None:
    """Show all records on the console, which is the default until an ini has been read."""
    _attach_console(_LOGGERS)


def route_logs(settings: AppSettings) -> None:
    """Apply the ini's logging sections in a process that imports the project. Raises UserError if they are invalid."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    named: frozenset[str] = frozenset()
    try:
        logs.configure_logging(settings)
        named = logs.named_loggers(settings)
    finally:
        _attach_console([name for name in _LOGGERS if named.isdisjoint((name, "gearbox_lite"))])


def route_supervisor_logs(settings: AppSettings) -> UserError | None:
    """Apply the ini's logging sections in the supervisor, which must not import the project.

    If a handler or formatter is a class of the project, the console is used and the warning about that is returned.
    If the sections are invalid, which each worker reports, the lines go where they went before: a reload with such an
    ini is an entry of the log too.
    """
    if logs.named_loggers(settings).isdisjoint((*_LOGGERS, "gearbox_lite")):
        use_console()
        return None
    for setting in logs.classes(settings):
        if _is_in_project(setting.value):
            use_console()
            problem = "the supervisor cannot import the project, so its own lines are plain text"
            return at_setting(setting, problem, "use gearbox_lite.json_logs.JsonFormatter or an installed class")
    loggers = [logging.getLogger(name) for name in ("", "gearbox_lite", *_LOGGERS)]  # "" is the root
    before = [(one, one.handlers.copy(), one.level, one.propagate) for one in loggers]
    try:
        route_logs(settings)
    except UserError:
        for one, handlers, level, propagate in before:
            one.handlers[:] = handlers
            one.setLevel(level)
            one.propagate = propagate
    return None


def is_console() -> bool:
    """Whether the server's own lines are shown on the console."""
    return any(isinstance(handler, ConsoleHandler) for handler in logging.getLogger(SERVER_LOG).handlers)


def _attach_console(names: Iterable[str]) -> None:
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers[:] = [ConsoleHandler()]
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _is_in_project(name: str) -> bool:
    """Whether a dotted name belongs to the user's own code, found out without importing it."""
    top = name.strip().partition(".")[0]
    if hasattr(logging, top):
        return False
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    folders = spec.submodule_search_locations or []  # all that a package without __init__.py has
    paths = [spec.origin] if spec.origin else [os.path.join(folder, "") for folder in folders]
    return any(os.path.isabs(path) and is_users(path) for path in paths)  # "built-in" and "frozen" are no paths
