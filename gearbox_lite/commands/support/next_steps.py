"""The next steps after quickstart, as commands that work when pasted."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from gearbox_lite.commands.support.shell_words import program, quote

DEBIAN_PACKAGES = {"postgresql": "postgresql", "memcached": "memcached", "redis": "redis-server"}
"""Debian packages of the session stores that are servers. Installing a package also starts its server."""


def next_steps(
    target: Path, ini: str | None, extras: list[str], database: str | None, *, migrates: bool = False
) -> list[str]:
    """Return the commands that install the session store, change to the project's folder and serve its ini, if any.

    ``extras`` are the extras of gearbox-lite to install, ``database`` the PostgreSQL database to create.
    With ``migrates``, the tables of the project's own database are created before it is served.
    """
    folder = str(target)
    steps = _store_steps(extras, database)
    steps.append(f"cd {quote(f'./{folder}' if folder.startswith('-') else folder)}")
    if migrates:
        steps.append(f"{program()} migrate upgrade")
    if ini is not None:
        steps.append(f"{program()} serve {ini}")
    return steps


def _store_steps(extras: list[str], database: str | None) -> list[str]:
    if not extras:
        return []
    wanted = f"gearbox-lite[{','.join(extras)}]"
    steps = [f"{_pip()} install {quote(wanted)}"]
    if shutil.which("apt-get"):
        sudo = "" if os.geteuid() == 0 else "sudo "
        steps += [f"{sudo}apt-get install {DEBIAN_PACKAGES[extra]}" for extra in extras if extra in DEBIAN_PACKAGES]
        if database:
            import pwd

            user = pwd.getpwuid(os.geteuid()).pw_name
            steps.append(f"{sudo}su postgres -c 'createuser {user}; createdb -O {user} {database}'")
    return steps


def _pip() -> str:
    return "pip" if program() == "gearbox-lite" else f"{quote(sys.executable)} -m pip"
