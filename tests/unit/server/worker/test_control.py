"""The thread that talks to the supervisor."""

from __future__ import annotations

import os
import socket
import threading

from gearbox_lite.server.worker.control import Control


def test_it_hides_no_attribute_of_pythons_own_thread():
    """``Thread._handle`` came with Python 3.13, so a method of that name could not be called there."""
    own = {name for name in vars(Control) if not name.startswith("__")}
    assert own & {*vars(threading.Thread), *vars(threading.Thread())} == {"run"}


def test_an_unexpected_error_ends_the_worker_so_that_it_is_replaced(monkeypatch, caplog):
    class BrokenChannel:
        def __init__(self) -> None:
            self.socket, self._supervisor = socket.socketpair()
            self._supervisor.send(b"!")

        def receive(self):
            raise RuntimeError("unexpected")

    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    channel = BrokenChannel()
    with channel.socket, channel._supervisor:
        Control(channel, timeout=0).run()
    assert codes == [1]
    assert "RuntimeError: unexpected" in caplog.text
