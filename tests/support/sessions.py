"""A small WSGI application behind the session filter, and a visitor with cookies, for tests in process."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from webtest import TestApp, TestResponse

from gearbox_lite.sessions.codec import sign
from gearbox_lite.sessions.factory import StoredSessions
from gearbox_lite.sessions.middleware import SessionMiddleware, filter_factory

KEY = "07213a2ac1a1016bb89094b0f204046b375b8fa2967500480d54a67a1b1be1d7"
OLD_KEY, OTHER_KEY = "a1b2c3d4" * 8, "ffee0011" * 8
COOKIE = {"session.type": "cookie", "session.validate_key": KEY, "session.key": "hello"}

COUNTING_CONTROLLER = """
from tg import expose, session, TGController

class RootController(TGController):
    @expose("json")
    def add(self, number):
        session[number] = session.get(number, 0) + 1
        session.save()
        return {"value": session[number]}

    @expose("json")
    def values(self):
        return {key: session[key] for key in session if not key.startswith("_")}
"""
"""A generated project's root controller that counts in the session."""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Change the session as the path demands, and respond with its values."""
    session = environ["beaker.session"]
    action, query = environ["PATH_INFO"].strip("/"), dict(parse_qsl(environ["QUERY_STRING"]))
    status = query.pop("status", "200 OK")
    if action == "set":
        session.update(query)
        session.save()
    elif action == "drop":
        del session[query["key"]]
        session.save()
    elif action == "crash":
        session["crashed"] = "yes"
        session.save()
        raise RuntimeError("on purpose")
    elif action in ("delete", "invalidate", "regenerate_id"):
        getattr(session, action)()
    values = {} if action == "none" else {key: session[key] for key in session if not key.startswith("_")}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(values).encode()]


_open: list[SessionMiddleware] = []


def wrap(options: dict[str, str], app: Callable[..., Any] = application) -> SessionMiddleware:
    _open.append(filter_factory({}, **options)(app))
    return _open[-1]


def close_all() -> None:
    """Close the connections of every store that a test has opened."""
    while _open:
        sessions = _open.pop().sessions
        if isinstance(sessions, StoredSessions):
            sessions.store.close()


def visitor(options: dict[str, str], app: Callable[..., Any] = application) -> TestApp:
    return TestApp(wrap(options, app))


def wait_for_store(browser: TestApp) -> TestResponse:
    """Return the first response that is not 503; within two seconds a store that is back is used again."""
    back = time.monotonic()
    while (answer := browser.get("/get", expect_errors=True)).status_int == 503:
        assert time.monotonic() - back < 2
        assert browser.get("/none").status_int == 200
        time.sleep(0.02)
    return answer


def make(options: dict[str, str], cookie: str = "") -> Any:
    """Return a session by itself, as a request with this Cookie header would get it."""
    return wrap(options).sessions.session({"cookie": cookie})


def values(session):
    return {key: value for key, value in session.items() if not key.startswith("_")}


def cookie_of(session):
    return session.request["cookie_out"].strip().partition(";")[0]


class Parts:
    """One middleware, so that one store, and sessions of it; what a memory store needs to be shared."""

    def __init__(self, options):
        self.sessions = wrap(options).sessions
        self.store = self.sessions.store

    def session(self, cookie=""):
        return self.sessions.session({"cookie": cookie})

    def use_store_of(self, other):
        """Share the store of another middleware, as two workers share a server."""
        self.store = other.store
        self.sessions = dataclasses.replace(self.sessions, store=other.store)

    def stored(self, **data):
        """Save a session and return its cookie and id."""
        session = self.session()
        session.update(data)
        session.save()
        return cookie_of(session), session.id


@contextlib.contextmanager
def without_folder(tmp_path):
    """Replace a file store's folder with a file, so that the folder cannot be created again."""
    folder = tmp_path / "data"
    folder.rename(tmp_path / "moved")
    folder.touch()
    yield
    folder.unlink()
    (tmp_path / "moved").rename(folder)


def forged(session, **changes):
    """Return the Cookie header of a session whose internals we have changed, signed as the server would."""
    data = {key: value for key, value in {**session._values(), **changes}.items() if value != "missing"}
    if hasattr(session, "store"):
        session.store.update(session.id, lambda _: session.records.encode(session.id, data))
        return f"hello={sign(session.secrets[0], session.id)}"
    return f"hello={sign(session.codec.validate_keys[0], session.codec.encode(session.codec.dump(data)))}"


def aged(session, *, accessed=0.0, created=0.0):
    now = time.time()
    return forged(session, _accessed_time=now - accessed, _creation_time=now - created)
