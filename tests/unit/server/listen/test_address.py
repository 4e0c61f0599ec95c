"""An address that is not written as the server takes it is answered with how to write it."""

from __future__ import annotations

import pytest

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.server.listen.address import addresses
from gearbox_lite.sessions.settings.addresses import check_address
from gearbox_lite.sessions.settings.convert import InvalidValueError


@pytest.mark.parametrize(
    ("name", "value", "answer"),
    [
        ("host", "localhost:8080", "the port is a setting of its own; write host = localhost and port = 8080"),
        ("host", "http://localhost:8080/", "this is a URL, not a host; write host = localhost and port = 8080"),
        ("host", "http://localhost", "this is a URL, not a host; write host = localhost"),
        ("host", "127.0.0.1, 127.0.0.2", "for several addresses write listen = 127.0.0.1:8080 127.0.0.2:8080"),
        ("host", "127.0.0", "not an IPv4 address; write four numbers"),
        ("host", "127.0.0.256", "not an IPv4 address; write four numbers"),
        ("host", "", "this names no host; write 127.0.0.1 for this machine only, or 0.0.0.0 for every network"),
        ("host", "'127.0.0.1'", "remove the quotes"),
        ("port", ":8080", "not a port number; write 8080"),
        ("listen", "localhost 8080", "8080 is a port without a host; write listen = localhost:8080"),
        ("listen", "127.0.0.1:1, 127.0.0.2:1", "addresses are separated by spaces; write listen = 127.0.0.1:1 127"),
        ("listen", "http://127.0.0.1:1/", "is a URL; write listen = 127.0.0.1:1"),
        ("listen", ":8080", ":8080 has no host; write 127.0.0.1:8080 for this machine only"),
        ("listen", "unix:/run/x.sock", "is a Unix socket; write unix_socket = /run/x.sock"),
        ("listen", "::1:8080", "is an IPv6 address without brackets; write for example [::1]:8080"),
        ("listen", "localhost:http", "has no port number after its colon; write for example localhost:8080"),
    ],
)
def test_a_wrong_address_is_answered_with_the_right_form(name, value, answer):
    with pytest.raises(UserError) as raised:
        addresses({name: Setting(name, value, Location("a.ini", 1))})
    assert answer in raised.value.message


@pytest.mark.parametrize(
    ("store", "url", "remedy"),
    [
        ("ext:redis", "localhost:6379", "write redis://localhost:6379/0"),
        ("ext:redis", "redis.example.com", "write redis://redis.example.com:6379/0"),
        ("ext:redis", "redis://localhost:abc/0", "'abc' is not a port number"),
        ("ext:redis", "redis://localhost/abc", "'abc' is not the number of a database"),
        ("ext:redis", "redis://a:1,b:1/0", "it names several servers"),
        ("ext:redis", "redis://[::1/0", "it is not a valid address"),
        ("ext:redis", "sqlite:///a.db", "write session.type = ext:database"),
        ("ext:memcached", "localhost", "write localhost:11211"),
        ("ext:memcached", "memcached://u:secret@localhost", "write localhost:11211"),
        ("ext:memcached", "a:1,b:1", "write a:1;b:1"),
        ("ext:memcached", "a:b", "'b' is not a port number"),
        ("ext:database", "postgres://u:secret@localhost/x", "write postgresql:// instead of postgres://"),
        ("ext:database", "/data/x.db", "write sqlite:////data/x.db"),
        ("ext:database", "sqlite://x.db", "write sqlite:///x.db"),
        ("ext:database", "sqlite:/x.db", "it has fewer than three slashes"),
        ("ext:database", "https://x", "https:// is not a database that SQLAlchemy knows"),
        ("ext:database", "oracle://u:secret@h/x", "pip install oracledb"),
    ],
)
def test_a_wrong_address_of_a_store_is_answered_with_the_right_form_and_no_password(store, url, remedy):
    with pytest.raises(InvalidValueError) as raised:
        check_address(store, url)
    answer = f"{raised.value.problem}; {raised.value}"
    assert remedy in answer
    assert "secret" not in answer


@pytest.mark.parametrize(
    ("store", "url"),
    [
        ("ext:redis", "redis://u:p@localhost:6379/0?socket_timeout=1"), ("ext:redis", "unix:///run/redis.sock?db=1"),
        ("ext:redis", "rediss://localhost"), ("ext:memcached", "a:1;b:2"), ("ext:memcached", "/run/memcached.sock"),
        ("ext:memcached", "[::1]:11211"), ("ext:database", "sqlite://"), ("ext:database", "sqlite:////x.db"),
        ("ext:database", "postgresql+psycopg://u:p@h:1/d?x=y"), ("file", "nonsense"),
    ],
)  # fmt: skip
def test_a_valid_address_of_a_store_is_accepted(store, url):
    check_address(store, url)
