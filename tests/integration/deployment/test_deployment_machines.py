"""Two machines behind one nginx, as the documentation describes, in network namespaces."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from support import services
from support.chromium import CHROMIUM, Tab, launched
from support.deployment import NginxSite, certificate, ip, see_the_value_again, serve_production, site_of, store_a_value
from support.helpers import PROGRAM, set_option, unavailable

PROXY, MACHINES = "10.0.0.10", ("10.0.0.11", "10.0.0.12")
NO_IPV6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6"


@pytest.fixture
def networks() -> Iterator[dict[str, str]]:
    """Three hosts on a separate network, one address each: the names of their namespaces, by address."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        unavailable("network namespaces need root and iproute2")
    names = {address: f"gl{os.getpid()}-{address.rpartition('.')[2]}" for address in (PROXY, *MACHINES)}
    proxy = names[PROXY]
    with contextlib.ExitStack() as stack:
        for name in names.values():
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            # IPv6 addresses of the links below would appear about a second later, and Chromium cancels requests then.
            ip("netns", "exec", name, "sh", "-c", f"[ ! -e {NO_IPV6} ] || echo 1 > {NO_IPV6}")
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", proxy, "link", "add", "bridge", "type", "bridge")
        ip("-n", proxy, "address", "add", f"{PROXY}/24", "dev", "bridge")
        ip("-n", proxy, "link", "set", "bridge", "up")
        for number, address in enumerate(MACHINES):
            peer = ["peer", "name", "eth0", "netns", names[address]]
            ip("-n", proxy, "link", "add", f"machine{number}", "type", "veth", *peer)
            ip("-n", proxy, "link", "set", f"machine{number}", "master", "bridge", "up")
            ip("-n", names[address], "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", names[address], "link", "set", "eth0", "up")
        yield names


def test_two_machines_behind_one_nginx_share_sessions(project, tmp_path, networks):
    """On the standard ports: http:// redirects to HTTPS, and either machine can stop without losing a session."""
    tls = certificate(tmp_path / "tls")
    inside = ("ip", "netns", "exec", networks[PROXY])
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nexec {" ".join(inside)} {CHROMIUM} "$@"\n')
    browser.chmod(0o755)
    set_option(project / "production.ini", "trusted_proxy", PROXY)
    site = site_of(project, tls, [f"{address}:8080" for address in MACHINES])

    def start(address):
        return serve_production(project, "--host", address, prefix=("ip", "netns", "exec", networks[address]))

    with contextlib.ExitStack() as stack:
        stack.enter_context(services.running(NginxSite, site, 443, inside))
        running = [stack.enter_context(start(address)) for address in MACHINES]
        tab = Tab(stack.enter_context(launched(browser)), ignore_https_errors=True)
        tab.page.goto("http://localhost")
        assert tab.page.url == "https://localhost/"
        store_a_value(tab, "https://localhost")
        command = [*inside, PROGRAM, "check", "--strict", "--url", "http://localhost"]
        result = subprocess.run(
            command, env={**os.environ, "SSL_CERT_FILE": str(tls / "fullchain.pem")},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (result.stderr, result.stdout) == ("", "http://localhost: no errors, no warnings\n")
        first, second = running
        assert first.end() == 0
        see_the_value_again(tab, "https://localhost")  # from the other machine
        stack.enter_context(start(MACHINES[0]))
        assert second.end() == 0
        stack.enter_context(start(MACHINES[1]))
        see_the_value_again(tab, "https://localhost")
        assert "WARNING" not in first.output + second.output
