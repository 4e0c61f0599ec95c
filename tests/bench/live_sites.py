"""The same page under each server that reloads the browser: a value from the code, one from a template, and a style."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sites
from client import free_port
from figures import OURS
from processes import Server
from rivals import program, vite

DJANGO, VITE = "Django with django-browser-reload", "Vite"
PAGE = """<!doctype html>
<html lang="en"><head><title>live</title>HEAD</head>
<body><p id="code">{{ version }}</p><p id="template">VERSION_HERE</p>SCRIPT</body></html>
"""
STYLE = "#code { margin-top: VERSION_HEREpx }\n"
DJANGO_SETTINGS = """
INSTALLED_APPS += ["django_browser_reload"]
MIDDLEWARE += ["django_browser_reload.middleware.BrowserReloadMiddleware"]
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates"]
STATICFILES_DIRS = [BASE_DIR / "static"]
ALLOWED_HOSTS = ["127.0.0.1"]
"""


@dataclass
class LiveSite:
    """A server, the address of its page, and the files to save, by what they are: code, template or style."""

    server: Server
    path: str
    files: dict[str, tuple[Path, str]]
    saves: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}{self.path}"

    def save(self, kind: str, version: str) -> None:
        """Write another version of a file atomically, as careful editors do."""
        file, text = self.files[kind]
        # Python considers its bytecode current if the source's size and its time, in seconds, are the same.
        self.saves += 1
        comment = "#" * (self.saves % 60) if kind == "code" else ""
        draft = file.with_name(f".{file.name}.draft")
        draft.write_text(f"{text.replace('VERSION_HERE', version)}{comment}\n")
        os.replace(draft, file)


def ours(folder: Path) -> LiveSite:
    """Return a project of our own quickstart."""
    site = sites.ours(folder)
    hello = site.folder / "hello"
    return _prepared(
        LiveSite(
            site.server(site.reload),
            "/live",
            {
                "code": (hello / "controllers/root.py", _code("turbogears")),
                "template": (hello / "templates/live.jinja", _page("/css/live.css")),
                "style": (hello / "public/css/live.css", STYLE),
            },
        )
    )


def django(folder: Path) -> LiveSite:
    """Return what startproject writes, with django-browser-reload installed as its README says."""
    python = program("django-browser-reload", "python")
    place = _new_folder(folder)
    subprocess.run([python, "-m", "django", "startproject", "site1", "."], cwd=place, check=True)
    with (place / "site1/settings.py").open("a") as settings:
        settings.write(DJANGO_SETTINGS)
    for name in ("templates", "static"):
        (place / name).mkdir()
    port = free_port()
    return _prepared(
        LiveSite(
            Server([python, "manage.py", "runserver", f"127.0.0.1:{port}"], place, port),
            "/live",
            {
                "code": (place / "site1/urls.py", _code("django")),
                "template": (place / "templates/live.html", _page("/static/live.css")),
                "style": (place / "static/live.css", STYLE),
            },
        )
    )


def only_vite(folder: Path) -> LiveSite:
    """Return a page of Vite's, whose code is a module that the page imports."""
    executable = vite()
    place = _new_folder(folder)
    port = free_port()
    (place / "public").mkdir()
    (place / "public/version").write_text("ready")
    (place / "main.js").write_text("import './live.css'\n")
    return _prepared(
        LiveSite(
            Server([executable, "--host", "127.0.0.1", "--port", str(port), "--strictPort"], place, port),
            "/",
            {
                "template": (place / "index.html", _page("", '<script type="module" src="/main.js"></script>')),
                "style": (place / "live.css", STYLE),
            },
        )
    )


MAKERS: dict[str, Callable[[Path], LiveSite]] = {OURS: ours, DJANGO: django, VITE: only_vite}


def _code(framework: str) -> str:
    return (sites.CODE / f"live_{framework}.txt").read_text()


def _new_folder(parent: Path) -> Path:
    parent.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent))


def _page(style: str, script: str = "") -> str:
    head = f'<link rel="stylesheet" href="{style}">' if style else ""
    return PAGE.replace("HEAD", head).replace("SCRIPT", script)


def _prepared(site: LiveSite) -> LiveSite:
    for kind in site.files:
        site.save(kind, "0")
    return site
