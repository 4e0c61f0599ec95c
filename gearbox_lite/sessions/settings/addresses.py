"""Addresses of session stores, one function for each store: which part is wrong, and what the address looks like."""

from __future__ import annotations

import re
from importlib.util import find_spec
from urllib.parse import SplitResult, urlsplit

from gearbox_lite.errors import MIN_SIMILARITY, nearest
from gearbox_lite.sessions.settings.convert import InvalidValueError

_REDIS_EXAMPLE = "redis://localhost:6379/0"
_MEMCACHED_EXAMPLE = "localhost:11211"
_DRIVERS = {
    "mysql": ("MySQLdb", "mysqlclient"),
    "mysql+mysqldb": ("MySQLdb", "mysqlclient"),
    "mysql+pymysql": ("pymysql", "PyMySQL"),
    "mariadb": ("MySQLdb", "mysqlclient"),
    "postgresql+psycopg2": ("psycopg2", "psycopg2"),
    "oracle": ("oracledb", "oracledb"),
    "mssql": ("pyodbc", "pyodbc"),
}
"""SQLAlchemy's drivers: the module of each, and its distribution."""
_DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql")
_STORES = {"redis": "ext:redis", "rediss": "ext:redis", "unix": "ext:redis", "memcached": "ext:memcached"}
_STORES |= {"sqlite": "ext:database", "postgresql": "ext:database", "postgres": "ext:database", "mysql": "ext:database"}


def check_address(store: str, url: str) -> None:
    """Raise InvalidValueError for an address that a store of this type cannot have."""
    scheme = url.partition("://")[0].partition("+")[0].lower() if "://" in url else ""
    check = {"ext:redis": _check_redis, "ext:memcached": _check_memcached, "ext:database": _check_database}.get(store)
    if check is None:
        return
    other = _STORES.get(scheme, store)
    if other != store:
        raise InvalidValueError(f"write session.type = {other}, or another address", f"{scheme}:// is not for {store}")
    check(url, scheme)


def _check_redis(url: str, scheme: str) -> None:
    if not scheme:
        host = url.strip("/") if re.fullmatch(r"/*[\w.-]+(:[0-9]+)?(/[0-9]+)?/*", url) else "localhost:6379"
        host = host if ":" in host else f"{host}:6379"
        remedy = f"write redis://{host}" + ("" if "/" in host else "/0")
        raise InvalidValueError(remedy, "it has no redis://")
    if scheme not in ("redis", "rediss", "unix"):
        raise InvalidValueError(f"write for example {_REDIS_EXAMPLE}", f"{scheme}:// is not for Redis")
    if scheme == "unix":
        return
    parts = _split(url, _REDIS_EXAMPLE)
    if "," in parts.netloc:
        raise InvalidValueError(f"write one server, for example {_REDIS_EXAMPLE}", "it names several servers")
    _check_port(parts, _REDIS_EXAMPLE)
    database = parts.path.strip("/")
    if database and not database.isdecimal():
        problem = f"{database!r} is not the number of a database"
        raise InvalidValueError(f"write for example {_REDIS_EXAMPLE}", problem)


def _check_memcached(url: str, scheme: str) -> None:
    if scheme:
        plain = url.partition("://")[2].rpartition("@")[2].strip("/")
        plain = plain if ":" in plain else f"{plain}:11211"
        raise InvalidValueError(f"write {plain}", f"the address of memcached has no {scheme}://")
    if "," in url or re.search(r"\s", url.strip()):
        servers = [server for server in re.split(r"[,\s]+", url) if server]
        raise InvalidValueError(f"write {';'.join(servers)}", "servers are separated by semicolons")
    for server in filter(None, url.split(";")):
        host, colon, port = server.rpartition(":")
        if server.startswith("/") or server.endswith("]"):  # a Unix socket, or an IPv6 address
            continue
        if not colon:
            raise InvalidValueError(f"write {server}:11211", f"{server} has no port")
        if not port.isdecimal() or int(port) > 65535:
            raise InvalidValueError(f"write for example {host}:11211", f"{port!r} is not a port number")


def _refuse_without_scheme(url: str) -> None:
    if re.match(r"sqlite:", url):
        raise InvalidValueError("write sqlite:/// and the path of the file", "it has fewer than three slashes")
    if re.fullmatch(r"[\w./~ -]+\.(db|sqlite3?|sqlite_db)", url):
        raise InvalidValueError(f"write sqlite:///{url}", "a path is not an address")
    raise InvalidValueError(
        "write for example sqlite:///%(here)s/sessions.db or postgresql://localhost/hello", "it has no scheme"
    )


def _check_database(url: str, scheme: str) -> None:
    if not scheme:
        _refuse_without_scheme(url)
    guess = nearest(scheme, list(_DIALECTS), cutoff=MIN_SIMILARITY)
    if scheme not in _DIALECTS and scheme != "postgres" and guess is not None:
        raise InvalidValueError(f"did you mean {guess}://?", f"there is no dialect {scheme}")
    if scheme == "postgres":
        raise InvalidValueError("write postgresql:// instead of postgres://", "there is no dialect postgres")
    if scheme == "sqlite" and (found := re.match(r"sqlite://(?!/)([^?]+)", url)):
        raise InvalidValueError(f"write sqlite:///{found[1]}", "the path follows three slashes")
    drivername = url.partition("://")[0].lower()
    module, distribution = _DRIVERS.get(drivername, ("", ""))
    if module and find_spec(module) is None:
        remedy = f"pip install {distribution}"
        if scheme == "postgresql":
            remedy += ", or write postgresql:// for the driver psycopg"
        raise InvalidValueError(remedy, f"it needs the library {module}")
    if scheme in ("http", "https", "file", "jdbc", "mongodb"):
        remedy = "write for example sqlite:///%(here)s/sessions.db or postgresql://localhost/hello"
        raise InvalidValueError(remedy, f"{scheme}:// is not a database that SQLAlchemy knows")
    if scheme in ("postgresql", "mysql", "mariadb"):
        _check_port(_split(url, f"{scheme}://localhost/hello"), f"{scheme}://localhost/hello")


def _split(url: str, example: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # for example a bracket that is not closed
        raise InvalidValueError(f"write for example {example}", "it is not a valid address") from None


def _check_port(parts: SplitResult, example: str) -> None:
    try:
        _ = parts.port
    except ValueError:
        port = parts.netloc.rpartition("@")[2].rpartition(":")[2]
        raise InvalidValueError(f"write for example {example}", f"{port!r} is not a port number") from None
