"""The same page with a database in each framework: POST /store reads a row, writes another one, and commits."""

from __future__ import annotations

import subprocess
from pathlib import Path

from figures import OURS
from rivals import DJANGO_DATABASE, FLASK_SQLALCHEMY, PYRAMID_TM, SESSIONS, program
from sites import Site, code_of, edit, new_folder
from sqlalchemy.engine import make_url


def ours(folder: Path, url: str) -> Site:
    """Return a project of our own ``quickstart --database``."""
    site = new_folder(folder)
    command = program(SESSIONS, OURS)
    subprocess.run([command, "quickstart", "hello", "--database"], cwd=site, check=True, capture_output=True)
    project = site / "hello"
    ini = "sqlalchemy.url = sqlite:///%(here)s/data/hello.db"
    edit(project / "development.ini", {"debug = true": "debug = false", ini: f"sqlalchemy.url = {url}"})
    subprocess.run([command, "migrate", "upgrade"], cwd=project, check=True, capture_output=True)
    serve = [command, "serve", "development.ini", "--port", "PORT", "--no-access-log"]
    deployed, reload = [*serve, "--no-reload"], [*serve, "--reload"]
    return Site(
        project, project / "hello/controllers/root.py", code_of("database_turbogears"), deployed, reload, deployed
    )


def django(folder: Path, url: str) -> Site:
    """Return what startproject writes, with one transaction for each request and lasting connections."""
    site = new_folder(folder)
    python = program(DJANGO_DATABASE, "python")
    subprocess.run([program(DJANGO_DATABASE, "django-admin"), "startproject", "site1", "."], cwd=site, check=True)
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"
        database = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": address.database,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": pragmas, "timeout": 15},
        }
    else:
        database = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": address.database,
            "USER": address.username,
            "HOST": address.host,
            "PORT": str(address.port),
        }
    database |= {"ATOMIC_REQUESTS": True, "CONN_MAX_AGE": None}
    (site / "site1/models.py").write_text(code_of("database_django_models"))
    with (site / "site1/settings.py").open("a") as settings:
        settings.write(f"DATABASES = {{'default': {database!r}}}\nINSTALLED_APPS.append('site1')\n")
        settings.write("DEBUG = False\nALLOWED_HOSTS = ['127.0.0.1']\n")
    subprocess.run([python, "manage.py", "migrate", "--run-syncdb"], cwd=site, check=True, capture_output=True)
    serve = [
        program(DJANGO_DATABASE, "waitress-serve"), "--listen=127.0.0.1:PORT", "--threads=4", "site1.wsgi:application",
    ]  # fmt: skip
    return Site(site, site / "site1/urls.py", code_of("database_django"), serve, [], serve)


def flask(folder: Path, url: str) -> Site:
    """Return a Flask application with Flask-SQLAlchemy."""
    site = new_folder(folder)
    serve = [program(FLASK_SQLALCHEMY, "waitress-serve"), "--listen=127.0.0.1:PORT", "--threads=4", "views:app"]
    return Site(site, site / "views.py", code_of("database_flask", URL_HERE=url), serve, [], serve)


def pyramid(folder: Path, url: str) -> Site:
    """Return a Pyramid application with SQLAlchemy, whose transactions pyramid_tm ends."""
    site = new_folder(folder)
    serve = [program(PYRAMID_TM, "waitress-serve"), "--listen=127.0.0.1:PORT", "--threads=4", "views:app"]
    return Site(site, site / "views.py", code_of("database_pyramid", URL_HERE=url), serve, [], serve)
