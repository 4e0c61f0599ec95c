"""Live reload in a real Chromium: what a person sees in an open tab after saving a file, without pressing F5."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from importlib.util import find_spec

import psutil
import pytest
from support.chromium import Tab
from support.helpers import TEST_TIMEOUT, free_port, serve, unavailable
from support.live import LiveSite
from support.reloading import Client, port_of, running
from support.reloading import wait_until as wait_until_true

FORM = """
<form method="post" action="/">
  <input name="user" value="given"> <input name="user"> <input name="untouched" value="given">
  <input type="hidden" name="_token" value="secret 1"> <input type="password" name="passphrase">
  <input name="api_token"> <input name="code" autocomplete="one-time-code">
  <input name="pin"> <input name="user_otp"> <input type="password" name="shown"> <input name="spin">
  <input type="checkbox" name="agree"> <input type="checkbox" name="news" checked>
  <input type="radio" name="size" value="s" checked> <input type="radio" name="size" value="m">
  <select name="color"><option>red<option>green</select>
  <select name="unchosen"><option>first<option>second</select>
  <select name="many" multiple><option selected>a<option>b<option>c</select>
  <textarea name="text">given</textarea>
  <button>Send</button>
</form>
<div style="height: 5000px"></div>
"""


@pytest.fixture
def site(tmp_path) -> LiveSite:
    return LiveSite(tmp_path)


def open_live(tab: Tab, url: str) -> None:
    """Open a page, and wait until its script has asked for events."""
    with tab.page.expect_request("**/__live_reload__/events*"):
        tab.page.goto(url)


def shows(tab: Tab, text: str) -> None:
    tab.page.get_by_text(text, exact=True).wait_for()


def wait_until(true: Callable[[], bool]) -> None:
    """Ask again until it is so. A page that is just being loaded cannot be asked."""
    from playwright.sync_api import Error

    def is_true() -> bool:
        with contextlib.suppress(Error):
            return true()
        return False

    wait_until_true(is_true)


def has_style(tab: Tab, selector: str, name: str, value: str) -> None:
    """Wait until an element has a style; evaluated at each attempt, as policies forbid eval in the page."""
    read = "(element, name) => getComputedStyle(element).getPropertyValue(name)"
    wait_until(lambda: tab.page.locator(selector).first.evaluate(read, name) == value)


def mark(tab: Tab) -> None:
    """Leave a mark that is gone once the page has been loaded again."""
    tab.page.evaluate("window.marked = true")


def is_marked(tab: Tab) -> bool:
    return tab.page.evaluate("window.marked === true")


ROOT = """
from tg import expose
from hello.lib.base import BaseController

class RootController(BaseController):
    @expose("hello.templates.live")
    def index(self):
        return {"controller": "VERSION"}

    @expose()
    def version(self):
        return "VERSION"
"""
TEMPLATE = """{% extends "hello.templates.master" %}
{% block content %}<p id="controller">{{ controller }}</p><p id="template">VERSION</p>{% endblock %}
"""


def test_fifty_saves_under_load_are_all_shown_and_no_request_is_lost(project, tab):
    """Of a controller, a template and a style sheet of a generated project, whose policy forbids inline scripts."""
    root, template = project / "hello/controllers/root.py", project / "hello/templates/live.jinja"
    style = project / "hello/public/css/style.css"
    root.write_text(ROOT)
    template.write_text(TEMPLATE)
    with serve(project, "--reload") as served:
        clients = [Client(port_of(served), keep_alive, pause=0.01) for keep_alive in (True, False)]
        open_live(tab, served.url)
        with running(*clients):
            for number in range(50):
                if number % 3 == 0:
                    root.write_text(ROOT.replace("VERSION", f"v{number}"))
                    tab.page.locator("#controller", has_text=re.compile(f"^v{number}$")).wait_for()
                elif number % 3 == 1:
                    template.write_text(TEMPLATE.replace("VERSION", f"v{number}"))
                    tab.page.locator("#template", has_text=re.compile(f"^v{number}$")).wait_for()
                else:
                    mark(tab)
                    style.write_text(f"p {{ margin-top: {number}px }}")
                    has_style(tab, "#template", "margin-top", f"{number}px")
                    assert is_marked(tab), "a style sheet is replaced without loading the page again"
                    wait_until(lambda: tab.page.locator("link[rel=stylesheet]").count() == 1)
        assert [client.problems for client in clients] == [[], []]
        assert min(client.requests for client in clients) > 50
        assert tab.problems == []
        root.write_text(ROOT.replace('return {"controller": "VERSION"}', 'raise ValueError("in a request")'))
        tab.page.get_by_text("ValueError").first.wait_for()
        template.write_text(TEMPLATE.replace("VERSION", "unused"))
        root.write_text(ROOT.replace("VERSION", "healed"))
        shows(tab, "healed")


def test_error_pages_appear_and_heal_in_the_same_tab_twenty_times(tmp_path, tab):
    site = LiveSite(tmp_path, FORM)
    with site.serve() as served:
        open_live(tab, served.url)
        tab.page.locator("[name=user]").first.fill("half filled")
        tab.page.evaluate("scrollTo(0, 700)")
        for number in range(20):
            site.save("live_code.py", "1 / 0" if number % 2 else "def make(:")
            tab.page.get_by_text("does not load").first.wait_for()
            site.save_code(f"healed {number}")
            shows(tab, f"healed {number}")
            wait_until(lambda: tab.page.locator("[name=user]").first.input_value() == "half filled")
            wait_until(lambda: tab.page.evaluate("scrollY") == 700)


def test_a_reload_keeps_what_was_typed_and_the_place_but_no_secrets(tmp_path, tab):
    site = LiveSite(tmp_path, FORM)
    with site.serve() as served:
        open_live(tab, served.url)
        page = tab.page
        page.locator("[name=user]").nth(1).fill("typed")
        page.locator("[name=passphrase]").fill("password")
        page.locator("[name=api_token]").fill("token")
        page.locator("[name=code]").fill("123456")
        page.locator("[name=pin]").fill("1234")
        page.locator("[name=user_otp]").fill("1234")
        page.locator("[name=spin]").fill("left")
        page.evaluate("document.querySelector('[name=shown]').type = 'text'")  # as buttons do that show a password
        page.locator("[name=shown]").fill("password")
        page.locator("[name=agree]").check()
        page.locator("[name=news]").uncheck()
        page.locator("[name=size][value=m]").check()
        page.locator("[name=color]").select_option("green")
        page.locator("[name=many]").select_option(["b", "c"])
        page.locator("[name=text]").fill("two\nlines")
        page.evaluate("scrollTo({top: 1234, behavior: 'instant'})")
        form = FORM.replace("given", "changed").replace("secret 1", "secret 2")
        form = form.replace("<option>first", "<option>added<option>first")
        form = form.replace('type="password" name="shown"', 'name="shown"')
        site.save("page.html", f"<!doctype html><title>t</title><h1>new</h1><p>METHOD</p>{form}")
        shows(tab, "new")
        wait_until(lambda: page.evaluate("scrollY") == 1234)
        values = page.evaluate(
            "[...document.forms[0].elements].filter(one => one.name).map(one => "
            "[one.name, one.options ? [...one.selectedOptions].map(o => o.value).join() : one.type == 'checkbox' ||"
            " one.type == 'radio' ? one.checked : one.value])"
        )
        assert values == [
            *(["user", "changed"], ["user", "typed"], ["untouched", "changed"]),
            *(["_token", "secret 2"], ["passphrase", ""], ["api_token", ""], ["code", ""]),
            *(["pin", ""], ["user_otp", ""], ["shown", ""], ["spin", "left"]),
            *(["agree", True], ["news", False], ["size", False], ["size", True]),
            *(["color", "green"], ["unchosen", "added"], ["many", "b,c"], ["text", "two\nlines"]),
        ]
        assert page.evaluate("document.activeElement.name") == "text"
        assert page.evaluate("sessionStorage.length") == 0, "what was typed is not kept for longer than it is needed"


def test_what_was_typed_stays_at_an_address_that_a_script_has_set(tmp_path, tab):
    """As pages do that keep a filter in their address (history.pushState)."""
    site = LiveSite(tmp_path, FORM)
    with site.serve() as served:
        open_live(tab, served.url)
        tab.page.evaluate("history.pushState({}, '', '?filter=1')")
        tab.page.locator("[name=user]").first.fill("typed")
        site.save_code("two")
        shows(tab, "two")
        wait_until(lambda: tab.page.locator("[name=user]").first.input_value() == "typed")
        tab.page.evaluate("document.forms[0].action = '?'")
        with tab.page.expect_request("**/__live_reload__/events*"):
            tab.page.get_by_role("button", name="Send").click()
        shows(tab, "POST")
        tab.page.evaluate("history.pushState({}, '', '?filter=2')")
        site.save_code("three")
        shows(tab, "three")
        shows(tab, "GET")
        assert tab.page.url.endswith("?filter=2")


def test_the_answer_to_a_form_is_never_sent_again(tmp_path, tab):
    """After a POST, a reload would ask whether to send the form again; the page is asked for with GET instead."""
    site = LiveSite(tmp_path, FORM)
    with site.serve() as served:
        open_live(tab, served.url)
        with tab.page.expect_request("**/__live_reload__/events*"):
            tab.page.get_by_role("button", name="Send").click()
        shows(tab, "POST")
        site.save_code("two")
        shows(tab, "two")
        shows(tab, "GET")


def test_a_hidden_tab_has_no_connection_and_reloads_when_it_is_shown(site, tab):
    """Headless tabs are always visible, so the test says when it is hidden, as the browser would."""
    tab.page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.isHidden ?? false})")
    hide = "value => { window.isHidden = value; document.dispatchEvent(new Event('visibilitychange')) }"
    with site.serve() as served:
        open_live(tab, served.url)
        tab.page.evaluate(hide, True)
        mark(tab)
        other = Tab(tab.page.context.browser)
        open_live(other, served.url)
        site.save_code("two")
        shows(other, "two")
        other.page.context.close()
        assert is_marked(tab)
        tab.page.evaluate(hide, False)
        shows(tab, "two")


def test_a_tab_reconnects_and_reloads_when_the_server_has_been_started_again(site, tab):
    port = free_port()
    with site.serve("--port", port) as served:
        open_live(tab, served.url)
        served.end()
    site.save_code("two")
    mark(tab)
    tries = []
    for _ in range(5):
        with tab.page.expect_event("requestfailed"):
            pass
        tries.append(time.monotonic())
    assert tries[-1] - tries[-2] > tries[1] - tries[0], "it asks less and less often"
    assert is_marked(tab)
    with site.serve("--port", port):
        shows(tab, "two")


def test_more_tabs_than_a_browser_opens_connections_share_one(site, chromium):
    """Browsers open six connections to a server in all tabs; an eighth tab would wait for ever."""
    context = chromium.new_context()
    context.set_default_timeout(1000 * TEST_TIMEOUT / 2)
    pages = [context.new_page() for _ in range(8)]

    def are_told(title: str) -> None:
        for page in pages:
            page.get_by_text(title, exact=True).wait_for()

    def open_connections() -> int:
        found = psutil.Process(served.process.pid).net_connections("tcp")
        return sum(one.status == psutil.CONN_ESTABLISHED for one in found)

    with site.serve() as served:
        for page in pages:
            page.goto(served.url)
        wait_until(lambda: open_connections() == 1)
        site.save_code("two")
        are_told("two")
        for closed in (4, 3):  # among them perhaps the one that is connected
            for page in pages[:closed]:
                page.close()
            del pages[:closed]
            site.save("page.html", f"<h1>{len(pages)} left</h1>")
            are_told(f"{len(pages)} left")
        wait_until(lambda: open_connections() == 1)
    context.close()


@pytest.mark.parametrize("missing", ["delete Navigator.prototype.locks", "delete window.BroadcastChannel"])
def test_a_browser_that_lacks_what_tabs_share_a_connection_with_reloads_them_too(site, tab, missing):
    tab.page.context.add_init_script(missing)
    other = tab.page.context.new_page()
    with site.serve() as served:
        open_live(tab, served.url)
        other.goto(served.url)
        site.save_code("two")
        shows(tab, "two")
        other.get_by_text("two", exact=True).wait_for()


STYLES = '<link rel="stylesheet" href="/outer.css"><link rel="stylesheet" href="/style.css"><img src="/logo.svg">'
FRAMES = '<iframe src="/frame"></iframe>' * 7
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"/>'


def test_changed_images_and_imported_styles_are_shown_although_the_browser_may_keep_them(tmp_path, tab):
    """The site answers Cache-Control: max-age=3600 for them."""
    site = LiveSite(tmp_path, STYLES)
    site.save("outer.css", "@import '/inner.css';")
    site.save("inner.css", "h1 { color: rgb(1, 1, 1) }")
    site.save("style.css", "p { color: rgb(2, 2, 2) }")
    site.save("logo.svg", LOGO.format(10))
    with site.serve() as served:
        open_live(tab, served.url)
        mark(tab)
        site.save("inner.css", "h1 { color: rgb(3, 3, 3) }")
        has_style(tab, "h1", "color", "rgb(3, 3, 3)")
        site.save("style.css", "p { color: rgb(4, 4, 4) }")
        has_style(tab, "p", "color", "rgb(4, 4, 4)")
        assert is_marked(tab)
        site.save("logo.svg", LOGO.format(20))
        wait_until(lambda: tab.page.locator("img").evaluate("(image) => image.naturalWidth") == 20)
        assert not is_marked(tab)


def test_a_frame_has_no_connection_of_its_own_and_its_styles_are_replaced(tmp_path, tab):
    """Browsers open six connections to a server; a page with as many frames would use them up."""
    site = LiveSite(tmp_path, STYLES + FRAMES)
    for name, text in (("outer.css", ""), ("style.css", "p { color: rgb(1, 1, 1) }"), ("logo.svg", LOGO.format(10))):
        site.save(name, text)
    asked = []
    tab.page.on("request", lambda request: asked.append(request.url))
    with site.serve() as served:
        open_live(tab, served.url)
        assert len(tab.page.frames) == 8
        site.save("style.css", "p { color: rgb(2, 2, 2) }")
        read = "getComputedStyle(document.querySelector('p')).color"
        wait_until(lambda: {frame.evaluate(read) for frame in tab.page.frames} == {"rgb(2, 2, 2)"})
        assert sum("/events" in url for url in asked) == 1


FAILS_BEFORE, FAILS_LATER = "sys.exit()", 'yield b"<!doctype html><p>begun"; 1 / 0'
FAILING = """
import sys

def make(global_conf, **settings):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        FAILURE
        yield b""
    return application
"""


def test_a_failure_that_no_debug_page_shows_heals_as_well(site, tab):
    """Because there is no debug page, because the exception is none that one shows, or because a part has been sent."""
    with site.serve() as served:
        open_live(tab, served.url)
        for failure, text in ((FAILS_BEFORE, "The terminal says why."), (FAILS_LATER, "begun")):
            site.save("live_code.py", FAILING.replace("FAILURE", failure))
            tab.page.get_by_text(text).wait_for()
            site.save_code(f"{text} It is healed.")
            shows(tab, f"{text} It is healed.")


PYRAMID = """
from pyramid.config import Configurator
from pyramid.response import Response

def main(global_config, **settings):
    config = Configurator(settings=settings)
    config.add_route("home", "/")
    config.add_view(lambda request: Response("<!doctype html><h1>TITLE</h1>"), route_name="home")
    return config.make_wsgi_app()
"""
FLASK = """
from flask import Flask

def main(global_config, **settings):
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "<!doctype html><h1>TITLE</h1>")
    return app
"""
BARE = """
def main(global_config, **settings):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        yield b"<!doctype html>"
        yield b"<h1>TITLE</h1>"
    return application
"""


@pytest.mark.parametrize("framework", ["pyramid", "flask", "bare"])
def test_any_wsgi_application_is_shown_as_it_is_saved(tmp_path, tab, framework):
    if framework != "bare" and find_spec(framework) is None:
        unavailable(f"{framework} is not installed")
    code = {"pyramid": PYRAMID, "flask": FLASK, "bare": BARE}[framework]
    site = LiveSite(tmp_path)
    site.save("live_code.py", code.replace("TITLE", "one"))
    site.save("development.ini", (tmp_path / "development.ini").read_text().replace("live_code:make", "live_code:main"))
    with site.serve() as served:
        open_live(tab, served.url)
        shows(tab, "one")
        site.save("live_code.py", code.replace("TITLE", "two"))
        shows(tab, "two")
        site.save("live_code.py", "import nosuchmodule")
        tab.page.get_by_text("does not load").first.wait_for()
        site.save("live_code.py", code.replace("TITLE", "three"))
        shows(tab, "three")
