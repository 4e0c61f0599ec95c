from __future__ import annotations

import pytest
from support.simulation import Simulation


@pytest.fixture
def simulate():
    return Simulation
