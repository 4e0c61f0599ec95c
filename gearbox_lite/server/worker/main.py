"""One worker process: load the application, serve it on the supervisor's sockets, drain when told to (``control``)."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from gearbox_lite.application import load, load_errors
from gearbox_lite.application.user_code import is_installed, is_users, make_importable
from gearbox_lite.errors import UserError
from gearbox_lite.findings import raise_errors
from gearbox_lite.output import ignore_closed_pipes
from gearbox_lite.server import limits, log_routing
from gearbox_lite.server.debug import protection
from gearbox_lite.server.descriptors import close_in_forks
from gearbox_lite.server.http.channel import Channel
from gearbox_lite.server.http.other_server import OtherServer, load_server
from gearbox_lite.server.http.server import Server
from gearbox_lite.server.http.shutdown import end_process, wait_for_threads
from gearbox_lite.server.worker import bytecode, error_page
from gearbox_lite.server.worker.control import Control, WorkerServer
from gearbox_lite.server.worker.control_channel import ControlChannel
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Drained, Plan, Ready
from gearbox_lite.sessions import checks

MAX_TEXT = 100_000
"""Characters of a message and of a traceback that are reported; an exception may contain any amount of data."""


@dataclass(frozen=True)
class _Loaded:
    application: load.WSGIApplication
    guard: protection.Guard
    failure: Failure | None = None
    warnings: Sequence[str] = ()
    looked_for: Sequence[str] = ()


def run_worker(channel: ControlChannel, sockets: list[socket.socket], plan: Plan) -> None:
    """Run one worker until it exits. It serves the error page if the application does not load."""
    for name in ("SIGINT", "SIGHUP"):  # a terminal sends them to all processes; only the supervisor acts on them
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)  # not SIG_IGN, which child processes would inherit
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the fork server, from which this process was forked, ignores it
    log_routing.use_console()
    close_in_forks(lambda: [channel.socket, *sockets])
    ignore_closed_pipes()
    serve = plan.settings.serve
    control = Control(channel, serve.seconds_without_answer)
    try:
        control.start()
        server, ready = _load(plan, sockets, control)
    except (RuntimeError, MemoryError) as error:
        limit = limits.explain_limit(error)
        if limit is None:
            raise
        control.send(Ready(Failure.of(limit), [], [], [], can_serve=False))
        os._exit(limit.code)
    control.server = server  # before Ready, since commands may follow it at once
    if isinstance(server, Server):
        signal.signal(signal.SIGTERM, lambda *_: control.handle_sigterm())
    control.send(ready)
    control.has_begun.wait()
    if server is None:
        os._exit(1)
    try:
        server.run()
    except UserError as error:
        control.report_server_failure(error.message)
        os._exit(error.code)
    control.send(Drained())
    control.may_exit.wait()  # until then, a connection may be on its way here
    deadline = server.drain_deadline or time.monotonic() + serve.drain_timeout
    wait_for_threads(deadline, serve.drain_timeout)
    end_process(0)


def _load(plan: Plan, sockets: list[socket.socket], control: Control) -> tuple[WorkerServer | None, Ready]:
    settings = plan.settings
    bytecode.install()  # also without --reload, since SIGHUP may follow soon after a save
    before = len(sys.modules)
    loaded = _load_application(plan, sockets)
    modules = _imported_after(before)
    failure, files, installed = loaded.failure, _own_files(modules, loaded.looked_for), _installed(modules)
    server: WorkerServer | None = None
    if settings.is_waitress:
        application = loaded.application if settings.serve.workers == 1 else _in_several_processes(loaded.application)
        guard, adapt_channel = _with_live_reload(plan, loaded, control)
        server = Server(application, sockets, plan.options, settings.serve, guard, adapt_channel)
    else:
        try:
            server = OtherServer(load_server(settings), loaded.guard(loaded.application), settings.serve.drain_timeout)
        except UserError as error:
            failure = Failure.of(error)
    if failure is not None:
        failure = replace(failure, message=failure.message[:MAX_TEXT], report=failure.report[-MAX_TEXT:])
    return server, Ready(failure, list(loaded.warnings), files, installed, can_serve=server is not None)


def _with_live_reload(
    plan: Plan, loaded: _Loaded, control: Control
) -> tuple[protection.Guard, Callable[[type[Channel]], type[Channel]] | None]:
    """Return the guard with live reload inside, and what adapts connections to it, if it is on.

    Without a guard, the application is not debugged, and the error page shows no reason: there is no live reload then.
    """
    version = plan.page_version_with(loaded.failure)
    if version is None or loaded.guard is protection.unguarded:
        return loaded.guard, None
    from gearbox_lite.server.live_reload.middleware import LiveReload
    from gearbox_lite.server.live_reload.stream_channel import with_streams

    return (
        lambda application: loaded.guard(LiveReload(application, version)),
        partial(with_streams, send=control.send_stream),
    )


def _in_several_processes(application: load.WSGIApplication) -> load.WSGIApplication:
    """Set ``wsgi.multiprocess``, which waitress, a server of one process, never does.

    https://peps.python.org/pep-3333/#environ-variables
    """

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.multiprocess"] = True
        response: Iterable[bytes] = application(environ, start_response)
        return response

    return respond


def _load_application(plan: Plan, sockets: list[socket.socket]) -> _Loaded:
    failure, looked_for, raised = plan.failure, [], None
    if failure is None:
        try:
            make_importable(plan.settings.ini.parent)
            findings = checks.check_sessions(plan.settings)
            raise_errors(findings)
            log_routing.route_logs(plan.settings)
            application, protected = protection.load_protected(plan.settings, sockets)
            findings += [*checks.check_store(plan.settings), *protected.findings]
            return _Loaded(application, protected.guard, warnings=list(map(str, findings)))
        except UserError as error:
            failure, looked_for, raised = Failure.of(error), load_errors.files_to_watch(error), error.__cause__
        except BaseException as error:  # noqa: BLE001 (SystemExit, and whatever else code may raise to end Python)
            failure = Failure(f"{plan.settings.ini.name}: the application ended Python while it loaded: {error!r}")
            looked_for, raised = load_errors.files_to_watch(error), error
    with suppress(UserError):  # so that the access log of the error page goes where it always goes
        log_routing.route_logs(plan.settings)
    if not protection.shows_reasons(plan.settings, sockets):
        return _Loaded(error_page.updating, protection.unguarded, failure, looked_for=looked_for)
    page = error_page.application(failure, raised, ini=plan.settings.ini, editor=plan.settings.serve.editor)
    return _Loaded(page, protection.make_guard(plan.settings, sockets), failure, looked_for=looked_for)


def _imported_after(count: int) -> dict[str, str]:
    """Return the modules that have been imported since ``sys.modules`` had this many, and their files.

    Earlier modules are not even looked at: that would write to memory that this process shares with the fork server.
    """
    modules = islice(reversed(sys.modules.items()), max(0, len(sys.modules) - count))
    return {name: _file_of(module) for name, module in modules}


def _file_of(module: object) -> str:
    try:
        file = getattr(module, "__file__", None)
    except Exception:  # noqa: BLE001 (modules that load themselves lazily may raise anything)
        return ""
    return file if isinstance(file, str) else ""


def _own_files(modules: Mapping[str, str], looked_for: Sequence[str]) -> list[str]:
    """Return the files of the user's modules and others that were looked for, and the targets of links among them."""
    files = {*looked_for, *(file for file in modules.values() if file.endswith(".py") and is_users(file))}
    return sorted(files | {os.path.realpath(file) for file in files})


def _installed(modules: Mapping[str, str]) -> list[str]:
    """Return the names of installed modules, none if they run threads, which would be lost in a fork."""
    if threading.active_count() > 2:  # the main thread and Control
        return []
    return [name for name, file in modules.items() if is_installed(file)]
