"""The thread that talks to the supervisor."""

from __future__ import annotations

import threading

from gearbox_lite.server.worker.control import Control


def test_it_hides_no_attribute_of_pythons_own_thread():
    """``Thread._handle`` came with Python 3.13, so a method of that name could not be called there."""
    own = {name for name in vars(Control) if not name.startswith("__")}
    assert own & {*vars(threading.Thread), *vars(threading.Thread())} == {"run"}
