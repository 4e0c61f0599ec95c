"""Commands to paste: the words of a command line, quoted for the user's shell."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def with_port(arguments: Sequence[str], port: int) -> str:
    """Return the command that runs gearbox-lite with these arguments, but with another ``--port``.

    Values of variables whose names are those of secrets are masked.
    """
    from gearbox_lite.masking import shown_value

    words: list[str] = []
    for before, word in zip(["", *arguments], arguments, strict=False):
        if before != "--port" and word != "--port" and not word.startswith("--port="):
            name, equals, value = word.partition("=")
            words.append(f"{name}={shown_value(name, value)}" if equals else word)
    end = words.index("--") if "--" in words else len(words)
    words[end:end] = ["--port", str(port)]
    return " ".join([program(), *map(quote, words)])


def program() -> str:
    """Return the command that runs this same gearbox-lite from any folder."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{quote(sys.executable)} -m gearbox_lite"
    found = shutil.which("gearbox-lite")
    if found is not None and Path(found).resolve() == started.resolve():
        return "gearbox-lite"
    return quote(str(started.absolute()))


def quote(word: str) -> str:
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
