"""The error as Markdown, for an issue."""

from __future__ import annotations

from gearbox_lite.debug_page.markdown import to_markdown
from gearbox_lite.debug_page.request_details import DetailSection
from gearbox_lite.debug_page.traces import describe_chain
from gearbox_lite.debug_page.variables import Values


def text_of(message, *sections):
    try:
        raise ValueError(message)
    except ValueError as error:
        return to_markdown(f"ValueError: {message}", describe_chain(error, Values()), sections)


def test_it_has_the_traceback_as_python_writes_it():
    text = text_of("oh")
    assert text.startswith("# ValueError: oh\n")
    assert "```text\nTraceback (most recent call last):\n" in text
    assert "    raise ValueError(message)\nValueError: oh\n```\n" in text


def test_fences_are_longer_than_what_they_contain():
    assert "````text\n" not in text_of("plain")
    row = DetailSection("Request", (("Accept", "a `b`` c"),))
    assert "- Accept: ```a `b`` c```" in text_of("oh", row)


def test_the_session_is_left_out():
    shown = text_of("oh", DetailSection("Session", (("user", "Ada"),)), DetailSection("Request", (("Host", "h"),)))
    assert "Ada" not in shown
    assert "- Host: `h`" in shown
