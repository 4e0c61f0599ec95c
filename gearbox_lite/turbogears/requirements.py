"""What settings of TurboGears need: libraries, and renderers that the application has switched on."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from gearbox_lite.booleans import TRUE
from gearbox_lite.errors import MIN_SIMILARITY, Setting, at_setting, nearest
from gearbox_lite.ini.settings import AppSettings

LIBRARIES = {
    "tm.enabled": (("transaction", "transaction"),),
    "use_sqlalchemy": (("sqlalchemy", "SQLAlchemy"),),
    "use_ming": (("ming", "Ming"),),
}
"""The modules that each option of TurboGears 2.5 needs, and the distributions that have them."""


def check_libraries(settings: AppSettings) -> None:
    """Raise UserError for a setting of the application that needs a library which is not installed."""
    for name, libraries in LIBRARIES.items():
        setting = _setting(settings, name)
        if setting is None or setting.value.strip().lower() not in TRUE:
            continue
        missing = [distribution for module, distribution in libraries if not _is_installed(module)]
        if missing:
            problem = f"it needs the librar{'y' if len(missing) == 1 else 'ies'} {' and '.join(missing)}"
            raise at_setting(setting, problem, f"pip install {' '.join(missing)}, or set {name} = false")


def check_renderer(config: Any, settings: AppSettings) -> None:
    """Raise UserError for a ``default_renderer`` that the application's configuration does not switch on."""
    setting = _setting(settings, "default_renderer")
    renderers = [str(name) for name in config.get("renderers") or ()]
    if setting is None or not renderers or setting.value in renderers:
        return
    guess = nearest(setting.value.strip("'\"").lower(), renderers, cutoff=MIN_SIMILARITY)
    remedy = f"did you mean {guess}?" if guess else 'add it to "renderers" in config/app_cfg.py, or remove the line'
    raise at_setting(setting, f"the application's renderers are {', '.join(renderers)}", remedy)


def _setting(settings: AppSettings, name: str) -> Setting | None:
    return settings.app.innermost.get(name)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # the package that the module would be in
        return False
