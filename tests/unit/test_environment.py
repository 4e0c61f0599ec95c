"""The environment of programs that the application starts."""

from __future__ import annotations

import os

from gearbox_lite.server.listen import socket_activation
from gearbox_lite.server.notify import Readiness


def test_child_processes_do_not_inherit_the_variables_of_systemd(monkeypatch):
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"):
        monkeypatch.setenv(name, "1")
    socket_activation.take_sockets()
    readiness = Readiness(None)
    assert readiness.is_under_systemd
    assert not {name for name in os.environ if name.startswith(("LISTEN_", "NOTIFY_"))}
