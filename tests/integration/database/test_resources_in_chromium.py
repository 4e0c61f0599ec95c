"""Resources in a real browser: without JavaScript, on a phone and in dark mode."""

from __future__ import annotations

import pytest
from support.chromium import Tab
from support.helpers import new_project, set_option
from support.warm import run, serve

RESOURCES = [
    ["author", "name:str:50!", "born:date?"],
    [
        *("post", "title:str:120", "body:text", "author:ref:author", "state:choice:draft,public", "price:decimal?"),
        *("part:float", "at:datetime?", "site:url?", "mail:email!", "stars:int", "open:bool", "may:bool?"),
    ],
    ["reply", "post:ref:post", "answers:ref:reply?", "text:text"],
]
NAME = "Ada <i>Lovelace</i> with-a-name-without-any-space-"
POST = {
    "title": "Hello", "body": "One\n\n<b>Two</b>", "part": "0.5", "at": "2026-01-02T12:30", "site": "https://example.org/",
    "mail": "ada@example.org", "stars": "5",
}  # fmt: skip
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    project = new_project(tmp_path_factory.mktemp("browser"), "hello", "--database")
    for words in RESOURCES:
        assert run("scaffold", "resource", *words, cwd=project).returncode == 0
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    set_option(project / "development.ini", "debug", "false")
    with serve(project, "--no-reload") as server:
        yield server


def error_of(page, name):
    assert page.locator(f"#{name}").get_attribute("aria-describedby").split() == [f"{name}-error"]
    return page.locator(f"#{name}-error").inner_text()


def violations(page):
    """Return what axe finds on a page, and whether it is wider than the screen."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    problems = [(item["id"], item["nodes"][0]["html"]) for item in found["violations"]]
    return problems + ([] if page.evaluate("document.documentElement.scrollWidth <= innerWidth") else ["too wide"])


def test_forms_work_without_javascript_and_pages_are_accessible_on_a_dark_phone(served, chromium):
    tab = Tab(chromium, java_script_enabled=False, viewport=PHONE, color_scheme="dark")
    page = tab.page
    for expected in ("/authors/1", "/authors/create"):
        page.goto(f"{served.url}/authors/new")
        page.get_by_label("Name").fill(NAME)
        tab.press("Save")
        assert page.url == served.url + expected
    assert error_of(page, "name") == "Another row has this value."
    assert page.get_by_label("Name").input_value() == NAME

    page.goto(f"{served.url}/posts/new")
    for name, value in (POST | {"mail": "ada", "stars": "99999999999"}).items():
        page.fill(f"#{name}", value)
    page.get_by_label("Author").select_option(label=NAME)
    page.get_by_label("State").select_option("public")
    page.get_by_label("Open").check()
    tab.press("Save")
    assert page.url == f"{served.url}/posts/new", "the browser itself refuses an invalid address"
    page.fill("#mail", POST["mail"])
    tab.press("Save")
    assert page.url == f"{served.url}/posts/create"
    assert error_of(page, "stars") == "Enter a number up to 2147483647."
    assert {name: page.input_value(f"#{name}") for name in POST} == POST | {"stars": "99999999999"}
    assert page.input_value("#author_id") == "1"
    assert page.is_checked("#open")
    page.fill("#stars", POST["stars"])
    tab.press("Save")
    assert page.url == f"{served.url}/posts/1"
    shown = page.locator(".values").inner_text()
    for text in (POST["body"], NAME, "2026-01-02 12:30 UTC", "https://example.org/", "Yes"):
        assert text in shown

    page.goto(f"{served.url}/replies/new")
    page.get_by_label("Text").fill("Thank you")
    page.get_by_label("Post").select_option(label="Hello")
    tab.press("Save")
    assert page.url == f"{served.url}/replies/1"
    page.goto(f"{served.url}/posts/1/delete")
    tab.press("Delete")
    assert "something else refers to it" in page.get_by_role("alert").inner_text()

    other = Tab(chromium, viewport=PHONE, color_scheme="dark")
    for one in (page, other.page):
        one.goto(f"{served.url}/posts/1/edit")
    page.fill("#title", "Mine")
    other.page.fill("#title", "Other")
    tab.press("Save")
    other.press("Save")
    assert "Stored now: Mine" in other.page.locator("#title-stored").inner_text()
    assert other.page.input_value("#title") == "Other"
    for path in ("", "/posts/", "/posts/1", "/posts/1/delete", "/posts/new", "/posts/?search=nothing"):
        if path:
            other.page.goto(served.url + path)
        assert violations(other.page) == [], path
    assert other.hosts == {"localhost"}
