"""Live reload in the supervisor: when open pages are told to load again, whatever happens to the workers."""

from __future__ import annotations

import re
import socket
import time

import pytest
from support.supervisor.simulation import Simulation

from gearbox_lite.server.live_reload.file_events import PageEvent
from gearbox_lite.server.supervisor.page_updates import DRAIN_WAIT
from gearbox_lite.server.worker.protocol import EventStream


class OpenPage:
    """A tab whose page a worker has made."""

    def __init__(self, server, worker, version=None):
        self.connection, theirs = socket.socketpair()
        self.connection.setblocking(False)
        page = f"{worker.handle.page_version if version is None else version}~{time.monotonic_ns()}"
        with theirs:
            worker.sends(EventStream(page), theirs.fileno())
        server.settle()

    def events(self):
        try:
            data = self.connection.recv(1 << 16)
        except BlockingIOError:
            return []
        return [event.decode() for event in re.findall(rb"^data: (.+)$", data, re.MULTILINE)] if data else ["closed"]


@pytest.fixture
def simulate():
    return Simulation


@pytest.fixture
def open_page():
    opened = []

    def open_one(*arguments):
        opened.append(OpenPage(*arguments))
        return opened[-1]

    yield open_one
    for page in opened:
        page.connection.close()


def test_pages_load_again_once_the_new_workers_serve_and_not_before(simulate, open_page):
    with simulate(live=True, workers=2) as server:
        first, second = server.start_serving()
        page = open_page(server, first)
        assert page.events() == []
        third, fourth = server.reload()
        third.loads()
        server.settle()
        assert page.events() == []
        fourth.loads()
        server.settle()
        assert page.events() == [], "a previous worker may still accept its next request"
        first.finishes_its_requests()
        second.finishes_its_requests()
        server.settle()
        assert page.events() == ["reload"]
        assert open_page(server, fourth).events() == []
        assert open_page(server, first).events() == ["reload"], "a draining worker made this page"


def test_pages_do_not_wait_for_the_slow_requests_of_previous_workers(simulate, open_page):
    with simulate(live=True, workers=1) as server:
        (first,) = server.start_serving()
        page = open_page(server, first)
        server.reload()[0].loads()
        server.settle()
        assert page.events() == []
        server.advance(DRAIN_WAIT)
        assert page.events() == ["reload"]


def test_pages_show_an_error_each_save_after_it_and_its_end(simulate, open_page):
    with simulate(live=True, workers=1) as server:
        (worker,) = server.start_serving()
        page = open_page(server, worker)
        for _ in range(2):
            (worker,) = server.reload()
            worker.fails_to_load()
            server.advance(DRAIN_WAIT)
            assert page.events() == ["reload"]
            assert open_page(server, worker).events() == []
        (worker,) = server.reload()
        worker.loads()
        server.advance(DRAIN_WAIT)
        assert page.events() == ["reload"]


def test_pages_stay_when_a_worker_is_only_restarted(simulate, open_page):
    with simulate(live=True, workers=2) as server:
        first, second = server.start_serving()
        page = open_page(server, second)
        first.crashes()
        server.advance(10)
        (again,) = server.start_serving()
        assert page.events() == []
        assert open_page(server, again).events() == []


def test_pages_stay_when_a_reload_keeps_the_previous_workers(simulate, open_page):
    with simulate(live=True, workers=1) as server:
        (worker,) = server.start_serving()
        page = open_page(server, worker)
        (failing,) = server.reload()
        failing.fails_to_load(can_serve=False)
        server.settle()
        assert page.events() == []


def test_files_of_pages_are_told_without_a_reload(simulate, open_page):
    with simulate(live=True, workers=1) as server:
        (worker,) = server.start_serving()
        page = open_page(server, worker)
        for event in PageEvent:
            server.supervisor.send_command(event)
            server.settle()
            assert page.events() == [event.value]
        assert server.new_workers() == []


def test_pages_are_closed_at_the_shutdown_and_later_ones_at_once(simulate, open_page):
    with simulate(live=True, workers=1) as server:
        (worker,) = server.start_serving()
        page = open_page(server, worker)
        page.events()
        server.shut_down()
        assert page.events() == ["closed"]
        assert open_page(server, worker).events() == ["closed"]


def test_without_live_reload_a_worker_that_sends_a_stream_gains_nothing(simulate, open_page):
    with simulate(workers=1) as server:
        (worker,) = server.start_serving()
        assert open_page(server, worker).events() == ["closed"]
        server.supervisor.send_command(PageEvent.RELOAD)
        server.settle()
        assert server.new_workers() == []
