"""What ``check --url`` finds about plain HTTP: the ports 80 and 443 of other machines, which tests cannot listen on."""

from __future__ import annotations

from email.message import Message

import pytest

from gearbox_lite.site.address import parse_url
from gearbox_lite.site.deployment_checks import check_plain_http
from gearbox_lite.site.visit import Visit
from gearbox_lite.site.visitor import Response


class Recorder:
    """A visitor to whom every page has the same status."""

    def __init__(self, status):
        self.status = status
        self.visited = []

    def get(self, url):
        self.visited.append(url)
        return Response(url, self.status, Message(), "")


def findings(url, status=200):
    visitor = Recorder(status)
    visit = Visit(parse_url(url), visitor)
    check_plain_http(visit)
    return [str(finding).partition(": ")[2] for finding in visit.findings], visitor.visited


@pytest.mark.parametrize(
    ("url", "count"), [("http://hello.example.org", 1), ("http://10.0.0.1", 1), ("http://[::1]", 0)]
)
def test_plain_http_is_a_warning_except_on_this_machine(url, count):
    warning = "the site is served over plain HTTP, which anyone on the network can read; serve it with TLS"
    assert findings(url) == ([warning] * count, [])


@pytest.mark.parametrize("url", ["https://hello.example.org", "https://hello.example.org:443/a"])
def test_a_site_with_tls_should_redirect_plain_http(url):
    warning = "the site is also served over plain HTTP; redirect in nginx: return 301 https://$host$request_uri"
    assert findings(url, 200) == ([warning], ["http://hello.example.org/"])
    assert findings(url, 301) == ([], ["http://hello.example.org/"])


def test_with_another_port_nothing_is_known_about_plain_http():
    assert findings("https://hello.example.org:8443") == ([], [])
