"""Log records as JSON, one object a line, for the program that collects a server's logs."""

import json
import logging
from datetime import datetime, timezone


class JsonFormatter(logging.Formatter):
    """The ini's [formatter_json]; quotes, line ends and tracebacks stay inside the one line."""

    def format(self, record):
        """Return the record as a JSON object."""
        entry = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)
