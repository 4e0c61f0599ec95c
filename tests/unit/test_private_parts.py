"""Private or undocumented parts of other libraries still are what we rely on; docs/architecture.md lists them.

Tests of what the server and the sessions do would notice as well, but these name the part that has changed. waitress'
parts have their own list and tests, in server/http.
"""

from __future__ import annotations

import atexit
import inspect
import re
import subprocess
import sys
import threading
from types import MethodType

import pytest
from beaker import crypto
from beaker.middleware import SessionMiddleware
from beaker.session import CookieSession, Session, SessionObject
from support.helpers import REPOSITORY
from watchfiles import Change
from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError


def test_each_upper_bound_names_the_file_that_lists_or_tests_the_private_parts():
    text = (REPOSITORY / "pyproject.toml").read_text()
    dependencies = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    bounded = re.findall(r'^  "([\w.-]+)[^";]*<[^";]*",(.*)$', dependencies, re.MULTILINE)
    extras = text.partition("\n[project.optional-dependencies]\n")[2].partition("\n\n")[0]
    bounded += re.findall(r'^\w+ = .*"([\w.-]+)[^"]*<[^"]*"\](.*)$', extras, re.MULTILINE)
    assert {"waitress", "watchfiles", "Beaker", "TurboGears2", "psycopg"} <= {name for name, _ in bounded}
    for name, comment in bounded:
        assert (REPOSITORY / comment.split()[-1]).is_file(), name


@pytest.fixture
def watched(tmp_path):
    """A folder, and a watcher that is made as server/supervisor/watch.py makes it."""
    notify = RustNotify([str(tmp_path)], False, False, 0, False, False)
    yield tmp_path, notify
    notify.close()


def test_watchfiles_notify_collects_changes_until_a_pause_and_names_their_kind(watched):
    folder, notify = watched
    (folder / "root.py").touch()
    changes = notify.watch(400, 20, 0, threading.Event())
    assert {kind for kind, path in changes if path == str(folder / "root.py")} & {Change.added, Change.modified}


def test_watchfiles_notify_ends_by_an_event(watched):
    stop = threading.Event()
    stop.set()
    assert watched[1].watch(400, 20, 0, stop) == "stop"


def test_watchfiles_notify_refuses_a_missing_folder_as_python_does(tmp_path):
    with pytest.raises(FileNotFoundError):
        RustNotify([str(tmp_path / "missing")], False, False, 0, False, False)
    assert issubclass(WatchfilesRustInternalError, Exception)


def test_watchfiles_notify_takes_its_arguments_in_this_order():
    assert list(inspect.signature(RustNotify).parameters) == [
        "watch_paths", "debug", "force_polling", "poll_delay_ms", "recursive", "ignore_permission_denied",
    ]  # fmt: skip


def test_beaker_derives_encryption_keys_as_the_codec_expects():
    """sessions/codec.py calls these three, so that stock Beaker reads what it has written."""
    nonce_bytes, nonce_text_length = crypto.get_nonce_size(128)
    assert (nonce_bytes, nonce_text_length) == (16, 24)
    module = crypto.get_crypto_module("default")
    key = crypto.generateCryptoKeys("e" * 32, "v" * 32 + "n" * 24, 1, module.getKeyLength())
    assert module.aesDecrypt(module.aesEncrypt(b"MVL", key), key) == b"MVL"


def test_beaker_session_classes_are_dicts_whose_methods_can_be_overridden():
    for base in (Session, CookieSession):
        assert issubclass(base, dict)
        assert {"save", "load", "delete", "invalidate", "regenerate_id", "revert"} <= set(dir(base))


def test_beaker_sessions_restore_the_configured_cookie_scope_when_they_are_cleared():
    """sessions/session_base.py sets ``_config`` to the cookie's domain and path."""
    session = Session({"cookie": ""}, type="memory")
    session._config = {"_domain": "example.com", "_path": "/shop"}
    session["user"] = "MVL"
    session.clear()
    assert dict(session) == session._config


def test_beaker_session_object_keeps_its_state_where_ours_looks_for_it():
    session = SessionObject({"HTTP_COOKIE": ""}, type="memory")
    assert {"_sess", "_environ", "_headers"} <= set(session.__dict__)
    assert session.__dict__["_sess"] is None
    assert (session.accessed(), session.dirty()) == (False, False)
    session["user"] = "MVL"
    session.save()
    assert (session.accessed(), session.dirty()) == (True, True)


def test_beaker_middleware_keeps_the_application_and_the_environ_key():
    middleware = SessionMiddleware(test_beaker_middleware_keeps_the_application_and_the_environ_key, None)
    assert middleware.wrap_app is test_beaker_middleware_keeps_the_application_and_the_environ_key
    assert middleware.environ_key == "beaker.session"
    assert middleware.session is None or hasattr(middleware.session, "_push_object")  # what paste.registry needs


def test_subprocess_gives_the_flags_of_this_interpreter():
    command = "import subprocess; print(*subprocess._args_from_interpreter_flags())"
    output = subprocess.run([sys.executable, "-B", "-W", "error", "-c", command], capture_output=True, check=True)
    assert output.stdout.decode().split() == ["-B", "-Werror"]


def test_atexit_runs_what_is_registered_when_asked():
    """A worker exits with os._exit, after it has run these itself (server/http/shutdown.py)."""
    command = (
        "import atexit, os; atexit.register(print, 'registered', flush=True); atexit._run_exitfuncs(); os._exit(0)"
    )
    output = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True)
    assert output.stdout == b"registered\n"
    assert callable(atexit._run_exitfuncs)


POOL = """
import threading
from concurrent.futures import ThreadPoolExecutor, thread
worker = ThreadPoolExecutor(1).submit(threading.current_thread).result()
print(worker in thread._threads_queues)
for end in reversed(threading._threading_atexits): end()
worker.join(10)
print(worker.is_alive())
"""


def test_pools_register_their_end_and_their_threads_where_shutdown_looks():
    output = subprocess.run([sys.executable, "-c", POOL], capture_output=True, check=True, timeout=60)
    assert output.stdout.split() == [b"True", b"False"]


def test_turbogears_keeps_the_allowed_methods_of_a_decoration():
    from tg import TGController, expose

    class Controller(TGController):
        @expose(allowed_methods=["DELETE"])
        def remove(self):
            """Remove nothing."""

    method = Controller().remove
    assert isinstance(method, MethodType)
    assert set(method.decoration._allowed_methods) == {"DELETE"}


def test_turbogears_raises_language_error_for_a_missing_catalog(tmp_path):
    from tg.i18n import LanguageError, _get_translator

    with pytest.raises(LanguageError):
        _get_translator("de", tg_config={"localedir": str(tmp_path), "package": pytest})


def test_psycopg_connects_and_waits_through_the_methods_that_the_store_overrides():
    """sessions/stores/postgresql.py has both check the deadline of the operation."""
    psycopg = pytest.importorskip("psycopg")
    called = []

    class Connection(psycopg.Connection):
        @classmethod
        def _connect_gen(cls, *arguments, **options):
            called.append("connect")
            return super()._connect_gen(*arguments, **options)

    with pytest.raises(psycopg.OperationalError):
        Connection.connect("host=127.0.0.1 port=1", connect_timeout=2)
    assert called == ["connect"]
    assert list(inspect.signature(psycopg.Connection.wait).parameters)[:2] == ["self", "gen"]
    assert "_conn.wait(" in inspect.getsource(psycopg.Cursor.execute)
