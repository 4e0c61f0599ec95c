"""A stored record is accepted only for the session that it was written for, and only if we have written it."""

from __future__ import annotations

import base64
import os
import pickle

import pytest
from conftest import options_of
from support.sessions import KEY, Parts, cookie_of, values

ENCRYPTED = {"session.validate_key": "11aa" * 16, "session.encrypt_key": "22bb" * 16}
KINDS = {"plain": {}, "encrypted": ENCRYPTED, "pickled": {"session.data_serializer": "pickle"}}


class Bomb:
    """Creates a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def copy(parts, source, target):
    record = parts.store.read(source)
    parts.store.update(target, lambda _: record)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_is_moved_to_another_session_is_not_accepted(store_options, kind, caplog):
    parts = Parts({**store_options, **KINDS[kind]})
    admin, admin_id = parts.stored(user="admin")
    mallory, mallory_id = parts.stored(user="mallory")
    copy(parts, admin_id, mallory_id)
    assert values(parts.session(mallory)) == {}
    assert f"record {mallory_id[:8]}... in {parts.store} is corrupt" in caplog.text
    assert values(parts.session(admin)) == {"user": "admin"}


def test_invalidate_corrupt_decides_whether_a_moved_record_is_an_error(store_options):
    parts = Parts({**store_options, "session.invalidate_corrupt": "false"})
    _, admin_id = parts.stored(user="admin")
    mallory, mallory_id = parts.stored(user="mallory")
    copy(parts, admin_id, mallory_id)
    with pytest.raises(ValueError, match=r"not signed for this session with session\.secret"):
        parts.session(mallory)


def test_a_record_without_our_signature_is_not_accepted(tmp_path):
    parts = Parts(options_of("file", tmp_path, None))
    cookie, session_id = parts.stored(user="MVL")
    unsigned = parts.store.read(session_id)[64:]
    for planted in (unsigned, "0" * 64 + unsigned, ""):
        parts.store.update(session_id, lambda _, planted=planted: planted)
        assert values(parts.session(cookie)) == {}


def test_write_access_to_the_store_cannot_run_code_even_with_pickle(store_options, tmp_path):
    parts = Parts({**store_options, "session.data_serializer": "pickle"})
    cookie, session_id = parts.stored(user="MVL")
    target = tmp_path / "exploded"
    bomb = base64.b64encode(pickle.dumps(Bomb(target))).decode()
    genuine = parts.store.read(session_id)
    for planted in (bomb, genuine[:64] + bomb):
        parts.store.update(session_id, lambda _, planted=planted: planted)
        assert values(parts.session(cookie)) == {}
    assert not target.exists()


def test_another_project_with_the_same_secret_does_not_share_records(tmp_path):
    folder = options_of("file", tmp_path, None)
    one = Parts(folder)
    cookie, session_id = one.stored(user="admin")
    other = Parts({**folder, "session.prefix": "other"})
    other.store.update(session_id, lambda _: one.store.read(session_id))
    assert values(other.session(cookie)) == {}


def test_rotating_the_secret_loses_no_session(store_options):
    """Also the one whose record an old process has written after its cookie had been signed with the new secret."""
    old = Parts(store_options)
    new = Parts({**store_options, "session.secret": "ab" * 32, "session.secret_fallbacks": KEY})
    new.use_store_of(old)
    cookie, session_id = old.stored(user="MVL")
    record = old.store.read(session_id)
    session = new.session(cookie)
    session.persist(dirty=False)
    resigned = cookie_of(session)
    old.store.update(session_id, lambda _: record)
    new.session(resigned).persist(dirty=False)
    rotated = Parts({**store_options, "session.secret": "ab" * 32})
    rotated.use_store_of(old)
    assert values(rotated.session(resigned)) == {"user": "MVL"}
    assert values(rotated.session(cookie)) == {}


def test_a_new_id_signs_the_record_for_it(parts):
    cookie, first = parts.stored(user="MVL")
    session = parts.session(cookie)
    session.regenerate_id()
    session["more"] = 1
    session.save()
    assert values(parts.session(cookie_of(session))) == {"user": "MVL", "more": 1}
    assert parts.store.read(first) is None


def test_redis_with_decoded_responses_keeps_sessions(tmp_path, shared_services):
    """The option of redis-py in the address, which changes the type of everything that is read."""
    options = options_of("redis", tmp_path, shared_services)
    parts = Parts({**options, "session.url": f"{options['session.url']}?decode_responses=true"})
    cookie, session_id = parts.stored(user="MVL")
    session = parts.session(cookie)
    session["more"] = 1
    session.save()
    assert values(parts.session(cookie)) == {"user": "MVL", "more": 1}
    assert session_id in list(parts.store.ids())
    parts.store.delete(session_id)
    assert values(parts.session(cookie)) == {}
