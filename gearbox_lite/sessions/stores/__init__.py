"""The stores of server-side sessions, one module each, and the choice between them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakSet

from gearbox_lite.sessions.lifetime import Lifetime
from gearbox_lite.sessions.stores.base import LIMIT, Store
from gearbox_lite.sessions.stores.folders import Folders


def make_store(options: Mapping[str, Any]) -> Store:
    """Return the store of checked session options; its driver is imported only here.

    Raises ValueError if the address, an engine option or a library cannot work or a folder is unsafe, StoreUnavailable
    if a folder cannot be made.
    """
    try:
        store = _make(options)
    except ImportError as error:
        raise ValueError(str(error)) from error
    _stores.add(store)
    return store


_stores: WeakSet[Store] = WeakSet()


def _after_fork() -> None:
    for store in list(_stores):
        store.after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)


def _make(options: Mapping[str, Any]) -> Store:
    kind, prefix = options["type"], options.get("prefix", "")
    timeout = Lifetime(options.get("timeout"), options.get("absolute_timeout")).shortest
    limit = options.get("store_timeout", LIMIT)
    if kind == "memory":
        from gearbox_lite.sessions.stores.memory import shared_store

        return shared_store(options["key"], timeout)
    if kind == "file":
        from gearbox_lite.sessions.stores.file import FileStore

        return FileStore(_folders(options, "file_dir", "container_file"), timeout, limit)
    if kind == "dbm":
        from gearbox_lite.sessions.stores.dbm import DbmStore, default_module

        module = options.get("dbmmodule") or default_module()
        return DbmStore(_folders(options, "dbm_dir", "container_dbm"), timeout, limit, module)
    if kind == "ext:redis":
        from gearbox_lite.sessions.stores.redis import RedisStore

        return RedisStore(options["url"], timeout, prefix, limit)
    if kind == "ext:memcached":
        from gearbox_lite.sessions.stores.memcached import MemcachedStore

        return MemcachedStore(options["url"], timeout, prefix, limit)
    from gearbox_lite.sessions.stores.database import DatabaseStore

    return DatabaseStore(
        options["url"],
        timeout,
        prefix,
        limit,
        table=options.get("table_name", "beaker_cache"),
        schema=options.get("schema_name"),
        engine_options=options.get("sa"),
    )


def _folders(options: Mapping[str, Any], own: str, default: str) -> Folders:
    """Return the project's own folders of the sessions and of their locks, inside those that Beaker has."""
    data = Path(options.get("data_dir", ""))
    parents = [Path(options.get(own) or data / default), Path(options.get("lock_dir") or data / f"{default}_lock")]
    sessions, locks = (folder.absolute() / options["prefix"] for folder in parents)
    roots = [data] if data.name and not (own in options and "lock_dir" in options) else []
    return Folders(sessions, locks, tuple(folder.absolute() for folder in roots + parents))
