"""Writing to the terminal: what is not printable is escaped, so that no file's name or data can control it."""

from __future__ import annotations

import click


def printable(text: str, keep: str = "") -> str:
    r"""Return ``text`` with everything unprintable as Python writes it in a string: ``\x1b``, ``\u202e``.

    That is control characters (C0, DEL and C1), line separators, what changes the direction of text, and bytes of
    file names that are not UTF-8. Characters in ``keep`` stay.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in keep else ascii(letter)[1:-1] for letter in text)


def show(*lines: str, err: bool = False) -> None:
    """Write lines to standard output or error; a tab stays, a line feed inside a line does not."""
    click.echo("\n".join(printable(line, keep="\t") for line in lines), err=err)
