"""The next steps after quickstart: commands quoted for the user's shell, so that they work when pasted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

DEBIAN_PACKAGES = {"postgresql": "postgresql", "memcached": "memcached", "redis": "redis-server"}
"""Debian packages of the session stores that are servers. Installing a package also starts its server."""


def next_steps(target: Path, ini: str | None, extras: list[str], database: str | None) -> list[str]:
    """Return the commands that install the session store, change to the project's folder and serve its ini, if any.

    ``extras`` are the extras of gearbox-lite to install, ``database`` the PostgreSQL database to create.
    """
    folder = str(target)
    steps = _store_steps(extras, database)
    steps.append(f"cd {_quote(f'./{folder}' if folder.startswith('-') else folder)}")
    if ini is not None:
        steps.append(f"{_program()} serve {ini}")
    return steps


def _store_steps(extras: list[str], database: str | None) -> list[str]:
    if not extras:
        return []
    wanted = f"gearbox-lite[{','.join(extras)}]"
    steps = [f"{_pip()} install {_quote(wanted)}"]
    if shutil.which("apt-get"):
        sudo = "" if os.geteuid() == 0 else "sudo "
        steps += [f"{sudo}apt-get install {DEBIAN_PACKAGES[extra]}" for extra in extras if extra in DEBIAN_PACKAGES]
        if database:
            import pwd

            user = pwd.getpwuid(os.geteuid()).pw_name
            steps.append(f"{sudo}su postgres -c 'createuser {user}; createdb -O {user} {database}'")
    return steps


def _pip() -> str:
    return "pip" if _program() == "gearbox-lite" else f"{_quote(sys.executable)} -m pip"


def _program() -> str:
    """Return the command that runs this same gearbox-lite from any folder."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{_quote(sys.executable)} -m gearbox_lite"
    found = shutil.which("gearbox-lite")
    if found is not None and Path(found).resolve() == started.resolve():
        return "gearbox-lite"
    return _quote(str(started.absolute()))


def _quote(word: str) -> str:
    """Quote a word for the user's shell: fish has escapes inside its quotes, zsh expands a leading =."""
    shell = Path(os.environ.get("SHELL", "")).name
    if not word.isprintable():
        return _escape(word, shell)
    quoted = shlex.quote(word)
    if shell == "fish" and quoted != word:
        return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if shell == "zsh" and word.startswith("=") and quoted == word:
        return f"'{word}'"
    return quoted


def _escape(word: str, shell: str) -> str:
    """Return a word with control characters escaped, so that it is safe to print and the shell restores them."""
    if shell == "fish":
        parts = re.findall(r"[\w/.]+|.", word, re.DOTALL)
        return "".join(part if re.fullmatch(r"[\w/.]+", part) else _bytes(part, r"\X{:02x}") for part in parts)
    plain = "".join(
        letter if letter.isprintable() and letter not in "\\'%" else _bytes(letter, r"\{:03o}") for letter in word
    )
    # Every POSIX shell has printf; not every one has $'...'.
    return f"$'{plain}'" if shell in ("bash", "zsh", "ksh") else f"\"$(printf '{plain}')\""


def _bytes(text: str, form: str) -> str:
    return "".join(form.format(byte) for byte in os.fsencode(text))
