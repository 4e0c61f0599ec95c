"""What is different in each store: expiry, size limits, keys, engine options, and records that others have planted."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import pytest
from conftest import options_of
from support.sessions import KEY, Parts, values, wrap

from gearbox_lite.sessions.codec import Codec
from gearbox_lite.sessions.errors import SessionSaveError
from gearbox_lite.sessions.maintenance.purge import purge_store
from gearbox_lite.sessions.records import RECORD_SIGNATURE_DIGITS
from gearbox_lite.sessions.session_base import is_id


@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_the_timeout_is_also_the_expiry_in_the_store(kind, tmp_path, shared_services):
    parts = Parts({**options_of(kind, tmp_path, shared_services), "session.timeout": "600"})
    _, session_id = parts.stored(user="MVL")
    if kind == "redis":
        left = parts.store._client.ttl(f"hello:{session_id}")
    else:
        answer = parts.store.servers[0].client().raw_command(f"mg hello:{session_id} t")
        left = int(answer.split(b" t")[1])
    assert 600 < left <= 720


@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite", "redis", "memcached", "postgresql"])
def test_projects_that_share_a_store_neither_see_nor_purge_each_others_sessions(kind, tmp_path, shared_services):
    options = options_of(kind, tmp_path, shared_services)
    names = ["shop", "Shop", "sho_", "shop:1", "shop%"]
    projects = [Parts({**options, "session.prefix": name}) for name in names]
    ids = [project.stored(user=name)[1] for project, name in zip(projects, names, strict=True)]
    assert [[project.store.read(each) is not None for each in ids] for project in projects] == [
        [own == each for each in range(len(ids))] for own in range(len(ids))
    ]
    if kind != "memcached":
        for project in projects[2:3] + projects[:1]:
            assert purge_store(project.sessions, everything=True, dry_run=False).removed == 1
        left = [[*filter(is_id, project.store.ids())] for project in projects]
        assert left == [[], [ids[1]], [], [ids[3]], [ids[4]]]


def test_the_prefix_defaults_to_the_name_of_the_cookie(tmp_path):
    options = {**options_of("file", tmp_path, None), "session.key": "*a|b"}
    _, session_id = Parts(options).stored(user="MVL")
    assert [path.name for path in (tmp_path / "data/container_file").iterdir()] == ["%2Aa%7Cb"]
    assert list(Parts({**options, "session.key": "..", "session.prefix": "%2Aa%7Cb"}).store.ids()) == [session_id]
    assert Parts({**options, "session.key": ".."}).store._folder == tmp_path / "data/container_file/%2E."


class Bomb:
    """Creates a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_planted_pickles_are_not_loaded(parts, store_options, tmp_path):
    """Records are planted as stock Beaker would read them: pickled."""
    cookie, session_id = parts.stored(user="MVL")
    target = tmp_path / "exploded"
    for planted in (pickle.dumps(Bomb(target)), pickle.dumps({"session": Bomb(target)})):
        plant(parts, store_options["session.type"], session_id, planted)
        assert values(parts.session(cookie)) == {}
    assert not target.exists()


def plant(parts, kind, session_id, data):
    if kind == "memory":
        parts.store._records[session_id] = (time.monotonic(), data.decode("latin-1"))
    elif kind == "file":
        parts.store._path(session_id).write_bytes(data)
    elif kind == "dbm":
        database = parts.store._module.open(str(parts.store._path(session_id)), "w")
        database[b"session"] = data
        database.close()
    elif kind == "ext:redis":
        parts.store._client.set(f"hello:{session_id}", data)
    elif kind == "ext:memcached":
        parts.store.servers[0].client().set(f"hello:{session_id}", data)
    else:
        table = parts.store._table
        with parts.store._engine.begin() as connection:
            connection.execute(table.update().where(table.c.namespace == f"hello:{session_id}").values(data=data))


def test_encrypted_records_are_read_with_fallback_keys(store_options):
    keys = {"session.validate_key": "11aa" * 16, "session.encrypt_key": "22bb" * 16}
    old = Parts({**store_options, **keys})
    cookie, _ = old.stored(user="MVL")
    new = Parts({
        **store_options,
        "session.validate_key": "33cc" * 16, "session.validate_key_fallbacks": keys["session.validate_key"],
        "session.encrypt_key": "44dd" * 16, "session.encrypt_key_fallbacks": keys["session.encrypt_key"],
    })  # fmt: skip
    new.use_store_of(old)
    assert values(new.session(cookie)) == {"user": "MVL"}
    plain = Parts(store_options)
    plain.use_store_of(old)
    assert values(plain.session(cookie)) == {}


def test_an_encrypted_record_cannot_be_read_without_the_key(store_options):
    keys = {"session.validate_key": "11aa" * 16, "session.encrypt_key": "22bb" * 16}
    without_key = Codec()
    plain, encrypted = Parts(store_options), Parts({**store_options, **keys})
    payload = plain.store.read(plain.stored(user="MVL")[1])[RECORD_SIGNATURE_DIGITS:]
    assert without_key.decode(payload)["user"] == "MVL"
    payload = encrypted.store.read(encrypted.stored(user="MVL")[1])[RECORD_SIGNATURE_DIGITS:]
    with pytest.raises(ValueError, match="Error"):
        without_key.decode(payload)


def test_a_record_larger_than_memcacheds_item_size_is_an_error_at_save_that_names_the_keys(tmp_path, shared_services):
    parts = Parts(options_of("memcached", tmp_path, shared_services))
    session = parts.session()
    session["big"] = os.urandom(1_000_000).hex()
    with pytest.raises(SessionSaveError, match=r"memcached .* takes \d+; its values have 'big' 2000002 bytes"):
        session.save()


def test_engine_options_reach_sqlalchemy_and_dead_connections_are_noticed(tmp_path):
    options = {
        "session.type": "ext:database", "session.url": f"sqlite:///{tmp_path / 'a.db'}", "session.secret": KEY,
    }  # fmt: skip
    assert wrap(options).sessions.store._engine.pool._pre_ping is True
    tuned = wrap({**options, "session.sa.pool_recycle": "77", "session.sa.pool_pre_ping": "false"}).sessions.store
    assert tuned._engine.pool._recycle == 77
    assert tuned._engine.pool._pre_ping is False


def test_expired_memory_sessions_are_removed(monkeypatch):
    from gearbox_lite.sessions.stores import memory

    parts = Parts({"session.type": "memory", "session.secret": KEY, "session.timeout": "1"})
    parts.stored(user="old")
    real = time.monotonic
    monkeypatch.setattr(memory.time, "monotonic", lambda: real() + 1000)
    parts.stored(user="new")
    assert len(list(parts.store.ids())) == 1
