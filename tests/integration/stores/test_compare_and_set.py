"""An update that names the record that it expects: it may save a round trip, and never overwrites another record."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from conftest import options_of
from support.sessions import KEY, Parts, values, visitor

from gearbox_lite.sessions.session_base import new_id

COMPARING = ["sqlite", "redis", "memcached", "postgresql"]


class Appending:
    """A change that appends a word to the record, and remembers the records that it was called with."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.seen: list[str | None] = []

    def __call__(self, record: str | None) -> str:
        self.seen.append(record)
        return f"{record} {self.word}"


def test_the_expected_record_is_changed(parts):
    session = new_id()
    assert parts.store.update(session, lambda _: "first") == "first"
    change = Appending("second")
    assert parts.store.update(session, change, parts.store.read(session)) == "first second"
    assert change.seen == ["first"]
    assert parts.store.read(session) == "first second"


def test_a_record_that_another_client_has_changed_is_changed_again(parts):
    session = new_id()
    parts.store.update(session, lambda _: "first")
    expected = parts.store.read(session)
    parts.store.update(session, lambda _: "other")
    change = Appending("second")
    assert parts.store.update(session, change, expected) == "other second"
    assert change.seen[-1] == "other"
    assert parts.store.read(session) == "other second"


def test_a_record_that_exists_although_none_is_expected_is_kept(parts):
    session = new_id()
    parts.store.update(session, lambda _: "other")
    assert parts.store.update(session, Appending("second"), None) == "other second"
    assert parts.store.read(session) == "other second"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_sees_no_failed_statement_if_two_clients_save_a_new_record(kind, tmp_path, shared_services):
    """PostgreSQL would log it as an error."""
    store = Parts(options_of(kind, tmp_path, shared_services)).store
    failures = []
    session = new_id()
    store.update(session, lambda _: "other")
    sa.event.listen(store._engine, "handle_error", failures.append)
    assert store.update(session, Appending("second"), None) == "other second"
    assert failures == []


def test_a_deleted_record_stays_deleted(parts):
    session = new_id()
    parts.store.update(session, lambda _: "first")
    expected = parts.store.read(session)
    parts.store.delete(session)
    assert parts.store.update(session, lambda text: None if text is None else "again", expected) is None
    assert parts.store.read(session) is None


def test_a_change_of_nothing_returns_the_current_record_and_not_the_expected_one(parts):
    session = new_id()
    parts.store.update(session, lambda _: "first")
    expected = parts.store.read(session)
    parts.store.update(session, lambda _: "other")
    assert parts.store.update(session, lambda _: None, expected) == "other"
    parts.store.delete(session)
    assert parts.store.update(session, lambda _: None, expected) is None


def test_a_change_that_fails_leaves_the_expected_record_unchanged(parts):
    session = new_id()
    parts.store.update(session, lambda _: "first")
    with pytest.raises(ZeroDivisionError):
        parts.store.update(session, lambda _: str(1 / 0), parts.store.read(session))
    assert parts.store.read(session) == "first"


@pytest.mark.parametrize("kind", COMPARING)
def test_the_change_is_called_before_the_store_is_asked(kind, tmp_path, shared_services):
    """So that the record is written with the first round trip."""
    store = Parts(options_of(kind, tmp_path, shared_services)).store
    session = new_id()
    store.update(session, lambda _: "first")
    expected = store.read(session)
    store.update(session, lambda _: "other")
    change = Appending("second")
    store.update(session, change, expected)
    assert change.seen == ["first", "other"]


def test_a_save_after_redis_has_lost_its_scripts_succeeds(tmp_path, shared_services):
    parts = Parts(options_of("redis", tmp_path, shared_services))
    cookie, _ = parts.stored(user="MVL")
    parts.store._client.script_flush()
    session = parts.session(cookie)
    session["count"] = 1
    session.save()
    assert values(parts.session(cookie)) == {"user": "MVL", "count": 1}


@pytest.mark.parametrize("garbage", [b"\xff\xfe", "\u20ac".encode(), b""])
def test_a_record_in_redis_that_becomes_garbage_during_a_request_is_replaced(garbage, tmp_path, shared_services):
    parts = Parts(options_of("redis", tmp_path, shared_services))
    cookie, session_id = parts.stored(user="MVL")
    session = parts.session(cookie)
    session["count"] = 1
    parts.store._client.set(f"hello:{session_id}", garbage)
    session.save()
    assert values(parts.session(cookie)) == {"user": "MVL", "count": 1}


@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_a_save_without_a_conflict_also_sets_the_expiry(kind, tmp_path, shared_services):
    """A first save, and one of a session that was loaded before."""
    options = {**options_of(kind, tmp_path, shared_services), "session.timeout": "600", "session.secret": KEY}
    browser = visitor(options)
    store = browser.app.sessions.store
    for page in ("/set?user=first", "/set?user=MVL"):
        browser.get(page)
        session_id = browser.cookies["hello"].strip('"')[40:]
        if kind == "redis":
            left = store._client.ttl(f"hello:{session_id}")
            store._client.expire(f"hello:{session_id}", 5)
        else:
            client = store.servers[0].client()
            left = int(client.raw_command(f"mg hello:{session_id} t").split(b" t")[1])
            client.touch(f"hello:{session_id}", 5)
        assert 600 < left <= 720
