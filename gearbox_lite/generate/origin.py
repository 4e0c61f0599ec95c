"""Where this gearbox-lite came from, so that a project requires the same one and no other of its name.

pip notes it in ``direct_url.json`` (https://packaging.python.org/en/latest/specifications/direct-url/). It is read here
without ``importlib.metadata``, whose import takes a fifth of a quickstart.
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
    """What follows the name in a requirement, and whether its wheel has to be made from a local path first."""

    pin: str
    is_local: bool


def find(folder: Path = _FOLDER) -> Origin:
    """Return where the gearbox-lite came from whose package is in ``folder``: a checkout or an installation."""
    installed = folder / f"gearbox_lite-{__version__}.dist-info"
    if not installed.is_dir():
        return Origin(f"=={__version__}", is_local=True)
    try:
        text = (installed / "direct_url.json").read_text(encoding="utf-8")
    except OSError:  # pip has found it by its name
        return Origin(f">={__version__}", is_local=False)
    import json

    return _of_direct_url(json.loads(text))


def _of_direct_url(direct: dict[str, Any]) -> Origin:
    url = re.sub(r"(?<=://)[^/@]*@", "", str(direct.get("url", "")))  # no name and password in a project
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
