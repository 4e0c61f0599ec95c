"""Where this gearbox-lite was installed from, so that a generated project requires exactly that one.

Otherwise pip could install another package of the same name. pip records the origin in ``direct_url.json``
(https://packaging.python.org/en/latest/specifications/direct-url/). It is read here without ``importlib.metadata``,
whose import takes a fifth of a quickstart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gearbox_lite import __version__

_FOLDER = Path(__file__).parents[2]


@dataclass(frozen=True)
class Origin:
    """``pin`` follows the name in a requirement; ``is_local`` is whether the project must carry a wheel of it."""

    pin: str
    is_local: bool


def detect_origin(folder: Path = _FOLDER) -> Origin:
    """Return the origin of the gearbox-lite in ``folder``, which is a clone or a ``site-packages`` folder."""
    installed = folder / f"gearbox_lite-{__version__}.dist-info"
    if not installed.is_dir():
        return Origin(f"=={__version__}", is_local=True)
    try:
        text = (installed / "direct_url.json").read_text(encoding="utf-8")
    except OSError:  # installed by name, from a package index
        return Origin(f">={__version__}", is_local=False)
    import json

    return _origin_of_url(json.loads(text))


def _origin_of_url(direct: dict[str, Any]) -> Origin:
    url = re.sub(r"(?<=://)[^/@]*@", "", str(direct.get("url", "")))  # keep user name and password out of the project
    if "vcs_info" in direct:
        place = f"{direct['vcs_info']['vcs']}+{url}@{direct['vcs_info']['commit_id']}"
        if direct.get("subdirectory"):
            place += f"#subdirectory={direct['subdirectory']}"
        return Origin(f" @ {place}", is_local=False)
    if url.startswith(("https://", "http://")):
        hashes = direct.get("archive_info", {}).get("hashes", {})
        algorithm = next(iter(hashes), None)
        return Origin(f" @ {url}" + (f"#{algorithm}={hashes[algorithm]}" if algorithm else ""), is_local=False)
    return Origin(f"=={__version__}", is_local=True)
