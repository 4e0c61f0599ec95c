"""After any sequence of edits, crashes and signals, all wanted workers serve once the application loads again.

The suite runs 200 sequences, each from its own seed. GEARBOX_LITE_SEQUENCES=10000 runs that many.
"""

from __future__ import annotations

import os
import random

import pytest
from support.supervisor.simulation import (
    DRAINING,
    OTHER_SERVER,
    SERVING,
    SERVING_ERROR_PAGE,
    STARTING,
    STARTING_ERROR_PAGE,
)

from gearbox_lite.errors import UserError
from gearbox_lite.server.supervisor.commands import Command

SEQUENCES = max(200, int(os.environ.get("GEARBOX_LITE_SEQUENCES", "0")))
PER_TEST = 20


@pytest.mark.parametrize("factory", ["egg:waitress", OTHER_SERVER])
@pytest.mark.parametrize("first", range(0, SEQUENCES, PER_TEST))
def test_no_sequence_of_events_leaves_the_server_without_its_workers(simulate, first, factory):
    for seed in range(first, first + PER_TEST):
        chance = random.Random(seed)
        reload = chance.random() < 0.6
        server = simulate(factory=factory, reload=reload, workers=chance.randint(1, 3), worker_timeout=0)
        try:
            with server:
                for _ in range(chance.randint(3, 40)):
                    something_happens(chance, server)
                # Without reload, waitress' workers are retried until they load; otherwise only an edit helps.
                needs_edit = reload or factory == OTHER_SERVER
                assert recovers(server, needs_edit=needs_edit), f"seed {seed}: {server.states()} {server.messages}"
        except UserError:
            if server.announced:  # only the first start may fail
                raise


def something_happens(chance, server):
    kind = chance.choices(
        ["edit", "SIGHUP", "workers", "room", "fork server", "time", "worker"], [12, 3, 5, 3, 7, 10, 60]
    )
    if kind == ["edit"]:
        server.supervisor.send_command(Command.RELOAD)
    elif kind == ["SIGHUP"]:
        server.supervisor.send_command(Command.RELOAD_WITH_FRESH_IMPORTS)
    elif kind == ["workers"]:
        server.edit(workers=chance.randint(1, 3))
        server.supervisor.send_command(Command.RELOAD)
    elif kind == ["room"]:
        server.has_room = not server.has_room
    elif kind == ["fork server"]:
        the_fork_server_acts(chance, server)
    elif kind == ["time"]:
        server.advance(chance.choice([0.1, 0.5, 3, 10, 40]))
    elif running := [one for one in server.spawned if one.is_running]:
        a_worker_acts(chance, chance.choice(running))
    if chance.random() < 0.7:  # otherwise the next event occurs in the same turn of the supervisor's loop
        server.settle()


def the_fork_server_acts(chance, server):
    """Stop or continue starting processes; start those that have been requested, or be killed."""
    server.starts_processes = chance.random() < 0.6
    is_killed = chance.random() < 0.3
    for one in server.spawned:
        if one.process.is_unstarted:
            one.process.exit(255, never_started=True) if is_killed else one.process.start()
    server.is_fork_server_running = not is_killed


def a_worker_acts(chance, one):
    one.received()
    actions = [one.crashes, lambda: one.exits(7), one.receives_sigterm]
    if one.state in (STARTING, STARTING_ERROR_PAGE):
        actions += [one.loads] * 4
    if one.state is STARTING:
        needs_edit, can_serve = chance.random() < 0.5, chance.random() < 0.9
        actions += [lambda: one.fails_to_load(needs_edit=needs_edit, can_serve=can_serve)] * 2
    if one.state in (SERVING, SERVING_ERROR_PAGE):
        actions += [lambda: one.hands_over("client")]
    if one.state is DRAINING:
        actions = [lambda: one.hands_over("client"), one.finishes_its_requests, one.exits, one.crashes]
    chance.choice(actions)()


def recovers(server, *, needs_edit):
    """Let everything succeed from now on, and return whether all wanted workers serve in the end."""
    server.has_room = server.starts_processes = True
    for one in server.spawned:
        if one.process.is_unstarted:
            one.process.start()
    server.settle()
    if needs_edit:
        server.supervisor.send_command(Command.RELOAD)
    reported = set()
    for _ in range(120):
        for one in server.spawned:
            if one.is_running and one.state in (STARTING, STARTING_ERROR_PAGE) and one not in reported:
                reported.add(one)
                one.loads()
            elif one.is_running and one.state is DRAINING:
                one.exits()
        server.settle()
        if server.states() == [SERVING] * server.wanted_workers:
            return True
        server.advance(1)
    # A reload that has failed keeps the previous workers, which may be fewer than are wanted now.
    return not needs_edit and len(server.serving()) > 0 and server.load_failures != []
