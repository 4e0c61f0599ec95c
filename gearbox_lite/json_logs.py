"""``JsonFormatter``: log records as JSON, for ``class = gearbox_lite.json_logs.JsonFormatter`` in an ini."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""The attributes that logging itself gives a record; all others are the caller's ``extra``."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line; quotes, line ends and tracebacks stay inside it.

    Its fields are ``time`` (UTC, RFC 3339), ``level``, ``logger`` and ``message``, ``traceback`` if there is one, and
    whatever the caller passes as ``extra``. All that is not ASCII is escaped, so no terminal is controlled.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line; a value that JSON cannot express is written as str() returns it."""
        entry: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in record.__dict__.items():
            if name not in _OWN:
                entry.setdefault(name, value)
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        elif record.exc_text:
            entry["traceback"] = record.exc_text
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        try:
            return json.dumps(entry, default=str, allow_nan=False)
        except (TypeError, ValueError, RecursionError):  # a key that is no text, NaN, or a list in itself
            return json.dumps({name: value if type(value) is int else str(value) for name, value in entry.items()})
