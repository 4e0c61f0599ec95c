"""What a server shows the person who started it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gearbox_lite.ini.settings import ServeSettings


@dataclass(frozen=True)
class Terminal:
    """What is shown while serving: the banner with its URLs, warnings, notes, and a failure to load."""

    announce: Callable[[ServeSettings, list[str]], None]
    warn: Callable[[str], None]
    note: Callable[[str], None]
    fail: Callable[[str, str], None]
