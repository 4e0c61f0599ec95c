from __future__ import annotations

import fcntl
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import new_project, unavailable


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A freshly quickstarted project named hello."""
    return new_project(tmp_path)


@pytest.fixture
def port_8080() -> Iterator[None]:
    """The port of an unchanged project, which one test at a time may use."""
    with (Path(tempfile.gettempdir()) / "gearbox-lite-tests-8080").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", 8080)) == 0:
                unavailable("another program listens on port 8080")
        yield
