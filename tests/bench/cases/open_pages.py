"""What 500 open pages cost that wait for changes: memory and processor time, idle and during a reload."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Callable
from functools import partial

from client import get
from figures import OURS, Bench, Figure
from live_sites import DJANGO, LiveSite, django, ours
from processes import ANSWER_TIMEOUT, Server, running

TITLE = "500 open pages that wait for changes"
PAGES = 500
SECONDS = 10


def measure(bench: Bench) -> list[Figure]:
    makers = {OURS: (ours, our_stream), DJANGO: (django, djangos_stream)}
    figures = []
    sites = bench.try_each({name: partial(make, bench.folder / "live") for name, (make, _) in makers.items()})
    for name, site in sites.items():
        bench.progress(name)
        with running({name: site.server}), contextlib.ExitStack() as stack:
            figures += [Figure(what, name, unit, [value]) for what, unit, value in cost(site, makers[name][1], stack)]
    return figures


Opener = Callable[[LiveSite], socket.socket]


def cost(site: LiveSite, open_stream: Opener, stack: contextlib.ExitStack) -> list[tuple[str, str, float]]:
    """Return what is measured, its unit, and the figure, in this order of events."""
    server = site.server
    server.settle()  # else Django may not have begun to watch, and miss the first save
    reload(site, "warm", [], open_stream)
    server.settle()
    found = [("memory without open pages", "MiB", server.memory())]
    spent = milliseconds(server)
    reload(site, "alone", [], open_stream)
    server.settle()
    found.append(("processor time of a reload without open pages", "ms", milliseconds(server) - spent))
    streams = [stack.enter_context(open_stream(site)) for _ in range(PAGES)]
    server.settle()
    found.append((f"memory with {PAGES} open pages", "MiB", server.memory()))
    spent = milliseconds(server)
    time.sleep(SECONDS)
    idle = (milliseconds(server) - spent) / SECONDS
    found.append((f"processor time a second, {PAGES} open pages", "ms", idle))
    spent, started = milliseconds(server), time.perf_counter()
    for stream in reload(site, "all", streams, open_stream):
        stack.enter_context(stream)
    seconds = time.perf_counter() - started
    server.settle()
    reloaded = milliseconds(server) - spent
    found.append((f"processor time of a reload, and {PAGES} pages that ask again", "ms", reloaded))
    found.append((f"from the save until all {PAGES} have been answered", "ms", seconds * 1000))
    return found


def reload(site: LiveSite, version: str, streams: list[socket.socket], open_stream: Opener) -> list[socket.socket]:
    """Save the code, wait until each stream tells of it or ends, and open as many new ones, as their pages would."""
    site.save("code", version)
    for stream in streams:
        with contextlib.suppress(ConnectionResetError):
            stream.recv(1 << 16)
        stream.close()
    deadline = time.perf_counter() + ANSWER_TIMEOUT
    while time.perf_counter() < deadline:
        with contextlib.suppress(OSError):
            if get(site.server.port, "/version").body == version:
                return [open_stream(site) for _ in streams]
        time.sleep(0.01)
    raise AssertionError(f"version {version} does not come: {site.server.log()}")


def milliseconds(server: Server) -> float:
    """Return the processor time that all the server's processes have used."""
    return server.processor_time() * 1000


def our_stream(site: LiveSite) -> socket.socket:
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=ANSWER_TIMEOUT)
    connection.request("GET", site.path, headers={"Sec-Fetch-Dest": "document"})
    page = re.search(r'data-page="([^"]+)"', connection.getresponse().read().decode())
    connection.close()
    return stream(site, f"/__live_reload__/events?page={page[1]}")


def djangos_stream(site: LiveSite) -> socket.socket:
    return stream(site, "/__reload__/events/")


def stream(site: LiveSite, address: str) -> socket.socket:
    """Ask for a page's events, and return the connection once the head of the answer has come."""
    connection = socket.create_connection(("127.0.0.1", site.server.port), ANSWER_TIMEOUT)
    host = f"127.0.0.1:{site.server.port}"
    connection.sendall(f"GET {address} HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(1 << 16)
        assert part, data
        data += part
    assert b" 200 " in data.partition(b"\r\n")[0], data
    return connection
