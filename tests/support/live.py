"""A site whose pages reload themselves, and clients that ask for the events as the script in a page does."""

from __future__ import annotations

import contextlib
import re
import socket
from pathlib import Path

from support.helpers import TEST_TIMEOUT
from support.warm import Served, serve

CODE = """
import os, sys
from pathlib import Path

HERE = Path(__file__).parent
TITLE = "{title}"

def make(global_conf, **settings):
    return application

def application(environ, start_response):
    path = environ["PATH_INFO"]
    name = path.rpartition("/")[2]
    if name == "modules":
        return answer(start_response, "text/plain", "\\n".join(sorted(sys.modules)).encode())
    if name == "pid":
        return answer(start_response, "text/plain", str(os.getpid()).encode())
    if name and name != "frame":
        kind = {{"css": "text/css", "svg": "image/svg+xml", "js": "text/javascript"}}[name.rpartition(".")[2]]
        return answer(start_response, kind, (HERE / name).read_bytes(), ("Cache-Control", "max-age=3600"))
    page = (HERE / "page.html").read_text().replace("TITLE", TITLE).replace("METHOD", environ["REQUEST_METHOD"])
    page = page.partition("<iframe")[0] if name else page
    return answer(start_response, "text/html; charset=utf-8", page.encode())

def answer(start_response, kind, body, *headers):
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [body]
"""
PAGE = '<!doctype html><html lang="en"><title>t</title><h1>TITLE</h1><p>METHOD</p>CONTENT</html>'
INI = """
[DEFAULT]
debug = {debug}

[app:main]
paste.app_factory = live_code:make

[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = 0
threads = 1

[serve]
reload = true
live_reload = true
"""


CURRENT = b"event: current\ndata:\n\n"


class LiveSite:
    """A bare WSGI application with one page, whose title is in the code, in a folder."""

    def __init__(self, folder: Path, content: str = "", *, debug: bool = True) -> None:
        self.folder = folder
        self.save_code("one")
        self.save("page.html", PAGE.replace("CONTENT", content))
        self.save("development.ini", INI.format(debug=str(debug).lower()))

    def save(self, name: str, text: str) -> None:
        """Write a file atomically, as an editor does."""
        draft = self.folder / f".{name}.draft"
        draft.write_text(text)
        draft.replace(self.folder / name)

    def save_code(self, title: str) -> None:
        self.save("live_code.py", CODE.format(title=title))

    def serve(self, *arguments: object) -> Served:
        return serve(self.folder, "--keep-reload", *arguments)


class EventStream:
    """A connection like that of an open page's script."""

    def __init__(self, url: str, page: str = "", site: str | None = "same-origin", host: str | None = None) -> None:
        self.host = url.partition("//")[2]
        self.connection = socket.create_connection(
            (self.host.rpartition(":")[0], int(self.host.rpartition(":")[2])), TEST_TIMEOUT
        )
        fetch = "" if site is None else f"Sec-Fetch-Site: {site}\r\n"
        self.connection.sendall(
            f"GET /__live_reload__/events?page={page} HTTP/1.1\r\nHost: {host or self.host}\r\n{fetch}\r\n".encode()
        )
        self.data = b""

    def read_until(self, end: bytes) -> bytes:
        """Return everything that has arrived once that ends in this way."""
        while not self.data.endswith(end):
            part = self.connection.recv(1 << 16)
            assert part, self.data
            self.data += part
        return self.data

    def opened(self) -> EventStream:
        """Wait for the head of the answer, and for what the page has missed."""
        assert self.read_until(CURRENT).startswith(b"HTTP/1.1 200 "), self.data
        self.data = self.data.partition(b"\r\n\r\n")[2].removesuffix(CURRENT)
        return self

    def next_event(self) -> str:
        """Wait for an event, and return what a page is told."""
        while not (events := re.findall(rb"^data: (.+)\n\n", self.data, re.MULTILINE)):
            part = self.connection.recv(1 << 16)
            assert part, self.data
            self.data += part
        self.data = b""
        return events[-1].decode()

    def is_ended(self) -> bool:
        """Wait until the server closes the connection, and return whether nothing has come before."""
        with contextlib.suppress(ConnectionResetError):
            return self.connection.recv(1 << 16) == b""
        return True

    def close(self) -> None:
        self.connection.close()


def page_of(text: str) -> str:
    """Return what a page's script calls it."""
    return re.findall(r'data-page="([^"]+)"', text)[0]
