"""serve as a process: the tutorial, edited settings, errors of the application, and logging."""

from __future__ import annotations

import re
import socket
import time

import pytest
from support import warm
from support.helpers import PROGRAM, Browser, Served, add_line, free_port, serve, set_option, tutorial_controller


def test_the_tutorial_works_with_its_controller_pasted_unchanged(project):
    (project / "hello/controllers/root.py").write_text(tutorial_controller())
    with serve(project) as served:
        browser = Browser(served.url)
        assert "sessionVariable set to MVL" in browser.get("/setsession").text
        assert browser.get("/getsession").text == "<b>value of session variable retrieved MVL</b>"
        assert served.end() == 0


def test_the_generated_pages_set_get_and_delete_a_session(project):
    with serve(project) as served:
        browser = Browser(served.url)
        assert "session is empty" in browser.get("/").text
        assert "no session variable yet" in browser.get("/getsession").text
        browser.get("/setsession")
        assert "retrieved MVL" in browser.get("/getsession").text
        assert "user = MVL" in browser.get("/").text
        browser.get("/deletesession")
        assert "no session variable yet" in browser.get("/getsession").text
        assert served.end() == 0
        assert "Traceback" not in served.output


def test_the_cookie_has_its_name_and_flags_and_a_tampered_one_is_rejected(project):
    with serve(project) as served:
        browser = Browser(served.url)
        set_cookie = browser.get("/setsession").header("Set-Cookie").strip()
        assert set_cookie.startswith("hello=")
        assert "HttpOnly" in set_cookie
        assert "SameSite=Lax" in set_cookie
        value = browser.cookie("hello")
        changed = value[:50] + ("A" if value[50] != "A" else "B") + value[51:]
        stranger = Browser(served.url)
        assert "retrieved MVL" in stranger.get("/getsession", Cookie=f"hello={value}").text
        assert "no session variable" in Browser(served.url).get("/getsession", Cookie=f"hello={changed}").text


def test_a_clean_start_shows_only_the_banner(project):
    with serve(project) as served:
        assert served.end() == 0
        port = served.url.rpartition(":")[2]
        assert served.output.splitlines() == [
            f"Serving at http://localhost:{port}",
            "  ini      development.ini",
            "  session  type cookie, cookie hello",
            "  stop     Ctrl-C",
        ]


def test_edited_settings_of_the_server_and_the_cookie_take_effect(project):
    ini = project / "development.ini"
    port = free_port()
    set_option(ini, "port", str(port))
    set_option(ini, "host", "127.0.0.2")
    set_option(ini, "threads", "1")
    set_option(ini, "session.key", "shop")
    set_option(ini, "session.secure", "true")
    set_option(ini, "session.samesite", "Strict")
    set_option(ini, "session.cookie_path", "/getsession")
    set_option(ini, "session.cookie_expires", "600")
    with warm.serve(project, "--keep-port") as served:
        assert served.url == f"http://127.0.0.2:{port}"
        cookie = Browser(served.url).get("/setsession").header("Set-Cookie").strip()
        assert cookie.startswith("shop=")
        for flag in ("secure", "SameSite=Strict", "Path=/getsession", "expires="):
            assert flag.lower() in cookie.lower()


def test_a_new_key_ends_all_sessions_and_the_old_key_brings_them_back(project):
    ini = project / "development.ini"
    old = re.search(r"^session.validate_key = (.*)$", ini.read_text(), re.MULTILINE)[1]
    with warm.serve(project) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
    for key, expected in (("f" * 64, "no session variable"), (old, "retrieved MVL")):
        set_option(ini, "session.validate_key", key)
        with warm.serve(project) as served:
            assert expected in Browser(served.url).get("/getsession", Cookie=f"hello={browser.cookie('hello')}").text


def test_the_file_store_keeps_sessions_across_a_restart(project):
    """The type alone chooses it."""
    set_option(project / "development.ini", "session.type", "file")
    with warm.serve(project) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        assert "retrieved MVL" in browser.get("/getsession").text
    assert list((project / "data/sessions").rglob("*.cache"))
    with warm.serve(project) as served:
        assert "retrieved MVL" in Browser(served.url).get("/getsession", Cookie=f"hello={browser.cookie('hello')}").text


def test_an_idle_session_expires_after_the_timeout(project):
    set_option(project / "development.ini", "session.timeout", "1")
    with warm.serve(project) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        assert "retrieved MVL" in browser.get("/getsession").text
        value = browser.cookie("hello")
        deadline = time.monotonic() + 10
        while "retrieved MVL" in Browser(served.url).get("/getsession", Cookie=f"hello={value}").text:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_options_override_the_ini_and_variables_reach_it(project, tmp_path):
    set_option(project / "development.ini", "port", "%(chosen)s")
    port = free_port()
    with Served([PROGRAM, "serve", "hello/development.ini", f"chosen={port}", "debug=false"], tmp_path) as served:
        assert served.url.endswith(f":{port}")
        assert served.end() == 0
    with Served([PROGRAM, "serve", "-c", "hello/development.ini", "chosen=1", "--port", "0"], tmp_path) as served:
        assert Browser(served.url).get("/").status == 200


def test_several_addresses_and_other_sections_can_be_chosen(project):
    ini = project / "development.ini"
    first, second = free_port(), free_port()
    ini.write_text(
        ini.read_text()
        + f"\n[server:two]\nuse = egg:waitress\nlisten = 127.0.0.1:{first} 127.0.0.2:{second}\n"
        + "\n[pipeline:other]\npipeline = session hello\n"
    )
    with warm.serve(project, "--server-name", "two", "-n", "other", "--keep-port") as served:
        assert f"http://localhost:{first} and http://127.0.0.2:{second}" in served.output
        for url in (f"http://127.0.0.1:{first}", f"http://127.0.0.2:{second}"):
            assert Browser(url).get("/css/style.css").status == 200


def test_a_unix_socket_can_be_served(project, tmp_path):
    ini = project / "development.ini"
    set_option(ini, "host", None)
    set_option(ini, "port", None)
    path = tmp_path / "web.sock"
    add_line(ini, "server:main", f"unix_socket = {path}")
    for _ in range(2):  # the second start finds what the first one left
        with Served([PROGRAM, "serve"], project, ready="Serving at unix:"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b"GET /css/style.css HTTP/1.0\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.0 200"


def raising(project):
    controller = project / "hello/controllers/root.py"
    text = controller.read_text() + (
        '\n    @expose()\n    def crash(self):\n        raise RuntimeError("on purpose")\n'
        "\n    @expose()\n    def forbidden(self):\n        from tg import abort\n\n        abort(403)\n"
    )
    controller.write_text(text)


def test_with_debug_an_exception_is_logged_and_shown(project):
    raising(project)
    with warm.serve(project) as served:
        answer = Browser(served.url).get("/crash")
        assert answer.status == 500
        assert "on purpose" in answer.text
        assert "hello/controllers/root.py" in answer.text
        served.end()
        assert "RuntimeError: on purpose" in served.output
        assert "in crash" in served.output


def test_without_debug_an_exception_is_logged_and_the_projects_error_page_is_shown(project):
    raising(project)
    set_option(project / "development.ini", "debug", "false")
    with warm.serve(project) as served:
        answer = Browser(served.url).get("/crash")
        assert answer.status == 500
        assert "Something went wrong. The error has been logged." in answer.text
        assert "style.css" in answer.text
        assert "on purpose" not in answer.text
        served.end()
        assert "RuntimeError: on purpose" in served.output
        assert "in crash" in served.output


@pytest.mark.parametrize("debug", ["true", "false"])
def test_403_and_404_show_the_projects_error_page(project, debug):
    raising(project)
    set_option(project / "development.ini", "debug", debug)
    with warm.serve(project) as served:
        for path, status, text in (
            ("/nowhere", 404, "no page at this address"),
            ("/forbidden", 403, "not have access to this page"),
        ):
            answer = Browser(served.url).get(path)
            assert answer.status == status
            assert text in answer.text
            assert "style.css" in answer.text


def test_the_inis_logging_sections_are_applied(project):
    controller = project / "hello/controllers/tutorial.py"
    method = "    def setsession(self):\n"
    logged = method + '        logging.getLogger("hello").debug("from here")\n'
    controller.write_text("import logging\n" + controller.read_text().replace(method, logged))
    with warm.serve(project) as served:
        Browser(served.url).get("/setsession")
        served.end()
        assert re.search(r"^\d\d:\d\d:\d\d DEBUG \[hello\] from here$", served.output, re.MULTILINE)
    ini = project / "development.ini"
    ini.write_text(ini.read_text().replace("level = DEBUG", "level = ERROR"))
    with warm.serve(project) as served:
        Browser(served.url).get("/setsession")
        served.end()
        assert "from here" not in served.output


def test_without_logging_sections_messages_are_readable_on_standard_error(project):
    ini = project / "development.ini"
    ini.write_text(ini.read_text().partition("# Logging, in")[0])
    package = project / "hello/__init__.py"
    package.write_text('import logging\nlogging.getLogger(__name__).info("loaded")\n')
    with serve(project) as served:
        served.end()
        assert re.search(r"^\d\d:\d\d:\d\d INFO  \[hello\] loaded$", served.output, re.MULTILINE)
