"""A project's ``websetup``, which prepares it once before it is first served, for example by filling a database.

It is found and called as by gearbox 0.5, gearbox.commands.setup_app, but the project need not be installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any

from paste.deploy.loadwsgi import APP, loadcontext

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.ini.validation.factories import factory_module

FUNCTIONS = ("setup_app", "setup_config")


@dataclass(frozen=True)
class Websetup:
    """The function to run: its name, for messages, and the call with its arguments."""

    name: str
    run: Callable[[], object]


def find_websetup(settings: AppSettings) -> Websetup | None:
    """Import the ``websetup`` of the package that the ini's application comes from; None if it has none.

    Raises UserError if the module has neither of the functions, and whatever importing it raises.
    """
    module = _nearest_websetup(factory_module(settings.app.innermost.factory) or "")
    if module is None:
        return None
    websetup = import_module(module)
    variables = dict(settings.variables)
    if hasattr(websetup, "setup_app"):
        return Websetup(f"{module}.setup_app", partial(websetup.setup_app, None, _app_config(settings), variables))
    if hasattr(websetup, "setup_config"):
        call = partial(websetup.setup_config, None, str(settings.ini), settings.app.innermost.name, variables)
        return Websetup(f"{module}.setup_config", call)
    raise UserError(
        f"{module} has no {' or '.join(FUNCTIONS)}",
        at=Location(Path(websetup.__file__) if websetup.__file__ else module),
        remedy="write one: def setup_app(command, conf, vars)",
    )


def _nearest_websetup(factory: str) -> str | None:
    """Return the ``websetup`` nearest to the factory's module: for a.b.c it is a.b.websetup, then a.websetup."""
    packages = accumulate(factory.split(".")[:-1] or [factory], lambda outer, name: f"{outer}.{name}")
    for name in [f"{package}.websetup" for package in reversed(list(packages)) if package]:
        try:
            if find_spec(name):
                return name
        except ModuleNotFoundError as error:
            if error.name != name:  # raised with this name if the parent is a module, not a package
                raise
    return None


def _app_config(settings: AppSettings) -> Any:
    """Return the application's settings as PasteDeploy's appconfig does, also from inside filters."""
    context = loadcontext(APP, f"config:{settings.ini}", name=settings.app_name, global_conf=dict(settings.variables))
    while inner := getattr(context, "app_context", None) or getattr(context, "next_context", None):
        context = inner
    config = context.config()
    config.filename = str(settings.ini)
    return config
