from __future__ import annotations

import pytest
from support.supervisor.simulation import Simulation


@pytest.fixture
def simulate():
    return Simulation
