"""The same small application in each framework: /version, /none, /read and /write, and how each is served."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from client import free_port
from figures import OURS
from processes import Server
from rivals import GEARBOX_ALL, REPOSITORY, SESSIONS, THEIRS, program, theirs

KEY = "6d25cf734c49a1dd273e4d8fab5f5bdb8d1099ec05e8fdc7c1d734777648ab73"
CODE = Path(__file__).with_name("code")
OURS_UNDER_GEARBOX = "gearbox, the same application"
GEARBOX = "gearbox, its own application"


@dataclass
class Site:
    """An application on disk, with the file that an edit changes and the ways to serve it.

    ``deployed`` is on waitress and writes no access log.
    """

    folder: Path
    source: Path
    code: str
    serve: list[object]
    reload: list[object]
    deployed: list[object]
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    saves: int = 0

    def __post_init__(self) -> None:
        self.save("start")

    def save(self, version: str) -> None:
        """Write another version of the application atomically, as careful editors do."""
        self.saves += 1
        # Python considers its bytecode current if the source's size and its time, in seconds, are the same.
        comment = "#" * (self.saves % 60)
        new = self.source.with_name(f".{self.source.name}.new")
        new.write_text(f"{self.code.replace('VERSION_HERE', version)}{comment}\n")
        os.replace(new, self.source)

    def server(self, words: list[object]) -> Server:
        """Return a server for one of the commands, with its port filled in."""
        return Server([str(word).replace("PORT", str(self.port)) for word in words], self.folder, self.port,
                      **self.environment)  # fmt: skip


def code_of(name: str, **names: str) -> str:
    """Return a file of the folder ``code``, with words replaced."""
    text = (CODE / f"{name}.txt").read_text()
    for key, value in names.items():
        text = text.replace(key, value)
    return text


def ours(folder: Path, *, debug: bool = True, everything: bool = False, minimal: bool = False) -> Site:
    """Return a project of our own quickstart; ``everything`` is for an environment with all extras."""
    project = _quickstart(folder, *(["--minimal"] if minimal else []), debug=debug)
    serve = [program(SESSIONS if everything else OURS, OURS), "serve", "development.ini", "--port", "PORT"]
    return Site(
        project, project / "hello/controllers/root.py", code_of("turbogears"),
        [*serve, "--no-reload"], [*serve, "--reload"], [*serve, "--no-reload", "--no-access-log"],
    )  # fmt: skip


def ours_under_gearbox(folder: Path, *, debug: bool = True, everything: bool = False) -> Site:
    """Return the same project for ``gearbox serve``, which finds it and our filters through PYTHONPATH."""
    project = _quickstart(folder, debug=debug)
    port = free_port()
    edit(project / "development.ini", {
        "port = 8080": f"port = {port}",
        "use = egg:gearbox_lite#session": "paste.filter_factory = gearbox_lite.sessions.middleware:filter_factory",
        "use = egg:gearbox_lite#debug": "paste.filter_factory = gearbox_lite.debug_page.middleware:debug_filter",
    })  # fmt: skip
    serve = [program(GEARBOX_ALL if everything else "gearbox", "gearbox"), "serve", "-c", "development.ini"]
    path = f"{project}{os.pathsep}{REPOSITORY}"
    return Site(
        project, project / "hello/controllers/root.py", code_of("turbogears"),
        serve, [*serve, "--reload"], serve, {"PYTHONPATH": path}, port,
    )  # fmt: skip


def gearbox(folder: Path, *, debug: bool = True) -> Site:
    """Return the installed project of gearbox's own quickstart, with its own inis."""
    project, place = theirs(), new_folder(folder)
    port = free_port()
    for name, server in (("wsgiref.ini", "gearbox#wsgiref"), ("waitress.ini", "waitress#main")):
        (place / name).write_text((project / "development.ini").read_text())
        edit(place / name, {"port = 8080": f"port = {port}", "egg:gearbox#wsgiref": f"egg:{server}"})
        if not debug:
            edit(place / name, {"debug = true": "debug = false"})
    serve = [program("gearbox", "gearbox"), "serve", "-c"]
    return Site(
        place, project / THEIRS / "controllers/root.py", code_of("turbogears"),
        [*serve, "wsgiref.ini"], [*serve, "wsgiref.ini", "--reload"], [*serve, "waitress.ini"], port=port,
    )  # fmt: skip


def pyramid(folder: Path, *, debug: bool = True) -> Site:
    """Return a Pyramid application with its signed-cookie session."""
    del debug
    site = new_folder(folder)
    port = free_port()
    (site / "development.ini").write_text(
        f"[app:main]\npaste.app_factory = site_views:main\n"
        f"[server:main]\nuse = egg:waitress#main\nlisten = 127.0.0.1:{port}\nthreads = 4\n"
    )
    serve = [program("pyramid", "pserve"), "development.ini"]
    code = code_of("pyramid", KEY_HERE=KEY)
    path = {"PYTHONPATH": str(site)}
    return Site(site, site / "site_views.py", code, serve, [*serve, "--reload"], serve, path, port)


def pyramid_on_ours(folder: Path) -> Site:
    """Return the Pyramid application with its ini served by ``gearbox-lite serve``."""
    site = pyramid(folder)
    site.deployed = [program("pyramid", OURS), "serve", "development.ini", "--no-reload", "--no-access-log"]
    return site


def flask(folder: Path, *, debug: bool = True) -> Site:
    """Return a Flask application; its session is a signed cookie."""
    del debug
    site = new_folder(folder)
    run = [program("flask", "flask"), "--app", "views", "run", "--port", "PORT"]
    waitress = [program("flask", "waitress-serve"), "--listen=127.0.0.1:PORT", "--threads=4", "views:app"]
    return Site(site, site / "views.py", code_of("flask", KEY_HERE=KEY), run, [*run, "--debug"], waitress)


def gunicorn(folder: Path, *, debug: bool = True) -> Site:
    """Return the Flask application for gunicorn's reload."""
    site = flask(folder, debug=debug)
    serve = [program("flask", "gunicorn"), "--bind", "127.0.0.1:PORT", "views:app"]
    site.serve, site.reload = serve, [*serve, "--reload"]
    return site


def django(folder: Path, *, debug: bool = True) -> Site:
    """Return what startproject writes, with signed-cookie sessions instead of a database's."""
    site = new_folder(folder)
    subprocess.run([program("django", "django-admin"), "startproject", "site1", "."], cwd=site, check=True)
    with (site / "site1/settings.py").open("a") as settings:
        settings.write("SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'\n")
        settings.write(f"DEBUG = {debug}\nALLOWED_HOSTS = ['127.0.0.1']\n")
    run = [program("django", "python"), "manage.py", "runserver", "127.0.0.1:PORT"]
    waitress = [program("django", "waitress-serve"), "--listen=127.0.0.1:PORT", "--threads=4", "site1.wsgi:application"]
    return Site(site, site / "site1/urls.py", code_of("django"), [*run, "--noreload"], run, waitress)


def bare(folder: Path, *, application: str) -> Site:
    """Return a WSGI application by itself, or behind stock Beaker, on waitress."""
    site = new_folder(folder)
    serve = [program(OURS, "waitress-serve"), "--listen=127.0.0.1:PORT", "--threads=4", f"views:{application}"]
    return Site(site, site / "views.py", code_of("bare", KEY_HERE=KEY), serve, [], serve)


def bare_server(folder: Path, *, threads: int) -> Site:
    """Return a WSGI application that does nothing, or waits, under our server."""
    site = new_folder(folder)
    (site / "site.ini").write_text(
        "[app:main]\npaste.app_factory = views:make\n"
        f"[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nthreads = {threads}\n"
    )
    serve = [program(SESSIONS, OURS), "serve", "site.ini", "--port", "PORT", "--no-reload", "--no-access-log"]
    return Site(site, site / "views.py", code_of("server"), serve, [], serve, {"PYTHONPATH": str(site)})


DEV_SERVERS: dict[str, Callable[..., Site]] = {
    OURS: ours,
    OURS_UNDER_GEARBOX: ours_under_gearbox,
    GEARBOX: gearbox,
    "pserve": pyramid,
    "flask run": flask,
    "django runserver": django,
}

WITH_EVERYTHING: dict[str, Callable[..., Site]] = {
    OURS: partial(ours, everything=True),
    OURS_UNDER_GEARBOX: partial(ours_under_gearbox, everything=True),
}


def new_folder(parent: Path) -> Path:
    """Create a folder for a site in a folder that may be missing."""
    with contextlib.suppress(FileExistsError):
        parent.mkdir()
    site = parent / f"site{sum(1 for _ in parent.iterdir())}"
    site.mkdir()
    return site


def _quickstart(folder: Path, *options: str, debug: bool) -> Path:
    site = new_folder(folder)
    subprocess.run([program(OURS, OURS), "quickstart", "hello", *options], cwd=site, check=True, capture_output=True)
    if not debug:
        edit(site / "hello/development.ini", {"debug = true": "debug = false"})
    return site / "hello"


def edit(file: Path, changes: dict[str, str]) -> None:
    """Replace strings in a file. Raises AssertionError if one is missing."""
    text = file.read_text()
    for old, new in changes.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    file.write_text(text)
