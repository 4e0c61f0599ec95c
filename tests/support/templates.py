"""Custom templates, with a question of each type."""

from __future__ import annotations

from pathlib import Path

HEAD = 'name = "mine"\ndescription = "A template."\n'
QUESTIONS = """
[[questions]]
name = "title"
type = "str"
help = "Its title"

[[questions]]
name = "color"
type = "choice"
choices = ["red", "green"]
default = "green"

[[questions]]
name = "loud"
type = "bool"
default = false
help = "Shout"
"""
SHOWN = b"{{ project }} {{ package }} {{ title }} {{ color }} {{ loud }}\n"


def template(folder: Path, manifest: str = "", **files: bytes) -> Path:
    """Write a template to ``folder``; by default it has one file, which shows all variables."""
    (folder / "tree").mkdir(parents=True)
    (folder / "template.toml").write_text(HEAD + manifest)
    for name, content in (files or {"shown.txt.j2": SHOWN}).items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
