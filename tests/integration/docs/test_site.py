"""The documentation's site builds without a warning, needs no other host, can be searched, and anyone can read it."""

from __future__ import annotations

import fcntl
import html
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support.chromium import Tab
from support.docs.accessibility import violations
from support.helpers import REPOSITORY, TEST_TIMEOUT

PHONE = {"width": 390, "height": 800}
DESKTOP = {"width": 1280, "height": 900}
OF_APPEARANCE = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
"""The rules of axe whose result depends on colors and the size of the window."""


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The built site; the first of the parallel processes builds it for all."""
    shared = (
        tmp_path_factory.getbasetemp().parent
        / f"documentation-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    )
    with Path(f"{shared}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            result = subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", shared], cwd=REPOSITORY,
                capture_output=True, text=True, check=False, timeout=5 * TEST_TIMEOUT,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            )  # fmt: skip
            assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return shared


def pages(site: Path) -> list[Path]:
    """Return all pages; that for unknown addresses, whose links begin with a slash, needs a server."""
    return [page for page in sorted(site.rglob("*.html")) if page.name != "404.html"]


def test_the_site_has_a_page_for_each_part(site):
    names = {str(page.relative_to(site)) for page in pages(site)}
    assert {"index.html", "tutorial/index.html", "how-to/index.html", "glossary.html", "changelog.html"} <= names
    assert {"security.html", "deployment.html", "reference/commands.html", "reference/session-options.html"} <= names
    assert "[Unreleased]" in (site / "changelog.html").read_text() or "0.1.0" in (site / "changelog.html").read_text()


def test_no_page_needs_another_host(site):
    loads = r"<(?:script|img|iframe|source|link)\b[^>]*?\s(?:src|href|srcset)=[\"']?((?:https?:)?//[^\"'\s>]+)"
    for page in pages(site):
        assert [url for url in re.findall(loads, page.read_text()) if "rel=canonical" not in url] == [], page
    for style in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?((?:https?:)?//[^)]*)", style.read_text()) == [], style


def test_every_link_leads_to_a_page_and_every_anchor_exists(site):
    """MkDocs checks those of the Markdown files; this checks what it has made of them."""
    anchors = {page: set(re.findall(r"\bid=[\"']?([^\"'\s>]+)", page.read_text())) for page in pages(site)}
    for page in pages(site):
        for href in map(html.unescape, re.findall(r"<a\b[^>]*?\shref=[\"']?([^\"'\s>]+)", page.read_text())):
            target = urlsplit(href)
            if target.scheme or target.netloc:
                continue
            file = (page.parent / unquote(target.path)).resolve() if target.path else page
            assert file.exists(), f"{page}: {href}"
            if target.fragment and file in anchors and not target.fragment.startswith("__"):
                assert unquote(target.fragment) in anchors[file], f"{page}: {href}"


def test_search_works_from_the_file_system(site, chromium):
    tab = Tab(chromium, viewport=DESKTOP)
    tab.page.goto(f"file://{site}/index.html")
    tab.page.locator(".md-search__input").fill("keep-alive")
    tab.page.wait_for_selector(".md-search-result__item a")
    found = tab.page.locator(".md-search-result__item a").all()
    assert any("server.html" in link.get_attribute("href") for link in found)
    assert tab.problems == []
    assert tab.hosts == {""}


def test_a_terminals_copy_button_copies_the_commands_only(site, chromium):
    tab = Tab(chromium, viewport=DESKTOP)
    tab.page.goto(f"file://{site}/tutorial/index.html")
    block = tab.page.locator(".highlight:has(.gp)").first
    block.scroll_into_view_if_needed()
    button = block.locator(".md-code__nav button")
    tab.page.wait_for_function("button => button.dataset.clipboardText", arg=button.element_handle())
    commands = button.get_attribute("data-clipboard-text").splitlines()
    assert commands[:2] == ["mkdir sites", "cd sites"]
    assert commands[-1] == "pip install -q ../gearbox-lite"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation_or_scrolls_sideways(site, chromium, scheme):
    tab = Tab(chromium, viewport=DESKTOP, color_scheme=scheme, reduced_motion="reduce")
    pictures = os.environ.get("GEARBOX_LITE_SCREENSHOTS")
    found = {}
    for page in pages(site):
        name = str(page.relative_to(site).with_suffix("")).replace("/", "-")
        tab.page.goto(f"file://{page}")
        shown = tab.page.evaluate("document.body.dataset.mdColorScheme")
        assert shown == {"light": "default", "dark": "slate"}[scheme]
        for viewport in (DESKTOP, PHONE):
            tab.page.set_viewport_size(viewport)
            everything = scheme == "light" and viewport is DESKTOP
            found[name, viewport["width"]] = violations(tab.page, None if everything else OF_APPEARANCE)
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name
            if pictures:
                tab.page.screenshot(path=Path(pictures, f"docs-{name}-{scheme}-{viewport['width']}.png"))
    assert {place: problems for place, problems in found.items() if problems} == {}
    assert tab.problems == []
    assert tab.hosts == {""}
