"""The stores of server-side sessions, one module each, and the choice between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gearbox_lite.sessions.lifetime import Lifetime
from gearbox_lite.sessions.stores.base import Store


def make_store(options: Mapping[str, Any]) -> Store:
    """Return the store of checked session options; its driver is imported only here.

    Raises ValueError where the address, an engine option or a library cannot work, StoreUnavailable where a folder
    cannot be made.
    """
    try:
        return _make(options)
    except ImportError as error:
        raise ValueError(str(error)) from error


def _make(options: Mapping[str, Any]) -> Store:
    kind, prefix = options["type"], options.get("prefix", "")
    timeout = Lifetime(options.get("timeout"), options.get("absolute_timeout")).shortest
    if kind == "memory":
        from gearbox_lite.sessions.stores.memory import MemoryStore  # noqa: PLC0415 (as all below: one is needed)

        return MemoryStore(timeout)
    if kind == "file":
        from gearbox_lite.sessions.stores.file import FileStore  # noqa: PLC0415

        return FileStore(*_folders(options, "file_dir", "container_file"), timeout)
    if kind == "dbm":
        from gearbox_lite.sessions.stores.dbm import DbmStore, default_module  # noqa: PLC0415

        module = options.get("dbmmodule") or default_module()
        return DbmStore(*_folders(options, "dbm_dir", "container_dbm"), timeout, module)
    if kind == "ext:redis":
        from gearbox_lite.sessions.stores.redis import RedisStore  # noqa: PLC0415

        return RedisStore(options["url"], timeout, prefix)
    if kind == "ext:memcached":
        from gearbox_lite.sessions.stores.memcached import MemcachedStore  # noqa: PLC0415

        return MemcachedStore(options["url"], timeout, prefix)
    from gearbox_lite.sessions.stores.database import DatabaseStore  # noqa: PLC0415

    return DatabaseStore(
        options["url"],
        timeout,
        prefix,
        table=options.get("table_name", "beaker_cache"),
        schema=options.get("schema_name"),
        engine_options=options.get("sa"),
    )


def _folders(options: Mapping[str, Any], own: str, default: str) -> tuple[Path, Path]:
    """Return the project's own folders of the sessions and of their locks, inside those that Beaker has."""
    data = Path(options.get("data_dir", ""))
    folder = options.get(own) or data / default
    locks = options.get("lock_dir") or data / f"{default}_lock"
    prefix = options["prefix"]
    return Path(folder).absolute() / prefix, Path(locks).absolute() / prefix
