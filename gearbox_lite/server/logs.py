"""Logging: the ini's own sections where it has them, else a readable default on standard error."""

from __future__ import annotations

import configparser
import logging
import logging.config
import sys

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.settings import AppSettings

FORMAT = "%(asctime)s %(levelname)-5.5s [%(name)s] %(message)s"
TIME_FORMAT = "%H:%M:%S"


def configure(settings: AppSettings) -> None:
    """Apply the ini's logging sections, https://docs.python.org/3/library/logging.config.html#configuration-file-format.

    Raises UserError where they do not work.
    """
    if not settings.has_logging:
        logging.basicConfig(level=logging.INFO, format=FORMAT, datefmt=TIME_FORMAT, stream=sys.stderr)
        return
    defaults = {**settings.variables, "here": str(settings.ini.parent), "__file__": str(settings.ini)}
    try:
        logging.config.fileConfig(
            settings.ini,
            defaults={name: value.replace("%", "%%") for name, value in defaults.items()},
            disable_existing_loggers=False,
            encoding="utf-8",
        )
    except Exception as error:  # fileConfig evaluates what the ini says, so anything may come out of it
        raise UserError(
            f"its logging sections do not work: {_reason(error)}",
            at=Location(settings.ini),
            remedy="see [loggers], [handlers], [formatters] and the sections that they name",
        ) from error


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, configparser.Error):
        return error.message
    if isinstance(error, KeyError):
        return f"no section or setting {error}"
    return f"{type(error).__name__}: {error}"
