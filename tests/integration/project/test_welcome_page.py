"""The generated site in a real Chromium, for a visitor, an accessibility checker and an attacker's site."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from support.helpers import Browser, Served, free_port, new_project, run, serve, set_option

LOOKS = {
    "light": ({"color_scheme": "light"}, {"width": 1100, "height": 800}),
    "dark": ({"color_scheme": "dark"}, {"width": 1100, "height": 800}),
    "phone": ({"color_scheme": "light"}, {"width": 320, "height": 640}),
}
LONG = "W" * 100


@pytest.fixture
def pictures(tmp_path) -> Path:
    """The folder of the screenshots; GEARBOX_LITE_SCREENSHOTS keeps them."""
    folder = Path(os.environ.get("GEARBOX_LITE_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def add_crash(project: Path) -> None:
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + "\n    @expose()\n    def crash(self):\n        raise RuntimeError\n")


def test_a_stored_value_survives_a_restart_and_can_be_deleted(project, tab):
    port = free_port()
    with serve(project, "--port", port) as served:
        tab.page.goto(served.url)
        assert tab.state == "Your session is empty."
        assert tab.page.locator("script").count() == 0
        tab.page.get_by_label("Value to store as user").fill("Ada <b>")
        tab.press("Store")
        assert tab.state == "Your session contains user = Ada <b>"
        tab.page.reload()
        assert "Ada" in tab.state
    with serve(project, "--port", port):
        tab.page.reload()
        assert "Ada" in tab.state
        assert {cookie["name"] for cookie in tab.page.context.cookies()} == {"hello", "hello-csrf"}
        assert tab.page.evaluate("document.cookie") == ""
        tab.press("Delete session")
        assert tab.state == "Your session is empty."
        for link in ("/setsession", "/getsession"):
            tab.page.get_by_role("link", name=link).click()
            assert tab.page.locator("[aria-current=step]").count() == 1
        assert tab.state == "value of session variable retrieved MVL"
        assert tab.problems == []
        assert tab.page.goto(f"{served.url}/nowhere").status == 404
        tab.page.get_by_role("link", name="/", exact=True).click()
        assert "MVL" in tab.state
        assert len(tab.problems) == 1, "Chromium logs the 404, and nothing else"
        assert tab.hosts == {"localhost"}


def test_no_page_violates_accessibility_or_overflows_in_light_dark_and_on_a_phone(tmp_path, tab, pictures):
    """The project has a database, and so everything that a generated site can show."""
    from axe_playwright_python.base import AXE_SCRIPT

    project = new_project(tmp_path, "hello", "--database")
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    set_option(project / "development.ini", "debug", "false")
    add_crash(project)
    found = {}
    with serve(project) as served:
        tab.page.goto(served.url)
        tab.page.fill("#user", LONG)
        tab.press("Store")
        assert tab.page.get_by_role("status").inner_text() == "Stored."
        tab.page.get_by_label("Your name").fill(LONG)
        tab.page.get_by_label("Your message").fill(f"<b>{LONG}")
        tab.press("Sign")
        assert tab.page.get_by_role("status").inner_text() == "Thank you!"
        assert f"<b>{LONG}" in tab.page.locator("section", has_text="Guest book").inner_text()
        assert tab.problems == []
        for path, name in {
            "": "message", "/": "welcome", "/getsession": "tutorial",
            "/store": "405", "/nowhere": "404", "/crash": "500",
        }.items():  # fmt: skip
            if path:
                tab.page.goto(served.url + path)
            tab.page.evaluate(AXE_SCRIPT)
            for look, (media, size) in LOOKS.items():
                tab.page.emulate_media(**media)
                tab.page.set_viewport_size(size)
                checked = tab.page.evaluate("axe.run({resultTypes: ['violations']})")
                assert checked["passes"]
                found[name, look] = [(item["id"], item["nodes"][0]["html"]) for item in checked["violations"]]
                assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, look)
                tab.page.screenshot(path=pictures / f"{name}-{look}.png", full_page=True)
    assert {place: violations for place, violations in found.items() if violations} == {}
    assert len(list(pictures.glob("*.png"))) >= 18


def test_the_welcome_page_names_versions_store_and_ini_while_developing_and_nothing_of_it_in_production(tmp_path):
    project = new_project(tmp_path, "hello", "--session", "file")
    with serve(project) as served:
        shown = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", Browser(served.url).get("/").text))
    assert shown == {
        "Python": platform.python_version(), "TurboGears": version("TurboGears2"), "Session store": "file",
        "Debug": "on", "Settings": "development.ini",
    }  # fmt: skip
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        page = Browser(served.url).get("/").text
    assert "<dt>" not in page
    assert [shown[name] for name in ("Python", "TurboGears", "Settings") if shown[name] in page] == []


def test_the_first_step_of_the_welcome_page_adds_a_page(project):
    with serve(project) as served:
        page = Browser(served.url).get("/").text
    command = re.search(r'<pre class="copy"><code>gearbox-lite (.*?)</code>', page)[1]
    assert run(*command.split(), cwd=project).returncode == 0
    url = re.search(r"It is at <code>(.*?)</code>", page)[1]
    with serve(project) as served:
        assert Browser(served.url).get(url).status == 200


def test_another_site_can_neither_send_the_form_nor_frame_the_page(project, tab, tmp_path):
    """The other site is on another port of this host, so that SameSite cookies are sent with its forms."""
    site = tmp_path / "site"
    site.mkdir()
    other_server = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with serve(project) as served, Served(other_server, site, r"HTTP on 127.0.0.1 port (\d+)") as other:
        form = f"<form method=post action={served.url}/store><input name=user value=Eve><button>Go</button></form>"
        (site / "index.html").write_text(f"{form}<iframe src={served.url}></iframe><iframe src=allowed.html></iframe>")
        (site / "allowed.html").write_text("<p>framed</p>")
        tab.page.goto(served.url)
        tab.page.get_by_label("Value to store as user").fill("Ada")
        tab.press("Store")
        tab.page.goto(f"http://localhost:{other.url}/")
        refused, allowed = tab.page.frames[1:]
        assert refused.url.startswith("chrome-error://")
        assert allowed.inner_text("p") == "framed"
        tab.press("Go")
        assert tab.page.url == f"{served.url}/store"
        assert "This form has expired." in tab.page.inner_text("main")
        tab.page.goto(served.url)
        assert "Ada" in tab.state


DEBUGGED = """
from backlash import DebuggedApplication

def make(global_conf, **settings):
    return DebuggedApplication(lambda environ, start_response: 1 / 0)
"""


def test_dns_rebinding_runs_no_code_in_the_debugger(tab, tmp_path):
    """DNS rebinding: a page of another site, whose name then resolves to a server whose debug page runs code."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "site_code.py").write_text(DEBUGGED)
    (site / "development.ini").write_text(
        "[server:main]\nuse = egg:waitress\n[app:main]\ndebug = true\npaste.app_factory = site_code:make\n"
    )
    ask = "async path => { const answer = await fetch(path); return [answer.status, await answer.text()] }"
    with serve(site) as served:
        port = served.url.rpartition(":")[2]
        assert tab.page.goto(f"http://rebound.example:{port}/crash").status == 400
        for path in ("/crash", "/__console__", "/?__debugger__=yes&cmd=resource&f=debugger.js"):
            status, text = tab.page.evaluate(ask, path)
            assert (status, "SECRET" in text) == (400, False)
        secret, frame = tab.page.goto(f"{served.url}/crash") and tab.page.evaluate(
            "() => [SECRET, document.querySelector('.frame').id.split('-')[1]]"
        )
        command = f"/crash?__debugger__=yes&s={secret}&frm={frame}&cmd="
        assert tab.page.evaluate(ask, command + "1")[0] == 200
        code = f"__import__('pathlib').Path('{tmp_path}/ran').touch()"
        tab.page.goto(f"http://other.localhost:{port}/")  # another site, though a page of the same server
        source = f"{served.url}{command}{code}"
        tab.page.evaluate("url => fetch(url, {mode: 'no-cors'}).catch(() => null)", source)
        tab.page.evaluate(
            "url => new Promise(done => { const image = new Image(); image.onerror = done; image.src = url })", source
        )
        assert not (tmp_path / "ran").exists()
        tab.page.goto(f"{served.url}/crash")
        assert tab.page.evaluate(ask, command + code)[0] == 200
        assert (tmp_path / "ran").exists()
