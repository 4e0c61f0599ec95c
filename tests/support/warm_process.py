"""Run by warm.py, which says why: imports libraries and gearbox_lite once, and forks for each request.

Each request is JSON (the command, folder and environment) with four descriptors: standard input, output and error of
the new process, and a socket, on which the id of the process and later its exit code are reported.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import selectors
import socket
import sys
from importlib import import_module
from pathlib import Path

LIBRARIES = [
    *("click", "backlash", "beaker.middleware", "jinja2.ext", "paste.deploy", "waitress.server", "webob", "tg"),
    *("tg.appwrappers.errorpage", "tg.configurator.fullstack", "tg.renderers.jinja", "tg.renderers.json"),
    *("tg.renderers.genshi", "tg.renderers.kajiki", "tg.renderers.mako", "pygments.lexers", "redis", "pymemcache"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "importlib.metadata", "logging.config"),
    *("alembic.autogenerate", "alembic.command", "alembic.context", "alembic.migration", "psycopg"),
    *("encodings.idna", "difflib", "secrets", "shlex", "email.utils", "xml.dom.minidom", "webtest"),
]
"""What takes time to import."""
OUR_MODULES = [
    *("commands.check_ini", "commands.quickstart", "commands.routes", "commands.serve", "commands.shell"),
    *("commands.support.mistyped", "application.load_errors", "application.unread_settings", "debug_page.answers"),
    *("ini.schema.foreign_names", "server.http.server", "server.run", "server.supervisor.reloader"),
    *("server.worker.main", "sessions.checks", "sessions.factory", "turbogears.mistakes", "turbogears.templates"),
]
"""These import most of gearbox_lite, except gearbox_lite.database, which only projects with a database import."""


class Forks:
    """The forks that run, each as a pidfd, which becomes readable when the fork exits."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)

    def serve(self) -> None:
        """Fork for each message, and return in the fork; exit once warm.py has closed its end of the socket."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._control:
                    self._report_exit(key)
                elif self._fork():
                    return

    def _fork(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, 1 << 18, 4)
        if not message:
            sys.exit()
        *streams, number = descriptors
        report = socket.socket(fileno=number)
        child = os.fork()
        if child == 0:
            report.close()
            self._close()
            become(json.loads(message), streams)
            return True
        for stream in streams:
            os.close(stream)
        report.send(str(child).encode())
        self._selector.register(os.pidfd_open(child), selectors.EVENT_READ, (child, report))
        return False

    def _report_exit(self, key: selectors.SelectorKey) -> None:
        self._selector.unregister(key.fileobj)
        os.close(key.fd)
        child, report = key.data
        _, status = os.waitpid(child, 0)
        with report, contextlib.suppress(BrokenPipeError):
            report.send(str(os.waitstatus_to_exitcode(status)).encode())

    def _close(self) -> None:
        """Close in a fork what belongs to the process that it was forked from."""
        for key in list(self._selector.get_map().values()):
            if key.data:
                key.data[1].close()
                os.close(key.fd)
        self._selector.close()
        self._control.close()


def become(wanted: dict, streams: list[int]) -> None:
    """Set the folder, environment, arguments and standard streams as those of a program that has just been started."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv[:] = wanted["command"]
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.__stdout__ = writer(1, "strict")
    sys.stderr = sys.__stderr__ = writer(2, "backslashreplace")


def writer(number: int, errors: str) -> io.TextIOWrapper:
    return os.fdopen(number, "w", encoding="utf-8", errors=errors, buffering=1, closefd=False)


def leave() -> None:
    """Exit without tearing down every module, which would take longer than most commands."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path[0] = str(Path(sys.executable).parent)  # as the installed program has it
    for name in [*LIBRARIES, *(f"gearbox_lite.{name}" for name in OUR_MODULES)]:
        import_module(name)
    from gearbox_lite.debug_page.answers import answer_without_details

    answer_without_details(Exception(), "")  # compiles the templates of the debug page
    gc.freeze()
    Forks(socket.socket(fileno=int(sys.argv[1]))).serve()
    from gearbox_lite.cli import main

    code = 1
    atexit.register(leave)  # registered first, called last
    try:
        main()
    except SystemExit as ending:
        code = ending.code
        raise
