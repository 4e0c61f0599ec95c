"""What the welcome page tells developers about the application."""

import platform
from configparser import ConfigParser
from importlib.metadata import version
from pathlib import Path

from tg import config


def development_status():
    """Return what to show, by name; nothing if debug = false.

    Versions would tell an attacker which known weaknesses to try.
    """
    if not config["debug"]:
        return {}
    file = Path(config["__file__"])
    ini = ConfigParser(interpolation=None)
    ini.read(file, encoding="utf-8")
    return {
        "Python": platform.python_version(),
        "TurboGears": version("TurboGears2"),
        "Session store": ini.get("filter:session", "session.type", fallback="unknown"),
        "Debug": "on",
        "Settings": file.name,
    }
