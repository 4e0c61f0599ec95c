"""A plain WSGI application and its ini, which load at once: for tests of processes, which need no framework."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from support.helpers import Served, serve

CODE = """
import os
def make(global_conf, **settings):
{load}
    def application(environ, start_response):
        path = environ["PATH_INFO"]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(answer(path, environ)).encode()]
    return application

def answer(path, environ):
    return "{version}"
{more}
"""


def write_site(folder: Path, *, load: str = "", version: str = "one", more: str = "", serve_lines: str = "") -> Path:
    """Write the application and its ini; ``load`` runs when the application is loaded, ``more`` when it is imported."""
    write_code(folder, load=load, version=version, more=more)
    (folder / "development.ini").write_text(
        "[app:main]\npaste.app_factory = site_code:make\n\n"
        "[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nport = 0\nthreads = 4\n\n"
        f"[serve]\n{serve_lines}\n"
    )
    return folder


def write_code(folder: Path, *, load: str = "", version: str = "one", more: str = "") -> None:
    """Write the application's code atomically, as an editor does."""
    body = "\n".join("    " + line for line in load.strip().splitlines()) or "    pass"
    draft = folder / "site_code.draft"
    draft.write_text(CODE.format(load=body, version=version, more=more))
    draft.replace(folder / "site_code.py")


def serve_site(folder: Path, *arguments: object) -> Served:
    """Serve it with the settings of its ini."""
    reload = [] if {"--reload", "--no-reload"} & set(map(str, arguments)) else ["--keep-reload"]
    return serve(folder, *arguments, *reload)


def descriptors_of(pid: int) -> set[str]:
    """Return what a process has open besides its standard streams."""
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # has been closed since the folder was listed
            if int(one.name) > 2:
                found.add(str(one.readlink()))
    return found


def family_of(served: Served) -> list[psutil.Process]:
    """Return the server's process and all its descendants."""
    server = psutil.Process(served.process.pid)
    return [server, *server.children(recursive=True)]
