"""Servers that share a store, or the key of cookie sessions, share the sessions."""

from __future__ import annotations

import json

import pytest
from conftest import options_of
from support import services
from support.helpers import Browser, new_project, use_store
from support.sessions import COUNTING_CONTROLLER
from support.warm import serve


@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite", "redis", "memcached", "postgresql", "cookie"])
def test_two_servers_behind_nginx_share_the_sessions(kind, tmp_path, shared_services):
    project = new_project(tmp_path)
    (project / "hello/controllers/root.py").write_text(COUNTING_CONTROLLER)
    if kind != "cookie":
        use_store(project, options_of(kind, tmp_path, shared_services))
    with serve(project) as first, serve(project) as second:
        ports = [int(served.url.rpartition(":")[2]) for served in (first, second)]
        with services.running(services.Nginx, ports) as nginx:
            browser = Browser(f"http://127.0.0.1:{nginx.port}")
            for expected in range(1, 9):
                assert json.loads(browser.get("/add?number=n").text) == {"value": expected}
            for served in (first, second):
                cookie = f"hello={browser.cookie('hello')}"
                assert json.loads(Browser(served.url).get("/values", Cookie=cookie).text) == {"n": 8}
