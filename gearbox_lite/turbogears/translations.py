"""The language that a TurboGears application is set to, which needs a catalog of translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gearbox_lite.errors import UserError, short_path
from gearbox_lite.ini.settings import AppSettings

LANGUAGE = "i18n.lang"


def check_language(config: Any, settings: AppSettings) -> None:
    """Raise UserError if there is no catalog for ``i18n.lang``, since every request would then fail."""
    language = config.get(LANGUAGE)
    if not language:
        return
    from tg.i18n import LanguageError, _get_translator

    try:
        _get_translator(language, tg_config=config)
    except LanguageError as error:
        setting = next((item for section in settings.app.walk() if (item := section.get(LANGUAGE)) is not None), None)
        folder = Path(config["paths"].get("i18n") or Path(config["paths"]["root"], "i18n"))
        catalog = folder / str(language) / "LC_MESSAGES" / f"{config['package_name']}.mo"
        raise UserError(
            f"{setting or f'{LANGUAGE} = {language}'}: there is no catalog {short_path(catalog)}",
            at=setting.at if setting else None,
            remedy="create it with gettext's msgfmt, or remove the setting",
        ) from error
