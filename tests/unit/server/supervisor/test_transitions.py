"""The table of transitions: each is visited by the tests in this folder, and any other one raises."""

from __future__ import annotations

import importlib.util
import inspect
from functools import partial
from pathlib import Path

import pytest
from support.supervisor.simulation import STARTING, STOPPED, Simulation

from gearbox_lite.server.supervisor.worker_state import TRANSITIONS, InvalidTransitionError, WorkerState


def simulations():
    """Yield each test of this folder that takes a simulation, with its parameters, except the random sequences."""
    for path in set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__).with_name("test_sequences.py")}:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, test in vars(module).items():
            if name.startswith("test_") and "simulate" in inspect.signature(test).parameters:
                marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
                yield from (partial(test, **{mark.args[0]: value}) for mark in marks for value in mark.args[1])
                if not marks:
                    yield test


def test_the_tests_of_this_folder_visit_every_transition_that_the_table_allows():
    visited = set()
    for test in simulations():
        test(simulate=partial(Simulation, visited=visited))
    allowed = {(before, after) for before, all_after in TRANSITIONS.items() for after in all_after}
    assert visited == allowed


def test_a_transition_that_the_table_does_not_allow_raises(simulate):
    with simulate() as server:
        (worker,) = server.new_workers()
        for state in set(WorkerState) - TRANSITIONS[STARTING]:
            with pytest.raises(InvalidTransitionError, match=rf"worker 1 \(process 100\): STARTING to {state.name}"):
                worker.handle.move_to(state)
        assert worker.state is STARTING


def test_the_table_has_every_state_and_leads_every_worker_to_stopped():
    assert TRANSITIONS.keys() == set(WorkerState)
    assert all(STOPPED in after for before, after in TRANSITIONS.items() if before is not STOPPED)
    assert TRANSITIONS[STOPPED] == frozenset()
