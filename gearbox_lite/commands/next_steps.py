"""What to type after quickstart, in words that the shell in use takes as they are."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def next_steps(target: Path, ini: str | None) -> list[str]:
    """Return the commands that go to a new project and, where it has an ini, serve it."""
    folder = str(target)
    steps = [f"cd {_quote(f'./{folder}' if folder.startswith('-') else folder)}"]
    if ini is not None:
        steps.append(f"{_program()} serve {ini}")
    return steps


def _program() -> str:
    """Return the words that run this same gearbox-lite from another folder."""
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
    quoted = shlex.quote(word)
    if shell == "fish" and quoted != word:
        return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if shell == "zsh" and word.startswith("=") and quoted == word:
        return f"'{word}'"
    return quoted
