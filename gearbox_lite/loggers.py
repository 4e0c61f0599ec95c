"""The loggers of what the server itself reports. Only the ini can silence them, not the application."""

from __future__ import annotations

import logging

SERVER_LOG = "gearbox_lite.server"
"""The logger of the banner, reloads, problems of workers, warnings and failures."""
ACCESS_LOG = "gearbox_lite.access"
"""The logger of answered requests; a record has the fields that ``server.http.access_log`` lists."""


class ServerLogger(logging.Logger):
    """A logger that is never disabled.

    dictConfig and fileConfig disable all loggers that they do not name, and ``logging.disable`` disables all. An
    application may call them at any time: Alembic's env.py calls fileConfig when a migration runs.
    """

    @property
    def disabled(self) -> bool:
        """Always false; setting it has no effect."""
        return False

    @disabled.setter
    def disabled(self, _value: bool) -> None:
        pass

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 (logging's name)
        """Return whether records of this level are logged, by the logger's own level alone."""
        return level >= self.getEffectiveLevel()


def _create() -> None:
    previous = logging.getLoggerClass()
    logging.setLoggerClass(ServerLogger)
    try:
        for name in (SERVER_LOG, ACCESS_LOG):
            logging.getLogger(name)
    finally:
        logging.setLoggerClass(previous)


_create()
