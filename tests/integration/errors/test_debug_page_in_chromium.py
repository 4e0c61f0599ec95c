"""The debug page in a real Chromium: accessible, on a phone, in the dark, by keyboard, without scripts, on its own."""

from __future__ import annotations

import re

import pytest
from support.chromium import Tab
from support.helpers import add_line, new_project
from support.reloading import wait_until
from support.warm import serve

CRASH = """
    @expose()
    def crash(self, **fields):
        movies = {"a": "<img src=x onerror=alert(1)>" + "W" * 300}
        try:
            return movies["title"]
        except KeyError as error:
            raise ValueError("<script>alert(1)</script>" + "W" * 300) from error
"""
OF_APPEARANCE = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""The rules of axe whose result depends on colors and the size of the window."""
LOOKS = {
    "light": ({"color_scheme": "light"}, {"width": 1100, "height": 800}),
    "dark": ({"color_scheme": "dark"}, {"width": 1100, "height": 800}),
    "phone": ({"color_scheme": "dark"}, {"width": 320, "height": 640}),
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """A project with a method that raises, which no test changes."""
    project = new_project(tmp_path_factory.mktemp("failing"))
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + CRASH)
    return project


@pytest.fixture(scope="module")
def url(failing):
    """The address at which it is served."""
    with serve(failing) as served:
        yield served.url


def test_no_debug_page_violates_accessibility_or_overflows(url, tab, tmp_path):
    from axe_playwright_python.base import AXE_SCRIPT

    found = {}

    def check(url, name):
        tab.page.goto(url)
        tab.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        tab.page.evaluate(AXE_SCRIPT)
        for look, (media, size) in LOOKS.items():
            tab.page.emulate_media(**media)
            tab.page.set_viewport_size(size)
            only = "" if look == "light" else f", runOnly: {OF_APPEARANCE}"
            checked = tab.page.evaluate(f"axe.run({{resultTypes: ['violations']{only}}})")
            assert checked["passes"]
            found[name, look] = [(item["id"], item["nodes"][0]["html"]) for item in checked["violations"]]
            assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, look)

    check(f"{url}/crash?a=b", "exception")
    check(f"{url}/nowhere", "routes")
    broken = new_project(tmp_path)
    (broken / "hello/controllers/root.py").write_text("def broken(:\n")
    with serve(broken, "--reload") as served:
        check(served.url, "does not load")
    assert {place: violations for place, violations in found.items() if violations} == {}
    assert tab.hosts == {"localhost"}
    assert [problem for problem in tab.problems if "Failed to load resource" not in problem] == []


def test_it_is_usable_by_keyboard_and_copies_markdown(url, chromium):
    tab = Tab(chromium, permissions=["clipboard-read", "clipboard-write"])
    tab.page.goto(f"{url}/crash")
    variables = tab.page.locator("details.variables").first
    variables.locator("summary").focus()
    tab.page.keyboard.press("Enter")
    assert variables.locator("dd").first.is_visible()
    tab.press("Copy as Markdown")
    tab.page.get_by_role("button", name="Copied").wait_for()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    tab.page.context.close()
    assert copied.startswith("# ValueError: <script>alert(1)</script>")
    assert "Traceback (most recent call last):" in copied


def test_it_works_without_scripts(url, chromium):
    tab = Tab(chromium, java_script_enabled=False)
    tab.page.goto(f"{url}/crash")
    tab.page.get_by_text("Copy as Markdown").click()
    assert tab.page.locator("#markdown").is_visible()
    assert tab.page.get_by_role("button").count() == 0
    tab.page.locator("details.package summary").first.click()
    assert tab.page.locator("details.package details.frame").first.is_visible()
    tab.page.context.close()


def test_no_other_site_can_frame_it(url, tab):
    tab.page.goto(f"{url}/")
    answer = tab.page.evaluate("async () => [...(await fetch('/crash')).headers]")
    headers = dict(answer)
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_the_console_runs_code_with_the_token_of_the_terminal(project, tab):
    from axe_playwright_python.base import AXE_SCRIPT

    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + CRASH)
    add_line(project / "development.ini", "filter:debug", "debug.console = true")
    with serve(project, "--reload") as served:
        tab.page.goto(f"{served.url}/crash")
        wait_until(lambda: "asks for the token" in served.output)
        tab.page.get_by_label("Frame").select_option(label="hello/controllers/root.py:43 in crash")
        tab.page.get_by_label("Python code").fill("6 * 7")
        tab.page.get_by_label("Token").fill("wrong")
        tab.press("Run")
        assert "The token is wrong" in tab.page.inner_text("main")
        tab.page.go_back()
        tab.page.get_by_label("Python code").fill("len(movies)")
        tab.page.get_by_label("Token").fill(re.search(r"asks for the token (\w+)", served.output)[1])
        tab.press("Run")
        assert tab.page.locator("pre code").inner_text().strip() == "1"
        tab.page.evaluate(AXE_SCRIPT)
        checked = tab.page.evaluate("axe.run({resultTypes: ['violations']})")
        assert [item["id"] for item in checked["violations"]] == []
    assert [problem for problem in tab.problems if "Failed to load resource" not in problem] == []
