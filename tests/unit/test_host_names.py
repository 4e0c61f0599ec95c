"""Which Host headers are accepted while debugging."""

from __future__ import annotations

import pytest

from gearbox_lite.host_names import AllowedHosts, host_name

LOCAL_ONLY = AllowedHosts.of([], any_address=False)


@pytest.mark.parametrize(
    "header",
    [
        *("localhost", "localhost:8080", "LOCALHOST", "localhost.", "localhost.:80", "hello.localhost:8080"),
        *("127.0.0.1", "127.0.0.1:8080", "127.255.255.254", "127.1", "0x7f000001", "2130706433"),
        *("[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]", "[::1%lo]", "[::1%25lo]:8080", "[::ffff:127.0.0.1]"),
    ],
)
def test_names_of_this_machine_are_allowed_however_they_are_written(header):
    assert LOCAL_ONLY.allow(header)


@pytest.mark.parametrize(
    "header",
    [
        *("evil.example", "evil.example:8080", "localhost.evil.example", "evil-localhost", "xlocalhost", ".localhost"),
        *("127.0.0.1.evil.example", "evil.example#localhost", "evil.example/localhost", "evil.example?localhost"),
        *("localhost@evil.example", "evil.example@localhost", "user:x@localhost", "localhost,evil.example"),
        *(
            "evil.example, localhost",
            "localhost evil.example",
            "localhost:80:evil",
            "localhost:evil",
            "evil..localhost",
        ),
        *("", ":8080", ".", "localhost..", "[]", "[::1", "::1", "[::1]evil", "[localhost]", "[::1%]", "[127.0.0.1]"),
        *("0.0.0.0", "192.168.0.1", "[::]", "[fe80::1%lo]", "256.0.0.1", "127.0.0.1.5", "126.255.255.255"),
        *("lócalhost", "localhost\0", "localhost\n", "\u217cocalhost", "localhost%00.evil.example", "http://localhost"),
    ],
)
def test_foreign_and_malformed_hosts_are_refused(header):
    assert not LOCAL_ONLY.allow(header)


def test_allowed_names_include_their_subdomains_only_if_they_begin_with_a_dot():
    allowed = AllowedHosts.of(["Hello.test", ".team.test", "*.other.test", "fd00::5", "[fd00::6]"], any_address=False)
    for header in (
        "hello.test:80",
        "team.test",
        "a.b.team.test",
        "other.test",
        "a.other.test",
        "[fd00::5]",
        "[fd00:0::6]",
    ):
        assert allowed.allow(header), header
    for header in ("a.hello.test", "xteam.test", "team.test.evil.example", "test", "[fd00::7]"):
        assert not allowed.allow(header), header


def test_any_address_allows_addresses_and_no_names():
    allowed = AllowedHosts.of([], any_address=True)
    assert all(allowed.allow(header) for header in ("192.168.0.1:8080", "0.0.0.0", "[fe80::1%25eth0]"))
    assert not allowed.allow("192.168.0.1.evil.example")


def test_host_names_are_normalized():
    assert host_name(" Hello.Test.:80 ") == "hello.test"
    assert host_name("[0:0::1]:5") == "::1"
    assert host_name("0177.0.0.1") == "127.0.0.1"
