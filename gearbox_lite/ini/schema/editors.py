"""Links that open a file and line in the developer's editor."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

_VSCODE = "vscode://file{file}:{line}"
_PYCHARM = "pycharm://open?file={file}&line={line}"
EDITORS = {
    "vscode": _VSCODE,
    "pycharm": _PYCHARM,
    "zed": "zed://file{file}:{line}",
    "subl": "subl://open?url=file://{file}&line={line}",
}
"""The URLs that editors register with the system; {file} begins with a slash.

https://code.visualstudio.com/docs/configure/command-line#_opening-vs-code-with-urls,
https://zed.dev/docs/reference/cli, https://www.jetbrains.com/help/idea/opening-files-from-command-line.html
"""
_COMMANDS = {
    "code": "vscode", "code-insiders": "vscode", "codium": "vscode", "charm": "pycharm", "pycharm": "pycharm",
    "pycharm.sh": "pycharm", "zed": "zed", "zeditor": "zed", "subl": "subl", "sublime_text": "subl",
}  # fmt: skip
"""Commands that EDITOR may contain."""
_URL = re.compile(r"(?!javascript:|data:|vbscript:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
"""A scheme (RFC 3986, section 3.1) that runs no code in the page."""


def is_editor(value: str) -> bool:
    """Whether a setting names an editor, or is a URL with {file} and {line}."""
    return value in EDITORS or ("{file}" in value and "{line}" in value and _URL.match(value) is not None)


def editor_url(setting: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the URL of the editor that the setting or else EDITOR names, with {file} and {line}; empty for none."""
    if not setting:
        words = environ.get("EDITOR", "").split()
        setting = _COMMANDS.get(Path(words[0]).name, "") if words else ""
    return EDITORS.get(setting, setting)


def editor_link(url: str, file: str, line: int | None) -> str:
    """Return the link to a line; empty without an editor or for what is no file."""
    if not url or not os.path.isfile(file):
        return ""
    path = quote(os.path.abspath(file), safe="/:", errors="surrogateescape")
    return url.replace("{file}", path).replace("{line}", str(line or 1))
