"""A request that runs one SELECT and one INSERT in a transaction, on SQLite and on PostgreSQL.

SQLite has the same settings everywhere: WAL and synchronous = NORMAL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import database_sites
from figures import OURS, Bench, Figure, MissingError
from processes import running
from sites import Site
from support import services
from wrk import Load, compare, require

TITLE = "One SELECT and one INSERT per request, on 8 keep-alive connections"

MAKERS: dict[str, Callable[[Path, str], Site]] = {
    OURS: database_sites.ours,
    "django on waitress": database_sites.django,
    "flask-sqlalchemy on waitress": database_sites.flask,
    "pyramid with pyramid_tm on waitress": database_sites.pyramid,
}


def measure(bench: Bench) -> list[Figure]:
    require()
    figures = _compare(bench, "SQLite", lambda number: f"sqlite:///{bench.folder}/database{number}.db")
    with contextlib.ExitStack() as stack:
        try:
            service = stack.enter_context(services.running(services.PostgreSQL))
        except BaseException as error:  # noqa: BLE001 (pytest's exceptions for a missing service)
            bench.lacks(MissingError(f"PostgreSQL: {error}"))
            return figures
        return figures + _compare(bench, "PostgreSQL", partial(_new_database, service))


def _compare(bench: Bench, what: str, url: Callable[[int], str]) -> list[Figure]:
    folder = bench.folder / "database_sites"
    sites = bench.try_each(
        {name: partial(make, folder, url(number)) for number, (name, make) in enumerate(MAKERS.items())}
    )
    servers = {name: site.server(site.deployed) for name, site in sites.items()}
    with running(servers):
        return compare(
            bench, what, {name: Load(server, "/store", 8, "stored", method="POST") for name, server in servers.items()}
        )


def _new_database(service: services.Service, number: int) -> str:
    import psycopg

    address = f"host=127.0.0.1 port={service.port} user=test dbname=postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench_{number}")
    return f"postgresql+psycopg://test@127.0.0.1:{service.port}/bench_{number}"
