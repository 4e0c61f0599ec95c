"""Addresses from settings, as waitress resolves them, and the sockets that are bound on them."""

from __future__ import annotations

import os
import socket

import pytest

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.server.listen import unix_socket
from gearbox_lite.server.listen.address import Address, addresses
from gearbox_lite.server.listen.bind import bind_addresses


def options(**given: str) -> dict[str, Setting]:
    return {name: Setting(name, value, Location("test.ini", 1)) for name, value in given.items()}


def shown(**given: str) -> list[str]:
    return [str(address) for address in addresses(options(**given))]


def test_without_settings_it_listens_on_this_machine_only():
    assert shown() == ["127.0.0.1:8080"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"port": "0"}, ["127.0.0.1:0"]),
        ({"host": "127.0.0.3", "port": "81"}, ["127.0.0.3:81"]),
        ({"host": "::1", "port": "81"}, ["[::1]:81"]),
        ({"host": "[::1]", "port": "81"}, ["[::1]:81"]),
        ({"listen": "127.0.0.1:81 [::1]:82"}, ["127.0.0.1:81", "[::1]:82"]),
        ({"listen": "127.0.0.1"}, ["127.0.0.1:8080"]),
        ({"listen": "127.0.0.1:81 127.0.0.1:81"}, ["127.0.0.1:81"]),
        ({"host": "*", "port": "81", "ipv6": "false"}, ["0.0.0.0:81"]),
    ],
)
def test_addresses_are_those_that_waitress_would_listen_on(given, expected):
    assert shown(**given) == expected


@pytest.mark.parametrize(
    "given",
    [
        {"listen": "127.0.0.1:x"},
        {"listen": "127.0.0.1:81", "port": "82"},
        {"listen": " "},
        {"host": "a..b"},
        {"host": "127.0.0.1", "ipv4": "false"},
    ],
)
def test_invalid_addresses_are_refused_with_their_line(given):
    with pytest.raises(UserError, match=r"^test\.ini:1: "):
        shown(**given)


def test_only_loopback_addresses_are_local():
    local = {
        str(item): item.is_local for item in addresses(options(listen="127.0.0.9:1 [::1]:1 0.0.0.0:1 192.0.2.1:1"))
    }
    assert list(local.values()) == [True, True, False, False]


def named(**given: str) -> dict[str, Address]:
    return {str(address): address for address in addresses(options(**given))}


def test_all_sockets_are_bound_or_none_and_the_port_owner_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        wanted = named(listen=f"127.0.0.2:{port} 127.0.0.1:{port}")
        with pytest.raises(UserError, match=rf"\(process {os.getpid()}\) listens on 127.0.0.1:{port}"):
            bind_addresses(wanted)
        del wanted[f"127.0.0.1:{port}"]
        for bound in bind_addresses(wanted).values():  # the failure has released it
            bound.close()


def test_an_unavailable_address_is_skipped_if_another_one_is_available():
    missing = named(listen="192.0.2.1:0")
    sockets = bind_addresses({**missing, **named(listen="127.0.0.1:0")})
    assert list(sockets) == ["127.0.0.1:0"]
    sockets["127.0.0.1:0"].close()
    assert bind_addresses(missing, some_may_be_missing=True) == {}
    with pytest.raises(UserError, match="does not have that address"):
        bind_addresses(missing)


def test_a_unix_socket_in_use_and_a_file_in_the_way_are_refused(tmp_path):
    path = options(unix_socket=str(tmp_path / "web.sock"))["unix_socket"]
    bound = unix_socket.bind_path(path, 0o600)
    with pytest.raises(UserError, match="another program listens there"):
        unix_socket.bind_path(path, 0o600)
    bound.close()
    again = unix_socket.bind_path(path, 0o600)
    again.close()
    plain = options(unix_socket=str(tmp_path / "file"))["unix_socket"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="a file is in the way"):
        unix_socket.bind_path(plain, 0o600)
    assert (tmp_path / "file").read_text() == "mine"
