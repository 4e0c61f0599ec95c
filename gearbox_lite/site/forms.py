"""The forms of an HTML page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from gearbox_lite.site.address import resolve
from gearbox_lite.site.visitor import Response


@dataclass
class Form:
    """A form: its method and action, the values of its hidden inputs, and the names of its visible ones."""

    method: str
    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    visible: list[str] = field(default_factory=list)


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(values.get("method", "get").lower(), values.get("action", "")))
            self._is_inside = True
        elif tag == "input" and self._is_inside and values.get("name"):
            if values.get("type", "text").lower() == "hidden":
                self.found[-1].hidden[values["name"]] = values.get("value", "")
            else:
                self.found[-1].visible.append(values["name"])

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002 (html.parser's signature)
        """Skip ``<![...>``, as browsers do; Python before 3.13.6 raises AssertionError for most of them."""
        return self.parse_bogus_comment(i)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False


def forms(html: str) -> list[Form]:
    """Return the forms of a page, in order."""
    parser = _FormParser()
    parser.feed(html)
    return parser.found


def form_with_token(page: Response, action: str) -> Form | None:
    """Return the page's POST form with a hidden token whose action is this path on the same site."""
    here = urlsplit(page.url)
    for form in forms(page.text):
        target = resolve(page.url, form.action)
        same_site = (target.scheme, target.netloc) == (here.scheme, here.netloc)
        if form.method == "post" and form.hidden and same_site and target.path.endswith(action):
            return form
    return None
