"""``JsonFormatter``: log records as JSON, for ``class = gearbox_lite.json_logs.JsonFormatter`` in an ini."""

from __future__ import annotations

import json
import logging
import time
from functools import lru_cache
from typing import Any

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""The attributes that logging itself gives a record; all others are the caller's ``extra``."""


_encode = json.JSONEncoder(default=str, allow_nan=False).encode  # json.dumps would create an encoder for each record


@lru_cache(maxsize=1)
def _date_and_time(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; quotes, line ends and tracebacks stay inside it.

    Its fields are ``time`` (UTC, RFC 3339), ``level``, ``logger`` and ``message``, ``traceback`` if there is one, and
    whatever the caller passes as ``extra``. All that is not ASCII is escaped, so no terminal is controlled.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line; a value that JSON cannot express is written as str() returns it."""
        entry: dict[str, Any] = {
            "time": f"{_date_and_time(int(record.created))}.{int(record.msecs):03}Z",
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
            return _encode(entry)
        except (TypeError, ValueError, RecursionError):  # a key that is no text, NaN, or a list in itself
            return json.dumps({name: value if type(value) is int else str(value) for name, value in entry.items()})
