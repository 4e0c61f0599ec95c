"""What MkDocs' settings cannot do: CHANGELOG.md, which is outside this folder, as a page, and a name for the search."""

from __future__ import annotations

import html
import re
from pathlib import Path

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def on_page_read_source(page, config):
    """Return the changelog in the place of changelog.md, and None, which means the file itself, for all other pages."""
    if page.file.src_uri != "changelog.md":
        return None
    # MkDocs reads Markdown as HTML to find anchors, and Python's parser raises for "<![" that begins no section.
    text = CHANGELOG.read_text(encoding="utf-8")
    return re.sub(r"`([^`\n]*<!\[[^`\n]*)`", lambda found: f"<code>{html.escape(found[1])}</code>", text)


def on_post_page(output, page, config):
    """Name the theme's search dialog, which otherwise has no name for a screen reader."""
    return output.replace(
        'data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'
    )
