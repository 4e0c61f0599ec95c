"""Starting the server: the first load, the error page, and a system without room for a process."""

from __future__ import annotations

import pytest
from support.supervisor.simulation import (
    DRAINING,
    LOAD_FAILED,
    SERVING,
    SERVING_ERROR_PAGE,
    STARTING,
    STARTING_ERROR_PAGE,
    STOPPED,
    STOPPING,
)

from gearbox_lite.errors import UserError
from gearbox_lite.server.worker.protocol import Begin


def test_workers_are_told_to_begin_as_soon_as_all_have_loaded(simulate):
    with simulate(workers=2) as server:
        first, second = server.new_workers()
        assert server.states() == [STARTING, STARTING]
        first.loads()
        server.settle()
        assert first.received() == [Begin()], "at the first start, no previous worker could answer instead"
        second.loads()
        server.settle()
        assert second.received() == [Begin()]
        assert server.states() == [SERVING, SERVING]
        assert server.announced == ["start"]
        assert server.preloaded == ["tg"]


def test_a_first_load_that_fails_ends_the_server_without_reload(simulate):
    with simulate(reload=False) as server:
        (worker,) = server.new_workers()
        worker.fails_to_load("no such module")
        with pytest.raises(UserError, match="no such module"):
            server.settle()


def test_a_first_load_that_fails_is_answered_by_the_error_page_with_reload(simulate):
    with simulate(workers=2) as server:
        first, second = server.new_workers()
        first.fails_to_load()
        server.settle()
        assert first.state is LOAD_FAILED
        second.fails_to_load()
        server.settle()
        assert (first.state, second.state) == (SERVING_ERROR_PAGE, STOPPED)
        assert first.received() == [Begin()]
        assert server.announced == ["failure"]


def test_an_edit_of_a_broken_application_drains_the_error_page_once_the_application_loads(simulate):
    with simulate() as server:
        (page,) = server.new_workers()
        page.fails_to_load()
        server.settle()
        (fixed,) = server.reload()
        assert (page.state, fixed.state) == (SERVING_ERROR_PAGE, STARTING)
        fixed.loads()
        server.settle()
        assert (page.state, fixed.state) == (DRAINING, SERVING)


def test_workers_that_loaded_at_the_first_start_serve_while_the_others_are_retried(simulate):
    with simulate(workers=2) as server:
        good, bad = server.new_workers()
        bad.fails_to_load()
        good.loads()
        server.settle()
        assert (good.state, bad.state) == (SERVING, STOPPED)
        assert server.load_failures == [f"ValueError; {bad.name} failed to load; retrying in 0.2 seconds"]
        server.advance(0.3)
        (retried,) = server.start_serving()
        assert retried.state is SERVING


def test_an_application_that_ends_python_while_it_loads_gets_a_worker_for_the_error_page(simulate):
    with simulate() as server:
        (worker,) = server.new_workers()
        worker.exits(7)
        (page,) = server.new_workers()
        assert (worker.state, page.state) == (STOPPED, STARTING_ERROR_PAGE)
        assert page.plan.failure.message == "test.ini: the application ended Python while it loaded: exit code 7"
        page.loads()
        server.settle()
        assert page.state is SERVING_ERROR_PAGE


def test_an_edit_stops_a_worker_that_was_to_show_the_error_page(simulate):
    with simulate() as server:
        server.new_workers()[0].exits(7)
        (page,) = server.new_workers()
        (fixed,) = server.reload()
        assert (STARTING_ERROR_PAGE, STOPPING) in server.transitions
        page.loads()  # too late
        fixed.loads()
        server.settle()
        assert server.states() == [SERVING]


def test_without_room_for_the_first_process_the_server_ends(simulate):
    server = simulate()
    server.has_room = False
    with pytest.raises(UserError, match="does not allow another process"), server:
        pass


def test_without_room_for_a_process_it_is_reported_once_and_retried(simulate):
    with simulate(workers=2) as server:
        first, second = server.start_serving()
        server.has_room = False
        first.crashes()
        server.advance(2)
        assert [message for message in server.messages if "could not start" in message] == [
            "could not start worker 1 ([Errno 24] Too many open files); retrying"
        ]
        assert second.state is SERVING
        server.has_room = True
        server.advance(10)
        (replacement,) = server.start_serving()
        assert (replacement.state, second.state) == (SERVING, SERVING)
