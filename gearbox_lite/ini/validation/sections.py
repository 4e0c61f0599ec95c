"""Names of sections: those that something reads, and which one a mistyped name was meant to be."""

from __future__ import annotations

import re

from gearbox_lite.errors import UserError, nearest
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS

# paste.deploy.loadwsgi, PasteDeploy 3.1.
SECTION_PREFIXES = {
    "app": ("app", "application", "composite", "composit", "pipeline", "filter-app"),
    "filter": ("filter",),
    "server": ("server",),
}
_PASTE = tuple(prefix for prefixes in SECTION_PREFIXES.values() for prefix in prefixes)
_LOGGING = {"loggers": "logger_", "handlers": "handler_", "formatters": "formatter_"}
_SINGLE = ("DEFAULT", "serve", *_LOGGING)
_MEANINGS = {
    "gearbox": "serve",
    "gearbox_lite": "serve",
    "waitress": "server:main",
    "gunicorn": "server:main",
    "uvicorn": "server:main",
    "session": "filter:session",
    "sessions": "filter:session",
    "beaker": "filter:session",
    "global": "DEFAULT",
    "globals": "DEFAULT",
    "defaults": "DEFAULT",
    "common": "DEFAULT",
}
"""Headers that other programs or intuition suggest, if the section has settings of ours."""
_MIN_SIMILARITY = 0.8
_MIN_WORD_SIMILARITY = 0.85
"""For [serve] and others without a name: [service] may belong to another program."""


def headers_named(ini: IniFile, kind: str, name: str) -> list[str]:
    """Return the headers of the sections of a kind ("app", "filter", "server") that have a name."""
    return [header for header in ini.sections() if name_in(header, kind) == name]


def name_in(header: str, kind: str) -> str | None:
    """Return the name in a section's header, or None if the section is of another kind."""
    prefix, _, name = header.partition(":")
    return (name.strip() or "main") if prefix in SECTION_PREFIXES[kind] else None


def is_paste_section(header: str) -> bool:
    """Whether PasteDeploy reads a section of this header."""
    return header.partition(":")[0] in _PASTE


def check_sections(ini: IniFile) -> None:
    """Raise UserError for a section that nothing reads and that was surely meant to be another one."""
    for header in ini.sections():
        meant = _meant(header, ini)
        if meant is not None and meant != header:
            problem = f"nothing reads a section [{header}]"
            remedy = f"write [{meant}]"
            if meant in ini.sections():
                remedy = f"move its settings to [{meant}]"
            raise UserError(problem, at=ini.at(header), remedy=remedy)


def _meant(header: str, ini: IniFile) -> str | None:
    """Return the header that was meant; None if the header is right, or may belong to another program."""
    prefix, colon, _ = header.partition(":")
    if (colon and prefix in _PASTE) or header in _SINGLE or header.startswith(tuple(_LOGGING.values())):
        return None
    if header in SECTION_PREFIXES["app"]:  # PasteDeploy finds [server] without a name, but not these
        return f"{header}:main"
    if header in _PASTE:
        return None
    written = header.strip().strip("[]").strip()
    options = ini.written(header)
    guesses = (_with_name(written, options), _of_logging(written), _by_content(written.lower(), options))
    return next(filter(None, (_single(written), *guesses, _similar(written, options))), None)


def _single(written: str) -> str | None:
    """Return the header without a name that is written in another case, or with a name."""
    plain = written.lower().removesuffix(":main")
    return next((known for known in _SINGLE if known.lower() == plain), None)


def _with_name(written: str, options: list[str]) -> str | None:
    """Return [server:main] and the like for a mistyped kind or a wrong separator."""
    parts = re.fullmatch(r"(?P<kind>[A-Za-z-]+)\s*(?P<mark>[:._ /-])\s*(?P<name>[\w.-]+)", written)
    if parts is None:
        return None
    kind = nearest(parts["kind"].lower(), list(_PASTE), cutoff=_MIN_SIMILARITY)
    is_ours = parts["mark"] == ":" or _by_content(written.lower(), options) is not None
    return f"{kind}:{parts['name']}" if kind is not None and is_ours else None


def _of_logging(written: str) -> str | None:
    """Return [handler_console] and the like for a mistyped kind or a wrong separator."""
    parts = re.fullmatch(r"(?P<kind>[A-Za-z]+)(?P<mark>[_:. -])(?P<name>\w+)", written)
    if parts is None:
        return None
    kind = nearest(parts["kind"].lower(), [name[:-1] for name in _LOGGING.values()], cutoff=_MIN_SIMILARITY)
    return f"{kind}_{parts['name']}" if kind is not None else None


def _by_content(plain: str, options: list[str]) -> str | None:
    """Return the header for a section that has another name and whose settings tell what it is."""
    from gearbox_lite.ini.schema.foreign_names import section_of

    sections = {section_of(option) for option in options}
    name = re.sub(r"\W", "_", plain.rpartition(":")[2])
    if "pipeline" in options:
        return "pipeline:main"
    if "paste.app_factory" in options or "paste.composite_factory" in options:
        return f"app:{name}"
    if "filter:session" in sections:
        return "filter:session"
    if "paste.filter_factory" in options:
        return f"filter:{name}"
    if name in _MEANINGS and (sections - {None} or "use" in options):
        return _MEANINGS[name]
    is_server = any(section == "server:main" for section in sections)
    return "server:main" if "use" in options and is_server else None


def _similar(written: str, options: list[str]) -> str | None:
    """Return the header without a name that is similar, if the section has a setting of it."""
    guess = nearest(written.lower(), [known.lower() for known in (*_SINGLE, "server")], cutoff=_MIN_WORD_SIMILARITY)
    known = next((known for known in _SINGLE if known.lower() == guess), None)
    own = {"serve": SERVE_SETTINGS, "DEFAULT": options}.get(known or "", ("keys",))
    return known if any(option in own for option in options) else None
