"""A record is one line of JSON, whatever it contains."""

from __future__ import annotations

import json
import logging
import sys

from gearbox_lite.json_logs import JsonFormatter


def entry_of(message="text", extra=None, **options):
    """Return what a reader of the log gets for a record."""
    made = logging.getLogger("hello").makeRecord("hello", logging.INFO, "f", 1, message, (), None, extra=extra)
    made.__dict__.update(options)
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert line.isascii()
    assert line.isprintable()
    return json.loads(line)


def test_a_message_with_quotes_line_ends_and_controls_is_one_line():
    message = 'a "b"\nc\x1b[31m\u202e é'
    assert entry_of(message)["message"] == message


def test_time_level_and_logger_are_fields():
    entry = entry_of(created=0.25, msecs=250.0)
    assert entry == {"time": "1970-01-01T00:00:00.250Z", "level": "INFO", "logger": "hello", "message": "text"}


def test_a_traceback_is_a_field():
    try:
        raise ValueError('a "quoted"\nline')
    except ValueError:
        entry = entry_of(exc_info=sys.exc_info())
    assert entry["traceback"].endswith('ValueError: a "quoted"\nline')


def test_what_the_caller_adds_is_a_field_but_replaces_none():
    entry = entry_of(extra={"user": "ann", "level": "x", "logger": "y", "path": object})
    assert (entry["user"], entry["level"], entry["logger"]) == ("ann", "INFO", "hello")
    assert entry["path"] == "<class 'object'>"


def test_a_value_that_json_cannot_express_is_text():
    """NaN is a number to Python's json only; other programs reject the whole line."""
    cycle = []
    cycle.append(cycle)
    for value, text in ((float("nan"), "nan"), ({("a", 1): 2}, "{('a', 1): 2}"), (cycle, "[[...]]")):
        entry = entry_of(extra={"value": value, "count": 3})
        assert (entry["value"], entry["count"], entry["message"]) == (text, 3, "text")
