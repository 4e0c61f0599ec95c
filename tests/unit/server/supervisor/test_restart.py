"""Workers that crash or are killed: restart with backoff, the error page, SIGTERM to a worker."""

from __future__ import annotations

import signal

import pytest
from support.supervisor.simulation import DRAINING, SERVING, SERVING_ERROR_PAGE, STARTING, STARTING_ERROR_PAGE, STOPPED

from gearbox_lite.server.worker.protocol import Drain


def test_a_worker_that_crashes_is_restarted_at_once_and_the_second_time_with_backoff(simulate):
    with simulate(workers=2) as server:
        first, other = server.start_serving()
        first.crashes(signal.SIGSEGV)
        (second,) = server.start_serving()
        assert server.messages == [f"{first.name} exited (SIGSEGV); restarting"]
        second.exits(7)
        assert server.new_workers() == []
        assert server.messages[1:] == [f"{second.name} exited (exit code 7); restarting in 0.2 seconds"]
        server.advance(0.2)
        (third,) = server.start_serving()
        assert server.serving() == [other, third]
        assert first.name == "worker 1 (process 100)"


def test_an_edit_resets_the_backoff(simulate):
    with simulate() as server:
        for _ in range(3):
            (worker,) = server.start_serving()
            worker.crashes()
            server.advance(0.5)
        assert server.messages[-1].endswith("restarting in 0.4 seconds")
        *_, worker = server.reload()
        worker.loads()
        server.settle()
        worker.crashes()
        server.settle()
        assert server.messages[-1].endswith("restarting")


def test_a_worker_that_is_killed_while_it_starts_is_restarted(simulate):
    with simulate(workers=2) as server:
        first, second = server.new_workers()
        first.crashes()
        (again,) = server.new_workers()
        for one in (second, again):
            one.loads()
        server.settle()
        assert server.serving() == [second, again]
        assert server.messages == [f"{first.name} exited (SIGKILL); restarting"]


@pytest.mark.parametrize("has_loaded", [True, False])
def test_a_worker_that_is_killed_after_its_report_and_before_the_others_is_restarted(simulate, has_loaded):
    with simulate(workers=2) as server:
        previous = server.start_serving()
        first, second = server.reload()
        first.loads() if has_loaded else first.fails_to_load()
        server.settle()
        first.crashes()
        (again,) = server.new_workers()
        for one in (second, again):
            one.loads()
        server.settle()
        assert server.serving() == [second, again]
        assert {one.state for one in previous} == {DRAINING}


def test_a_worker_that_crashes_while_it_drains_is_not_replaced(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        (new,) = server.reload()
        new.loads()
        server.settle()
        previous.crashes()
        server.advance(10)
        assert server.new_workers() == []
        assert (previous.state, new.state, server.messages) == (STOPPED, SERVING, [])


def test_a_previous_worker_that_crashes_during_a_reload_is_replaced_by_the_reload(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        (new,) = server.reload()
        previous.crashes()
        assert server.new_workers() == []
        assert server.messages == [f"{previous.name} exited (SIGKILL); a reload is replacing it"]
        new.loads()
        server.settle()
        assert new.state is SERVING


def test_a_replacement_after_a_failed_reload_does_not_serve_new_code_beside_old(simulate):
    with simulate(workers=2, reload=False) as server:
        first, second = server.start_serving()
        for one in server.reload():
            one.fails_to_load()
        server.settle()
        first.crashes()
        replacements = server.new_workers()
        assert len(replacements) == 2, "a whole reload"
        for one in replacements:
            one.loads()
        server.settle()
        assert server.serving() == replacements
        assert second.state is DRAINING


def test_the_reload_for_a_replacement_is_retried_with_backoff_as_long_as_it_fails(simulate):
    with simulate(workers=2, reload=False, worker_timeout=0) as server:
        first, second = server.start_serving()
        for one in server.reload():
            one.fails_to_load()
        server.settle()
        first.crashes()
        waited = []
        for _ in range(4):
            before = server.now
            while not (new := server.new_workers()):
                server.advance(0.1)
            waited.append(round(server.now - before, 1))
            for one in new:
                one.fails_to_load()
        assert waited == [0, 0.2, 0.4, 0.8]
        assert second.state is SERVING


def test_a_reload_is_retried_if_no_worker_is_left_and_none_can_show_the_error_page(simulate):
    with simulate(reload=False) as server:
        (previous,) = server.start_serving()
        (new,) = server.reload()
        previous.crashes()
        server.settle()
        new.fails_to_load("no threads left", can_serve=False)
        server.advance(0.2)
        (again,) = server.start_serving()
        assert (new.state, again.state) == (STOPPED, SERVING)
        assert server.load_failures == ["no threads left; the reload failed: no worker is left; retrying"]


def test_a_replacement_that_does_not_load_is_retried_while_the_others_serve(simulate):
    with simulate(workers=2) as server:
        first, second = server.start_serving()
        first.crashes()
        (replacement,) = server.new_workers()
        replacement.fails_to_load()
        server.advance(0.3)
        (again,) = server.start_serving()
        assert (replacement.state, server.serving()) == (STOPPED, [second, again])


def test_the_application_is_loaded_again_when_the_error_page_crashes(simulate):
    with simulate(workers=2) as server:
        page, _ = server.new_workers()
        for one in server.spawned:
            one.fails_to_load()
        server.settle()
        page.crashes()
        assert len(server.start_serving()) == 2
        assert server.states() == [SERVING, SERVING]


def test_a_worker_for_the_error_page_that_crashes_before_it_is_ready_is_restarted_while_others_serve(simulate):
    with simulate(workers=2) as server:
        previous = server.start_serving()
        first, second = server.reload()
        first.exits(7)
        server.settle()
        second.fails_to_load("SyntaxError", needs_edit=True)
        (page,) = server.new_workers()
        assert page.state is STARTING_ERROR_PAGE
        assert server.serving() == previous
        page.crashes()
        (again,) = server.new_workers()
        assert (page.state, again.state) == (STOPPED, STARTING_ERROR_PAGE)
        again.loads()
        server.settle()
        assert again.state is SERVING_ERROR_PAGE
        assert {one.state for one in previous} == {DRAINING}


def test_the_application_is_loaded_again_when_the_error_page_crashes_before_it_is_ready(simulate):
    with simulate() as server:
        server.new_workers()[0].exits(7)
        (page,) = server.new_workers()
        page.crashes()
        (again,) = server.start_serving()
        assert (page.state, again.state) == (STOPPED, SERVING)


def test_a_worker_for_the_error_page_is_stopped_if_the_application_loads_before_it_is_ready(simulate):
    with simulate(reload=False) as server:
        (previous,) = server.start_serving()
        (new,) = server.reload()
        previous.crashes()
        server.settle()
        new.exits(7)
        (page,) = server.new_workers()
        assert page.state is STARTING_ERROR_PAGE
        server.advance(0.2)
        (again,) = server.start_serving()
        page.loads()
        server.settle()
        assert (page.state, again.state) == (STOPPED, SERVING)


def test_sigterm_to_a_worker_starts_another_one_before_it_has_finished(simulate):
    with simulate() as server:
        (first,) = server.start_serving()
        first.receives_sigterm()
        (second,) = server.new_workers()
        assert (first.state, second.state) == (DRAINING, STARTING)
        assert first.received()[-1] == Drain(hands_over=False)
        assert server.messages == [f"{first.name} received SIGTERM; starting another one"]
        second.loads()
        first.finishes_its_requests()
        server.settle()
        first.exits(0)
        server.settle()
        assert server.states() == [SERVING]


def test_sigterm_to_a_worker_while_others_of_the_same_start_still_load_replaces_it(simulate):
    with simulate(workers=2) as server:
        first, second = server.new_workers()
        first.loads()
        server.settle()
        first.receives_sigterm()
        (replacement,) = server.new_workers()
        for one in (second, replacement):
            one.loads()
        server.settle()
        assert server.serving() == [second, replacement]


def test_sigterm_to_a_worker_that_loads_restarts_it(simulate):
    with simulate() as server:
        (first,) = server.new_workers()
        first.receives_sigterm()
        (second,) = server.start_serving()
        assert (first.state, second.state) == (STOPPED, SERVING)
