"""The URLs that ``check --url`` meets: which are this machine's own, and which are malformed."""

from __future__ import annotations

import pytest

from gearbox_lite.site.address import is_this_machine, parse_url, resolve


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("localhost", True),
        ("hello.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("2001:db8::1", False),
        ("example.org", False),
        ("notlocalhost", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_only_loopback_addresses_and_localhost_are_this_machine(host, is_own):
    assert is_this_machine(host) is is_own


def test_a_url_without_a_path_is_the_first_page_and_its_fragment_is_dropped():
    assert parse_url("https://example.org#top").geturl() == "https://example.org/"
    assert parse_url("https://example.org/a?b=c#d").geturl() == "https://example.org/a?b=c"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/b", "https://example.org/b"),
        ("?c", "https://example.org/a/?c"),
        ("//other.org/x", "https://other.org/x"),
        ("http://[x", ""),
        ("//localhost:x/", ""),
    ],
)
def test_a_reference_is_resolved_like_a_link_and_a_malformed_one_is_empty(reference, url):
    assert resolve("https://example.org/a/", reference).geturl() == url
