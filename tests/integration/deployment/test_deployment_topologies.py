"""Each documented deployment, with TLS: a value that Chromium stores in the session survives a restart of the server.

The files in deploy/ of a generated project are used unchanged, except for names, addresses and the certificate's path.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chromium import Tab
from support.deployment import (
    assert_clean,
    behind_nginx,
    by_socket_activation,
    certificate,
    see_the_value_again,
    serve_production,
    store_a_value,
    use_unix_socket,
)
from support.helpers import free_port, set_option, unavailable


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate") / "tls")


@pytest.fixture
def tab(chromium) -> Iterator[Tab]:
    opened = Tab(chromium, ignore_https_errors=True)
    yield opened
    opened.page.context.close()


def test_nginx_with_tls_over_tcp(project, tls, tab):
    port = free_port()
    with behind_nginx(project, tls, f"127.0.0.1:{port}") as url:
        for step in (store_a_value, see_the_value_again):
            with serve_production(project, "--port", port) as served:
                step(tab, url)
                assert_clean(url, tls)
                assert served.end() == 0
                assert "WARNING" not in served.output


def test_nginx_with_tls_over_a_unix_socket(project, tls, tab):
    path = project / "web.sock"
    use_unix_socket(project, path)
    with behind_nginx(project, tls, f"unix:{path}") as url:
        for step in (store_a_value, see_the_value_again):
            with serve_production(project) as served:
                step(tab, url)
                assert_clean(url, tls)
                assert served.end() == 0
                assert "WARNING" not in served.output


def test_systemd_socket_activation_without_writable_code(project, tls, tab):
    """The server starts at the first request, which waits for it, and runs with MemoryDenyWriteExecute."""
    if shutil.which("systemd-socket-activate") is None:
        unavailable("systemd-socket-activate is not installed")
    port = free_port()
    start = by_socket_activation(f"127.0.0.1:{port}")
    with behind_nginx(project, tls, f"127.0.0.1:{port}") as url:
        for step in (store_a_value, see_the_value_again):
            with serve_production(project, "--workers", 2, prefix=start, ready="Listening on ") as served:
                step(tab, url)
                assert_clean(url, tls)
                assert served.end() == 0
                assert "WARNING" not in served.output


def test_a_form_works_behind_an_untrusted_proxy_and_the_log_says_how_to_trust_it(project, tls, tab):
    """The redirect must be a path: the page's content security policy forbids one to http://."""
    set_option(project / "production.ini", "trusted_proxy", "192.0.2.7")
    port = free_port()
    with behind_nginx(project, tls, f"127.0.0.1:{port}") as url:
        with serve_production(project, "--port", port) as served:
            store_a_value(tab, url)
            assert tab.problems == []
            served.end()
            assert "set trusted_proxy = 127.0.0.1 in the [server:...] section" in served.output
