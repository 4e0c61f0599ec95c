"""What open pages are told, and which changed files lead to it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import Enum


class PageEvent(str, Enum):
    """What open pages are to do; client.js knows the values."""

    RELOAD = "reload"
    """Load the page again: the application or a template has changed."""
    REFETCH = "refetch"
    """Fetch images, scripts and style sheets past the browser's cache, then load the page again."""
    REPLACE_STYLES = "replace-styles"
    """Fetch the style sheets again, and replace them in the page, which stays."""


_SUFFIXES = {
    PageEvent.RELOAD: (
        *(".chameleon", ".genshi", ".htm", ".html", ".j2", ".jinja", ".jinja2", ".kajiki", ".mak", ".mako", ".pt"),
        *(".tmpl", ".tpl", ".xhtml"),
    ),
    PageEvent.REFETCH: (
        *(".avif", ".gif", ".ico", ".jpeg", ".jpg", ".png", ".svg", ".webp"),
        *(".js", ".mjs", ".otf", ".ttf", ".wasm", ".woff", ".woff2"),
    ),
    PageEvent.REPLACE_STYLES: (".css",),
}
_EVENTS = {suffix: event for event, suffixes in _SUFFIXES.items() for suffix in suffixes}


def is_page_file(name: str) -> bool:
    """Whether the name is that of a template, a style sheet, or another file that is only seen in browsers."""
    return os.path.splitext(name)[1].lower() in _EVENTS


def events_of(paths: Iterable[str]) -> set[PageEvent]:
    """Return what open pages are to do after a change of these files."""
    events = {_EVENTS[suffix] for path in paths if (suffix := os.path.splitext(path)[1].lower()) in _EVENTS}
    return {PageEvent.REFETCH} if PageEvent.REFETCH in events else events
