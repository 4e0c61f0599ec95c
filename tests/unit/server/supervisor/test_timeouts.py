"""Workers and fork servers that do not answer, and messages that are not valid."""

from __future__ import annotations

import os
import signal

from support.supervisor.simulation import DRAINING, SERVING, START_TIMEOUT, STOPPED, STOPPING

from gearbox_lite.server.supervisor.worker_handle import PARTIAL_MESSAGE_TIMEOUT
from gearbox_lite.server.supervisor.workers import KILL_AFTER
from gearbox_lite.server.worker.protocol import Begin, Heartbeat, ServerFailed


# Timeouts.
def test_a_worker_that_sends_no_heartbeat_is_killed_and_restarted(simulate):
    with simulate(workers=2, worker_timeout=8) as server:
        first, second = server.start_serving()
        for _ in range(4):
            server.advance(2)
            second.sends(Heartbeat())
        server.settle()
        assert first.process.is_killed
        assert server.messages == [
            f"{first.name} exited (it has not answered for 8 seconds (worker_timeout)); restarting"
        ]
        (again,) = server.start_serving()
        assert server.serving() == [second, again]


def test_workers_keep_their_whole_timeout_if_the_supervisor_itself_was_stopped(simulate):
    with simulate(worker_timeout=8) as server:
        (worker,) = server.start_serving()
        server.has_taken_long = True  # Ctrl-Z, and fg an hour later
        server.advance(3600)
        worker.sends(Heartbeat())
        server.advance(7)
        assert worker.state is SERVING


def test_a_worker_that_does_not_drain_in_time_is_killed(simulate):
    with simulate(drain_timeout=5) as server:
        (previous,) = server.start_serving()
        (new,) = server.reload()
        new.loads()
        server.settle()
        server.advance(5 + KILL_AFTER - 0.1)
        assert previous.state is DRAINING
        server.advance(0.1)
        assert (previous.state, previous.process.exitcode) == (STOPPED, -signal.SIGKILL)
        assert (DRAINING, STOPPING) in server.transitions


def test_a_worker_that_sends_half_a_message_or_none_of_ours_is_killed_and_restarted(simulate):
    with simulate(workers=2) as server:
        first, second = server.start_serving()
        os.write(first.channel.socket.fileno(), b"\0\0")
        os.write(second.channel.socket.fileno(), b"\0\0\0\2{}")
        server.settle()
        server.advance(PARTIAL_MESSAGE_TIMEOUT)
        reasons = [message.partition("exited ")[2] for message in server.messages]
        assert reasons[0].startswith("(it sent an invalid message:")
        assert reasons[1] == "(it sent half a message); restarting"
        server.start_serving()
        assert server.states() == [SERVING, SERVING]


def test_a_worker_that_reports_twice_is_not_activated_twice(simulate):
    with simulate() as server:
        (worker,) = server.start_serving()
        worker.loads()
        server.settle()
        assert worker.received() == [Begin()]


def test_a_server_that_fails_is_restarted_with_its_reason(simulate):
    with simulate() as server:
        (worker,) = server.start_serving()
        worker.sends(ServerFailed("no descriptors left"))
        worker.exits(1)
        server.settle()
        assert server.messages == [f"{worker.name} exited (no descriptors left); restarting"]


# The fork server.
def test_a_fork_server_that_is_killed_is_replaced_and_its_unstarted_workers_restarted(simulate):
    with simulate() as server:
        (running,) = server.start_serving()
        server.starts_processes = False
        (unstarted,) = server.reload()
        server.is_fork_server_running = False
        server.starts_processes = True
        unstarted.process.exit(255, never_started=True)
        (again,) = server.new_workers()
        assert server.messages == ["worker 1 (process None) exited (the fork server has exited); restarting"]
        assert (running.state, server.fork_servers_replaced) == (SERVING, 1)
        again.loads()
        server.settle()
        assert again.state is SERVING


def test_a_fork_server_that_does_not_answer_is_replaced(simulate):
    with simulate(starts_processes=False) as server:
        server.new_workers()
        server.starts_processes = True
        server.advance(START_TIMEOUT)
        assert server.fork_servers_replaced == 1
        (again,) = server.start_serving()
        assert again.state is SERVING


def test_a_fork_server_that_does_not_even_start_a_worker_that_is_no_longer_needed_is_replaced(simulate):
    with simulate(starts_processes=False) as server:
        (unstarted,) = server.new_workers()
        server.starts_processes = True
        server.reload()
        server.start_serving()
        server.advance(START_TIMEOUT - 30)
        server.spawned[-1].sends(Heartbeat())
        server.advance(30)
        assert (unstarted.state, server.fork_servers_replaced) == (STOPPED, 1)


def test_a_worker_that_is_stopped_before_it_has_started_does_not_hold_up_a_reload(simulate):
    with simulate(starts_processes=False) as server:
        (unstarted,) = server.new_workers()
        server.starts_processes = True
        (new,) = server.reload()
        assert unstarted.state is STOPPING
        new.loads()
        server.settle()
        assert new.state is SERVING
        unstarted.process.start()
        server.settle()
        assert unstarted.state is STOPPED
