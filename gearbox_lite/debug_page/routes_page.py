"""While debugging, the page for an address without a method: the routes that exist, and how to add one (TurboGears)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gearbox_lite.debug_page.answers import DebugAnswer, PageSettings, html_answer
from gearbox_lite.debug_page.excerpts import file_name
from gearbox_lite.ini.schema.editors import editor_url
from gearbox_lite.turbogears import hints, routes, source
from gearbox_lite.turbogears.loaded import loaded_config

_NEAREST = 5
"""Routes that are shown at once; the others are folded."""


@dataclass(frozen=True)
class MissingPage:
    """What the page shows."""

    path: str
    hint: str
    nearest: Sequence[routes.Route]
    others: Sequence[routes.Route]
    file: str
    name: str
    line: int | None
    controller: str
    method: str
    editor: str
    prefix: str


def answer_for(environ: Mapping[str, Any], settings: PageSettings) -> DebugAnswer | None:
    """Return the page for a request that no method of a controller has answered; None if one has, with abort(404)."""
    config = loaded_config()
    if config is None or not hints.found_no_action(environ):
        return None
    root = routes.find_root_controller(config)
    if root is None:
        return None
    path = environ.get("PATH_INFO", "") or "/"
    found = sort_by_similarity(path, routes.list_routes(root, config.get("default_renderer")))
    at = source.class_location(type(root))
    shown = MissingPage(
        path=path.encode("latin-1", "replace").decode(errors="replace"),
        hint=hints.why_not_found(path) or "",
        nearest=found[:_NEAREST],
        others=found[_NEAREST:],
        file=str(at.source),
        name=file_name(str(at.source)),
        line=at.line,
        controller=type(root).__name__,
        method=_method_name(path),
        editor=editor_url(settings.editor),
        prefix=environ.get("SCRIPT_NAME", ""),
    )
    return html_answer("routes.html", page=shown)


def sort_by_similarity(path: str, found: Sequence[routes.Route]) -> list[routes.Route]:
    """Return routes, those whose URLs are most similar to a path first."""

    def similarity(route: routes.Route) -> float:
        return difflib.SequenceMatcher(None, path.lower(), route.url.lower()).ratio()

    return sorted(found, key=similarity, reverse=True)


def _method_name(path: str) -> str:
    """Return the name of the method that would answer a path at the root controller."""
    first = path.strip("/").partition("/")[0].partition(".")[0]
    name = re.sub(r"\W", "_", first.lower(), flags=re.ASCII)
    return name if name.isidentifier() and name.strip("_") else "my_page"
