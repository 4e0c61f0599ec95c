"""The supervisor's connections to open pages: what they are told, and when they are closed."""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import ExitStack, closing
from multiprocessing.connection import wait

import pytest

from gearbox_lite.server.live_reload import open_pages
from gearbox_lite.server.live_reload.file_events import PageEvent
from gearbox_lite.server.live_reload.open_pages import OpenPages


class Tab:
    """A browser's tab with a page that was made now."""

    def __init__(self, pages, version, page=None):
        self.page = f"{version}~{time.monotonic_ns()}" if page is None else page
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(5)
        pages.add(theirs.detach(), self.page)

    def received(self):
        """Return what has arrived so far: the head of the answer, and the events."""
        self.connection.setblocking(False)
        data = b""
        try:
            while part := self.connection.recv(1 << 16):
                data += part
        except BlockingIOError:
            pass
        head, _, events = data.rpartition(b"\r\n\r\n")
        return head, re.findall(rb"^data: (.+)$", events, re.MULTILINE)

    def events(self):
        return self.received()[1]

    def close(self):
        self.connection.close()

    def is_closed(self):
        self.connection.setblocking(True)
        return self.connection.recv(1 << 16) == b""


@pytest.fixture
def open_tab():
    """Open tabs, which are closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(closing(Tab(*arguments)))


@pytest.fixture
def pages():
    with closing(OpenPages()) as opened:
        opened.show(opened.new_version())
        yield opened


def shown(pages):
    return pages._shown


def test_a_page_of_the_present_version_is_answered_and_told_nothing(pages, open_tab):
    head, events = open_tab(pages, shown(pages)).received()
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
    assert b"access-control" not in head.lower()
    assert events == []


def test_each_page_is_told_when_it_has_been_told_what_it_has_missed(pages, open_tab):
    """The script then leaves the connection to another tab, which tells it what happens."""
    for tab in (open_tab(pages, shown(pages)), open_tab(pages, "v-0")):
        assert tab.connection.recv(1 << 16).endswith(b"\nevent: current\ndata:\n\n")


def test_all_pages_load_again_when_another_version_is_served(pages, open_tab):
    tabs = [open_tab(pages, shown(pages)) for _ in range(3)]
    assert [tab.events() for tab in tabs] == [[]] * 3
    pages.show(shown(pages))
    assert [tab.events() for tab in tabs] == [[]] * 3
    pages.show(pages.new_version())
    assert [tab.events() for tab in tabs] == [[b"reload"]] * 3


@pytest.mark.parametrize("event", PageEvent)
def test_a_changed_file_is_told_to_open_pages_and_to_those_made_before(pages, event, open_tab):
    tab, late = open_tab(pages, shown(pages)), f"{shown(pages)}~{time.monotonic_ns()}"
    tab.received()
    pages.tell(event)
    assert tab.events() == [event.value.encode()]
    assert open_tab(pages, "", late).events() == [event.value.encode()]
    assert open_tab(pages, shown(pages)).events() == []


def test_a_page_that_has_missed_several_changes_is_told_what_includes_them_all(pages, open_tab):
    page = f"{shown(pages)}~{time.monotonic_ns()}"
    pages.tell(PageEvent.REPLACE_STYLES)
    pages.tell(PageEvent.RELOAD)
    assert open_tab(pages, "", page).events() == [b"reload"]
    pages.tell(PageEvent.REFETCH)
    assert open_tab(pages, "", page).events() == [b"refetch"]


def test_a_page_whose_styles_were_replaced_is_not_told_again(pages, open_tab):
    tab = open_tab(pages, shown(pages))
    tab.received()
    pages.tell(PageEvent.REPLACE_STYLES)
    (known,) = re.findall(rb"^id: (.+)$", tab.connection.recv(1 << 16), re.MULTILINE)
    assert open_tab(pages, "", known.decode()).events() == []


def test_a_page_of_an_earlier_server_or_of_a_previous_worker_loads_again(pages, open_tab):
    with closing(OpenPages()) as earlier:
        assert open_tab(pages, earlier.new_version()).events() == [b"reload"]
    previous = shown(pages)
    pages.show(pages.new_version())
    assert open_tab(pages, previous).events() == [b"reload"]


@pytest.mark.parametrize("page", ["", "no version", "~", "~5", "v1~", "v1~x", "v1~\N{SUPERSCRIPT TWO}"])
def test_what_is_no_page_is_never_told_to_load_again_at_once(pages, page, open_tab):
    """Otherwise a copy from a cache would load itself for ever."""
    tab = open_tab(pages, "", page)
    assert tab.events() == []
    pages.show(pages.new_version())
    assert tab.events() == [b"reload"]


def test_a_closed_tab_wakes_the_supervisor_and_is_dropped(pages, open_tab):
    tab, other = open_tab(pages, shown(pages)), open_tab(pages, shown(pages))
    assert wait([pages], 0) == []
    tab.connection.close()
    assert wait([pages], 5) == [pages]
    pages.drop_closed()
    assert len(pages) == 1
    assert wait([pages], 0) == []
    other.connection.send(b"GET / HTTP/1.1\r\n\r\n")  # which no browser does
    assert wait([pages], 5) == [pages]
    pages.drop_closed()
    assert wait([pages], 0) == []
    assert len(pages) == 1


def test_a_tab_that_reads_nothing_is_dropped_and_holds_up_no_other(pages, open_tab):
    stopped, tab = open_tab(pages, shown(pages)), open_tab(pages, shown(pages))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20_000):
        pages.tell(PageEvent.RELOAD)
        if len(pages) == 1:
            break
        tab.events()
    assert len(pages) == 1
    assert len(os.listdir("/proc/self/fd")) == before - 1
    tab.events()
    pages.tell(PageEvent.RELOAD)
    assert tab.events() == [b"reload"]
    stopped.connection.close()


def test_pages_never_use_up_the_descriptors_that_workers_need(monkeypatch, open_tab):
    monkeypatch.setattr(open_pages, "_affordable_pages", lambda: 2)
    with closing(OpenPages()) as pages:
        tabs = [open_tab(pages, "v") for _ in range(3)]
        assert len(pages) == 2
        assert tabs[2].is_closed()


def test_all_connections_are_closed_when_the_server_stops(open_tab):
    pages = OpenPages()
    tab = open_tab(pages, "v")
    tab.received()
    pages.close()
    assert tab.is_closed()
