"""The tables that readers find, in the docstrings of the protocol and the states, are complete."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gearbox_lite.server.supervisor import worker_state
from gearbox_lite.server.supervisor.reload import Outcome
from gearbox_lite.server.supervisor.reload import __doc__ as reload_page
from gearbox_lite.server.worker import protocol
from gearbox_lite.server.worker.protocol import FROM_SUPERVISOR, FROM_WORKER

DIRECTIONS = {
    "worker to supervisor": (FROM_WORKER,),
    "supervisor to worker": (FROM_SUPERVISOR,),
    "both": (FROM_WORKER, FROM_SUPERVISOR),
}


def test_the_table_lists_each_message_with_its_direction():
    rows = re.findall(r"^\| ``(\w+)`` \| ([\w ]+) \| .+ \|$", protocol.__doc__, re.MULTILINE)
    assert {name for name, _ in rows} == FROM_WORKER.keys() | FROM_SUPERVISOR.keys()
    for name, direction in rows:
        assert [name in kinds for kinds in (FROM_WORKER, FROM_SUPERVISOR)] == [
            kinds in DIRECTIONS[direction] for kinds in (FROM_WORKER, FROM_SUPERVISOR)
        ]


@pytest.mark.parametrize("message", [*FROM_WORKER.values(), *FROM_SUPERVISOR.values()])
def test_each_message_is_a_frozen_dataclass(message):
    assert dataclasses.is_dataclass(message)
    assert message.__dataclass_params__.frozen


def test_the_diagram_shows_each_state():
    assert {state.name for state in worker_state.WorkerState} <= set(re.findall(r"\w+", worker_state.__doc__))


def test_the_table_of_a_reload_shows_each_outcome():
    assert {outcome.name for outcome in Outcome} - {"WAIT"} <= set(re.findall(r"\w+", reload_page))
