"""The session filter under another server: it needs nothing of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from support.helpers import PROGRAM, Browser, Served, free_port

INI = """\
[server:main]
use = egg:gunicorn#main

[pipeline:main]
pipeline = session app

[filter:session]
use = egg:gearbox_lite#session
session.type = cookie
session.validate_key = 3f9d0c7b5a1e4826d7c2b90f6e8a1d354c7b2e9f0a6d8153b4c7e2f9a0d61835

[app:app]
paste.app_factory = modules:make_app
"""
APPLICATION = """\
import sys


def make_app(global_conf):
    def application(environ, start_response):
        environ["beaker.session"]["seen"] = True
        environ["beaker.session"].save()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["\\n".join(sys.modules).encode()]

    return application
"""


def test_the_session_filter_under_gunicorn_imports_neither_click_nor_the_server(tmp_path):
    (tmp_path / "site.ini").write_text(INI)
    (tmp_path / "modules.py").write_text(APPLICATION)
    gunicorn = str(Path(PROGRAM).with_name("gunicorn"))
    command = [gunicorn, "--paste", "site.ini", "--bind", f"127.0.0.1:{free_port()}", "--pythonpath", str(tmp_path)]
    with Served(command, tmp_path, r"Listening at: (http://\S+)") as served:
        answer = Browser(served.url).get("/")
        assert served.end() == 0
    assert answer.header("Set-Cookie")
    modules = set(answer.text.split())
    assert "gearbox_lite.sessions.middleware" in modules
    assert "click" not in modules
    assert not any(name.startswith(("gearbox_lite.commands", "gearbox_lite.server")) for name in modules)


def test_the_command_line_imports_click_under_the_name_that_is_looked_for():
    """Otherwise the test above could not fail."""
    import gearbox_lite.cli  # noqa: F401

    assert "click" in sys.modules
