"""The stores of server-side sessions, one module each, and the choice between them."""

from __future__ import annotations

import os
from pathlib import Path
from weakref import WeakSet

from gearbox_lite.sessions.settings.options import SessionOptions
from gearbox_lite.sessions.stores.base import Store
from gearbox_lite.sessions.stores.folders import Folders


def make_store(options: SessionOptions) -> Store:
    """Return the store of checked session options; its driver is imported only here.

    Raises ValueError if the address, an engine option or a library cannot work or a folder is unsafe, StoreUnavailable
    if a folder cannot be created.
    """
    try:
        store = _make_store_of_type(options)
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


def _make_store_of_type(options: SessionOptions) -> Store:
    kind, timeout, limit = options.type, options.lifetime.shortest, options.store_timeout
    namespace, url = options.namespace, options.url or ""  # the types that need an address have one (parse.py)
    if kind == "memory":
        from gearbox_lite.sessions.stores.memory import shared_store

        return shared_store(options.key, timeout)
    if kind == "file":
        from gearbox_lite.sessions.stores.file import FileStore

        return FileStore(_folders(options, options.file_dir, "container_file"), timeout, limit)
    if kind == "dbm":
        from gearbox_lite.sessions.stores.dbm import DbmStore, default_module

        module = options.dbmmodule or default_module()
        return DbmStore(_folders(options, options.dbm_dir, "container_dbm"), timeout, limit, module)
    if kind == "ext:redis":
        from gearbox_lite.sessions.stores.redis import RedisStore

        return RedisStore(url, timeout, namespace, limit)
    if kind == "ext:memcached":
        from gearbox_lite.sessions.stores.memcached import MemcachedStore

        return MemcachedStore(url, timeout, namespace, limit)
    from gearbox_lite.sessions.stores.database import DatabaseStore

    return DatabaseStore(
        url,
        timeout,
        namespace,
        limit,
        table=options.table_name,
        schema=options.schema_name,
        engine_options=options.engine_options,
    )


def _folders(options: SessionOptions, own: str | None, default: str) -> Folders:
    """Return this project's folders of sessions and locks, inside ``own`` and ``lock_dir`` or Beaker's defaults."""
    data = Path(options.data_dir or "")
    parents = [Path(own or data / default), Path(options.lock_dir or data / f"{default}_lock")]
    sessions, locks = (folder.absolute() / options.namespace for folder in parents)
    roots = [data] if data.name and not (own is not None and options.lock_dir is not None) else []
    return Folders(sessions, locks, tuple(folder.absolute() for folder in roots + parents))
