"""Live reload's connections: the supervisor keeps them, only own pages read them, and nothing is left when off."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

import psutil
import pytest
from support.helpers import Browser, new_project, set_option
from support.live import EventStream, LiveSite, page_of
from support.modules import existing_modules
from support.reloading import wait_until, workers_of
from support.warm import serve

NAVIGATION = {"Sec-Fetch-Dest": "document", "Accept": "text/html"}
MODULES = ("__init__", "file_events", "middleware", "open_pages", "stream_channel")
PACKAGE = "gearbox_lite.server.live_reload"
ADDRESSES = ("/__live_reload__/client.js", "/__live_reload__/events")


@pytest.fixture
def site(tmp_path):
    return LiveSite(tmp_path)


def page(served):
    return Browser(served.url).get("/", **NAVIGATION)


def has_title(served, title):
    return lambda: f"<h1>{title}</h1>" in page(served).text


def test_open_pages_take_no_thread_and_are_told_of_each_reload_on_the_same_connection(site):
    """The application has one thread. Between the reloads, workers come and go."""
    with site.serve() as served, contextlib.ExitStack() as stack:
        known = page_of(page(served).text)
        streams = [EventStream(served.url, known).opened() for _ in range(20)]
        for stream in streams:
            stack.callback(stream.close)
            stream.data = b""
        seen = set()
        for title in ("two", "three"):
            (worker,) = workers_of(served)
            seen.add(worker)
            assert len(psutil.Process(worker).net_connections("tcp")) < 5, "the listening socket, and a client of ours"
            site.save_code(title)
            assert [stream.next_event() for stream in streams] == ["reload"] * 20
            wait_until(has_title(served, title))
            wait_until(lambda worker=worker: not psutil.pid_exists(worker))
        site.save("page.html", "<h1>TITLE</h1>")
        assert [stream.next_event() for stream in streams] == ["reload"] * 20
        site.save("style.css", "h1 { color: red }")
        assert [stream.next_event() for stream in streams] == ["replace-styles"] * 20
        site.save("logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        assert [stream.next_event() for stream in streams] == ["refetch"] * 20
        assert len(workers_of(served) - seen) == 1
        assert served.end() == 0
        assert all(stream.is_ended() for stream in streams)


def test_a_page_that_asks_for_events_after_a_change_is_told_at_once(site):
    with site.serve() as served:
        before = page_of(page(served).text)
        site.save_code("two")
        wait_until(has_title(served, "two"))
        for stale, expected in ((before, "reload"), ("0123abcd-1~5", "reload")):
            stream = EventStream(served.url, stale)
            assert stream.next_event() == expected
            stream.close()


def test_an_application_that_breaks_shows_the_error_page_in_open_pages_until_it_is_fixed(site):
    with site.serve() as served, contextlib.closing(EventStream(served.url, "").opened()) as stream:
        for broken in ("def make(:", "1 / 0", "def make(:"):
            site.save("live_code.py", broken)
            stream.data = b""
            assert stream.next_event() == "reload"
            answer = page(served)
            assert answer.status == 500
            assert "data-error async></script>" in answer.text
            assert answer.header("Content-Length") == str(len(answer.text.encode()))
            own = EventStream(served.url, page_of(answer.text)).opened()
            site.save_code("fixed")
            assert stream.next_event() == own.next_event() == "reload"
            own.close()
            wait_until(has_title(served, "fixed"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_streams_that_are_asked_for_during_reloads_are_all_answered(site, workers):
    """By whichever worker has the connection: the one that drains, or the new one."""
    with site.serve("--workers", workers) as served:
        for number in range(5):
            site.save_code(f"v{number}")
            while not has_title(served, f"v{number}")():
                stream = EventStream(served.url, page_of(page(served).text))
                stream.read_until(b"\n")
                stream.close()
        stream = EventStream(served.url, page_of(page(served).text)).opened()
        site.save("live_code.py", "broken(")
        assert stream.next_event() == "reload"
        stream.close()
        site.save_code("end")
        wait_until(has_title(served, "end"))


def test_only_pages_of_this_server_read_its_events(site):
    """Not another site's script, nor one whose name resolves to this machine, nor a program."""
    with site.serve() as served:
        for other in ("cross-site", "same-site", "none", None):
            stream = EventStream(served.url, site=other)
            answer = stream.read_until(b"get its events.\n")
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"access-control" not in answer.lower()
            stream.close()
        stream = EventStream(served.url, host="evil.example")
        assert stream.read_until(b"[serve].\n").startswith(b"HTTP/1.1 400 ")
        stream.close()


def test_own_requests_are_not_logged_and_others_are(site):
    with site.serve("--access-log") as served:
        text = page(served).text
        stream = EventStream(served.url, page_of(text)).opened()
        Browser(served.url).get(re.findall(r'src="([^"]+)"', text)[0])
        Browser(served.url).get("/pid")
        wait_until(lambda: "GET /pid 200" in served.output)
        assert "GET / 200" in served.output
        assert "__live_reload__" not in served.output
        stream.close()


def loaded(served):
    return set(Browser(served.url).get("/modules").text.split())


@pytest.mark.parametrize(
    ("arguments", "debug"),
    [
        (["--no-reload"], True),
        (["--no-live-reload"], True),
        (["--no-reload", "--workers", "2"], True),
        ([], False),
        (["--no-reload", "--live-reload"], True),
    ],
)
def test_nothing_of_it_exists_unless_reload_and_debug_are_on(tmp_path, arguments, debug):
    modules = existing_modules(*(f"{PACKAGE}.{name}" for name in MODULES[1:]))
    site = LiveSite(tmp_path, debug=debug)
    with serve(tmp_path, *arguments) if "--no-reload" in arguments else site.serve(*arguments) as served:
        answer = page(served)
        assert answer.text == (tmp_path / "page.html").read_text().replace("TITLE", "one").replace("METHOD", "GET")
        assert answer.header("Cache-Control") is None
        assert not modules & loaded(served)
        for address in ADDRESSES:
            assert "__live_reload__" not in Browser(served.url).get(address, **{"Sec-Fetch-Site": "same-origin"}).text
        assert ("--live-reload has no effect" in served.output) == ("--live-reload" in arguments)


def test_its_modules_are_found_where_they_are_loaded(site):
    """The control of the test above."""
    with site.serve() as served:
        assert {f"{PACKAGE}.middleware", f"{PACKAGE}.stream_channel"} <= loaded(served)


def test_the_supervisor_imports_nothing_of_it_until_it_is_switched_on():
    code = (
        "import sys\n"
        "from gearbox_lite.server.supervisor.page_updates import PageUpdates\n"
        "import gearbox_lite.server.supervisor.reloader\n"
        f"count = lambda: sum(name.startswith('{PACKAGE}.') for name in sys.modules)\n"
        "before, pages = count(), PageUpdates(lambda: 0.0)\n"
        "pages.new_version()\n"
        "print(before, count() > 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.split() == ["0", "True"]


def test_live_reload_is_switched_off_and_on_by_editing_the_ini(site):
    ini = site.folder / "development.ini"
    with site.serve() as served:
        stream = EventStream(served.url, page_of(page(served).text)).opened()
        stream.data = b""
        set_option(ini, "live_reload", "false")
        assert stream.next_event() == "reload"
        assert "<script" not in page(served).text
        stream.close()
        set_option(ini, "live_reload", "true")
        wait_until(lambda: "<script" in page(served).text)
        stream = EventStream(served.url, page_of(page(served).text)).opened()
        stream.data = b""
        site.save_code("two")
        assert stream.next_event() == "reload"
        stream.close()


def test_production_has_no_byte_of_it_or_of_the_debug_page_in_any_answer(tmp_path):
    """Whatever the command line and the filter ask for: production.ini has debug = false."""
    project = new_project(tmp_path)
    root, ini = project / "hello/controllers/root.py", project / "production.ini"
    root.write_text(f"{root.read_text()}\n    @expose()\n    def crash(self):\n        return nosuchname\n")
    set_option(ini, "pipeline", "debug session hello")
    ini.write_text(f"{ini.read_text()}\n[filter:debug]\nuse = egg:gearbox_lite#debug\ndebug.console = true\n")
    key = "6d25cf734c49a1dd273e4d8fab5f5bdb8d1099ec05e8fdc7c1d734777648ab73"
    environment = {"HELLO_SESSION_KEY": key, "HELLO_CSRF_KEY": key[::-1]}
    expected = dict.fromkeys(("/nosuchpage", "/__debug_console__", *ADDRESSES), 404) | {"/crash": 500}
    with serve(project, "production.ini", "--reload", "--live-reload", **environment) as served:
        browser = Browser(served.url)
        for path in ("/", "/setsession", "/css/style.css", *expected):
            for kind in ("text/html", "application/json"):
                answer = browser.get(path, **NAVIGATION | {"Accept": kind, "Sec-Fetch-Site": "same-origin"})
                assert answer.status == expected.get(path, 200), path
                assert not re.search(
                    "live_reload|<script|debug|nosuchname|NameError|Traceback|console", answer.text.replace(path, "")
                )
        assert "token" not in served.output
