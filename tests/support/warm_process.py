"""Run by warm.py, which says why: imports libraries once, and forks into gearbox-lite for each request.

Each request is JSON (the command, folder and environment) with four descriptors: standard input, output and error of
the new process, and a socket. A watcher between the two processes reports the process id and then the exit code on it.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import socket
import sys
from importlib import import_module
from pathlib import Path

# What takes time to import. gearbox_lite itself is imported by each fork, as by the installed program.
MODULES = [
    *("click", "backlash", "beaker.middleware", "jinja2.ext", "paste.deploy", "waitress.server", "webob", "tg"),
    *("tg.appwrappers.errorpage", "tg.configurator.fullstack", "tg.renderers.jinja", "tg.renderers.json"),
    *("tg.renderers.genshi", "tg.renderers.kajiki", "tg.renderers.mako", "pygments.lexers", "redis", "pymemcache"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "importlib.metadata", "logging.config"),
    *("encodings.idna", "difflib", "secrets", "shlex", "email.utils", "xml.dom.minidom", "webtest"),
]


def serve_forks(control: socket.socket) -> None:
    """Fork for each message, and return in the fork; exit once warm.py has closed its end of the socket."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1 << 18, 4)
        if not message:
            sys.exit()
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
        reap()
    control.close()
    *streams, report = descriptors
    watch_a_fork_of_this(socket.socket(fileno=report), streams)
    become(json.loads(message), streams)


def reap() -> None:
    """Reap the watchers that have exited."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def watch_a_fork_of_this(report: socket.socket, streams: list[int]) -> None:
    """Fork and return in the fork; this process stays behind to report the id of the fork and then its exit code."""
    child = os.fork()
    if child == 0:
        report.close()
        return
    for stream in (0, 1, 2, *streams):
        os.close(stream)
    report.send(str(child).encode())
    _, status = os.waitpid(child, 0)
    try:
        report.send(str(os.waitstatus_to_exitcode(status)).encode())
    finally:
        os._exit(0)


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
    for name in MODULES:
        import_module(name)
    gc.freeze()
    serve_forks(socket.socket(fileno=int(sys.argv[1])))
    from gearbox_lite.cli import main

    code = 1
    atexit.register(leave)  # registered first, called last
    try:
        main()
    except SystemExit as ending:
        code = ending.code
        raise
