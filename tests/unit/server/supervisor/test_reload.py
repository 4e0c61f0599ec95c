"""A reload: ready before begin, begin before drain, the hand-over of connections, and loads that fail."""

from __future__ import annotations

from support.supervisor.simulation import DRAINING, READY, SERVING, SERVING_ERROR_PAGE, STARTING, STOPPED, STOPPING

from gearbox_lite.server.supervisor.commands import Command
from gearbox_lite.server.supervisor.reload import MAX_TRIES
from gearbox_lite.server.supervisor.supervisor import LOAD_TIMEOUT, SUPERSEDE_FOR
from gearbox_lite.server.worker.protocol import Begin, Drain, Exit


def test_all_new_workers_are_ready_before_any_begins_and_begin_before_the_previous_ones_drain(simulate):
    with simulate(workers=2) as server:
        previous = server.start_serving()
        first, second = server.reload()
        first.loads()
        server.settle()
        assert (first.state, first.received()) == (READY, [])
        assert [one.state for one in previous] == [SERVING, SERVING]
        second.loads()
        server.settle()
        assert [one.received() for one in (first, second)] == [[Begin()], [Begin()]]
        assert [one.received() for one in previous] == [[Begin(), Drain(hands_over=True)]] * 2
        assert [(name, type(message)) for name, message in server.sent[2:]] == [
            *((first.name, Begin), (second.name, Begin)),
            *((previous[0].name, Drain), (previous[1].name, Drain)),
        ]
        assert server.states() == [DRAINING, DRAINING, SERVING, SERVING]
        assert server.announced == ["start", "reload"]


def test_a_worker_exits_only_after_it_has_handed_over_all_connections(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        (successor,) = server.reload()
        successor.loads()
        server.settle()
        previous.hands_over("client")
        server.settle()
        assert Exit() not in previous.received()
        successor.received()
        assert successor.connections == ["client"]
        previous.finishes_its_requests()
        server.settle()
        assert previous.received()[-1] == Exit()
        previous.exits(0)
        server.settle()
        assert previous.state is STOPPED
        assert server.messages == []


def test_a_connection_goes_to_the_successors_successor_if_that_has_been_reloaded_too(simulate):
    with simulate() as server:
        (first,) = server.start_serving()
        (second,) = server.reload()
        second.loads()
        server.settle()
        (third,) = server.reload()
        third.loads()
        server.settle()
        first.hands_over("client")
        server.settle()
        assert [one.received()[-1] for one in (second, third)] == [Drain(hands_over=True), Begin()]
        assert (second.connections, third.connections) == ([], ["client"])


def test_a_connection_that_is_handed_over_while_no_worker_serves_waits_for_the_next_one(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        (failed,) = server.reload()
        failed.fails_to_load(needs_edit=False)  # so that the previous worker is drained first
        server.settle()
        assert (previous.state, failed.state) == (DRAINING, STOPPED)
        previous.hands_over("client")
        previous.exits(0)
        (successor,) = server.new_workers()
        successor.loads()
        server.settle()
        successor.received()
        assert successor.connections == ["client"]


def test_a_connection_from_a_worker_that_does_not_drain_is_closed(simulate):
    with simulate(workers=2) as server:
        first, second = server.start_serving()
        first.hands_over("client")
        server.settle()
        for one in (first, second):
            one.received()
        assert first.connections == second.connections == []


def test_a_second_edit_during_a_reload_cancels_its_load(simulate):
    with simulate(workers=2) as server:
        previous = server.start_serving()
        first, second = server.reload()
        first.loads()
        server.settle()
        third, fourth = server.reload()
        assert [one.state for one in (first, second)] == [STOPPED, STOPPED]
        assert {(READY, STOPPING), (STARTING, STOPPING), (STOPPING, STOPPED)} <= server.transitions
        for one in (third, fourth):
            one.loads()
        server.settle()
        assert server.serving() == [third, fourth]
        assert {one.state for one in previous} == {DRAINING}
        assert server.announced == ["start", "reload"]


def test_edits_that_go_on_let_a_load_finish_first(simulate):
    with simulate() as server:
        server.start_serving()
        server.advance(SUPERSEDE_FOR)
        (loading,) = server.reload()
        server.advance(SUPERSEDE_FOR)
        assert server.reload() == []
        assert loading.state is STARTING
        loading.loads()
        (last,) = server.new_workers()
        assert (loading.state, last.state) == (SERVING, STARTING)


def test_a_load_that_never_finishes_is_cancelled_for_a_reload_that_waits(simulate):
    with simulate(worker_timeout=0) as server:
        server.start_serving()
        (stuck,) = server.reload()
        server.advance(SUPERSEDE_FOR)
        assert server.reload() == []
        server.advance(LOAD_TIMEOUT - SUPERSEDE_FOR)
        (last,) = server.new_workers()
        assert (stuck.state, last.state) == (STOPPED, STARTING)


def test_sighup_reloads_from_a_new_fork_server_after_the_load_that_runs(simulate):
    with simulate() as server:
        server.start_serving()
        (loading,) = server.reload()
        assert server.reload(Command.RELOAD_WITH_FRESH_IMPORTS) == []
        loading.loads()
        (last,) = server.new_workers()
        assert (loading.state, last.state, server.fork_servers_restarted) == (SERVING, STARTING, 1)


def test_sighup_without_room_for_a_new_fork_server_is_reported_and_retried(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        server.has_room = False
        assert server.reload(Command.RELOAD_WITH_FRESH_IMPORTS) == []
        assert server.messages[0].startswith("could not start a new fork server ([Errno 11]")
        assert previous.state is SERVING
        server.has_room = True
        server.advance(1)
        (new,) = server.start_serving()
        assert (previous.state, new.state) == (DRAINING, SERVING)


def test_a_reload_that_fails_in_one_worker_is_retried_and_then_keeps_the_previous_workers(simulate):
    with simulate(workers=2) as server:
        previous = server.start_serving()
        good, bad = server.reload()
        good.loads()
        for _ in range(MAX_TRIES):
            bad.fails_to_load()
            server.settle()
            bad_one = bad
            server.advance(2)
            (bad,) = server.new_workers() or [None]
        assert [one.state for one in (good, bad_one)] == [STOPPED, STOPPED]
        assert [one.state for one in previous] == [SERVING, SERVING]
        assert server.load_failures[-1].endswith(
            "the reload failed: the previous workers keep serving the previous code"
        )


def test_an_edit_that_cannot_load_shows_the_error_page_and_drains_the_previous_worker(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        (page,) = server.reload()
        page.fails_to_load()
        server.settle()
        assert (previous.state, page.state) == (DRAINING, SERVING_ERROR_PAGE)


def test_what_may_load_once_the_previous_worker_has_exited_is_loaded_again_then(simulate):
    with simulate() as server:
        (previous,) = server.start_serving()
        (failed,) = server.reload()
        failed.fails_to_load("BlockingIOError: the lock is held", needs_edit=False)
        assert server.new_workers() == []
        assert (previous.state, failed.state) == (DRAINING, STOPPED)
        previous.exits(0)
        (again,) = server.start_serving()
        assert again.state is SERVING
        assert server.load_failures == []


def test_more_workers_in_the_ini_are_spawned_and_fewer_drain(simulate):
    with simulate() as server:
        server.start_serving()
        three = server.reload(workers=3)
        assert len(three) == 3
        for one in three:
            one.loads()
        server.settle()
        assert server.serving() == three
        (one,) = server.reload(workers=1)
        one.loads()
        server.settle()
        assert server.serving() == [one]
        assert {worker.state for worker in three} == {DRAINING}


def test_a_worker_that_is_no_longer_wanted_is_not_restarted(simulate):
    """The reload to one worker has failed, so that two keep serving until one of them exits."""
    with simulate(workers=2, reload=False) as server:
        _, second = server.start_serving()
        (failed,) = server.reload(workers=1)
        failed.fails_to_load()
        server.settle()
        second.crashes()
        server.advance(30)
        assert server.new_workers() == []
        assert server.messages == [f"{second.name} exited (SIGKILL)"]
