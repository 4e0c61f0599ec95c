"""Graceful shutdown, and servers that bind their own socket."""

from __future__ import annotations

from support.supervisor.simulation import (
    DRAINING,
    OTHER_SERVER,
    SERVING,
    SERVING_ERROR_PAGE,
    STOPPED,
    STOPPING,
    WAITING,
)

from gearbox_lite.server.worker.protocol import Begin, Drain


# Shutting down.
def test_a_shutdown_drains_what_serves_and_stops_what_loads(simulate):
    with simulate() as server:
        (serving,) = server.start_serving()
        (loading,) = server.reload()
        server.shut_down()
        assert server.are_listeners_closed
        assert (serving.state, loading.state) == (DRAINING, STOPPED)
        assert serving.received()[-1] == Drain(hands_over=False)
        serving.finishes_its_requests()
        server.settle()
        assert not server.is_finished
        serving.exits(0)
        server.settle()
        assert server.is_finished
        assert server.messages == []


def test_a_reload_after_a_shutdown_has_begun_is_ignored(simulate):
    with simulate() as server:
        server.start_serving()
        server.shut_down()
        assert server.reload() == []


def test_a_shutdown_does_not_wait_for_a_process_that_has_not_started(simulate):
    with simulate(starts_processes=False) as server:
        (unstarted,) = server.new_workers()
        server.shut_down()
        assert server.is_finished
        assert unstarted.state is STOPPING


# Servers that bind their own socket.
def test_another_server_begins_once_the_previous_one_has_released_the_address(simulate):
    with simulate(factory=OTHER_SERVER) as server:
        (previous,) = server.start_serving()
        assert previous.state is SERVING
        (new,) = server.reload()
        new.loads()
        server.settle()
        assert (previous.state, new.state, new.received()) == (DRAINING, WAITING, [])
        previous.exits(0)
        server.settle()
        assert (new.state, new.received()) == (SERVING, [Begin()])


def test_another_server_that_waits_for_the_address_is_stopped_by_a_shutdown_or_another_reload(simulate):
    with simulate(factory=OTHER_SERVER) as server:
        (previous,) = server.start_serving()
        (waiting,) = server.reload()
        waiting.loads()
        server.settle()
        (last,) = server.reload()
        last.loads()
        server.settle()
        assert (previous.state, waiting.state, last.state) == (DRAINING, STOPPED, WAITING)
        server.shut_down()
        assert last.state is STOPPED


def test_another_server_that_is_killed_while_it_waits_is_reported(simulate):
    with simulate(factory=OTHER_SERVER) as server:
        server.start_serving()
        (waiting,) = server.reload()
        waiting.loads()
        server.settle()
        waiting.crashes()
        server.settle()
        assert server.messages == [f"{waiting.name} exited (SIGKILL); it is restarted at the next change"]


def test_the_error_page_of_another_server_waits_for_the_address_too(simulate):
    with simulate(factory=OTHER_SERVER) as server:
        (previous,) = server.start_serving()
        (page,) = server.reload()
        page.fails_to_load()
        server.settle()
        assert (previous.state, page.state) == (DRAINING, WAITING)
        previous.exits(0)
        server.settle()
        assert page.state is SERVING_ERROR_PAGE
        page.crashes()
        server.new_workers()[0].exits(7)
        (second_page,) = server.start_serving()
        assert second_page.state is SERVING_ERROR_PAGE
