"""Factories that PasteDeploy finds through entry points (``egg:NAME``), and the module that a factory is defined in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from gearbox_lite.errors import MIN_SIMILARITY, Setting, UserError, at_setting, nearest, wrong_value

# paste.deploy.loadwsgi, PasteDeploy 3.1.
ENTRY_POINT_GROUPS = {
    "app": ("paste.app_factory", "paste.composite_factory", "paste.composit_factory"),
    "filter": ("paste.filter_factory", "paste.filter_app_factory"),
    "server": ("paste.server_factory", "paste.server_runner"),
}

KNOWN_DISTRIBUTIONS = {
    "waitress": "waitress",
    "gunicorn": "gunicorn",
    "gearbox": "gearbox",
    "pyramid": "pyramid",
    "paste": "Paste",
    "pastedeploy": "PasteDeploy",
    "pastescript": "PasteScript",
    "beaker": "Beaker",
    "turbogears2": "TurboGears2",
    "weberror": "WebError",
    "repoze-who": "repoze.who",
    "repoze-tm2": "repoze.tm2",
}
"""Distributions with such factories. ``pip install`` is suggested for these only: a name that is similar to one of them
may be a stranger's distribution."""

_OTHERS = {
    "uvicorn": "uvicorn serves ASGI applications, and this is a WSGI application",
    "hypercorn": "hypercorn cannot be used from a PasteDeploy ini",
    "daphne": "daphne serves ASGI applications, and this is a WSGI application",
    "uwsgi": "uWSGI reads an ini itself: uwsgi --ini-paste development.ini",
    "mod-wsgi": "mod_wsgi is configured in Apache",
    "flask": "Flask has no server for PasteDeploy",
    "django": "Django has no server for PasteDeploy",
    "werkzeug": "Werkzeug has no server for PasteDeploy",
    "tornado": "Tornado has no server for PasteDeploy",
    "gevent": "gearbox has a server that uses gevent: egg:gearbox#gevent",
    "eventlet": "gunicorn has workers that use eventlet",
    "cherrypy": "gearbox has a server that uses CherryPy: egg:gearbox#cherrypy",
}
"""Programs that people know as servers, and why no ini can name them."""

_SCHEMES = ("egg:", "config:", "call:")
"""What ``use`` may begin with."""


def check_egg(use: Setting, kind: str, spec: str, folder: Path) -> None:
    """Raise UserError if ``egg:SPEC`` names no installed distribution, or one without such a factory.

    ``folder`` is the ini's, which may have a package of that name that is not installed.
    """
    name, _, entry = spec.partition("#")
    if name != name.strip() or entry != entry.strip():
        raise wrong_value(use, "there is a space in it", f"write egg:{name.strip()}#{entry.strip() or 'main'}")
    if ":" in name or "/" in name or "=" in name or ("." in name and not _is_installed(name)):
        parts = re.split(r"[:/=.]+", name)
        problem = "the name of the factory follows a #"
        if _is_installed(parts[0]):
            raise wrong_value(use, problem, f"write egg:{parts[0]}#{parts[1] or 'main'}")
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise _not_installed(use, kind, name, entry, folder) from error
    entries = [point.name for point in distribution.entry_points if point.group in ENTRY_POINT_GROUPS[kind]]
    if (entry or "main") not in entries:
        others = f"it has: {', '.join(entries)}" if entries else f"it has no {kind} at all"
        guess = nearest(entry, entries, cutoff=MIN_SIMILARITY) if entry else None
        remedy = f"did you mean {name}#{guess}?" if guess else _OTHERS.get(_normalized(name), others)
        raise wrong_value(use, f"{name} has no {kind} {entry or 'main'!r}", remedy)


def check_factory(factory: Setting) -> None:
    """Raise UserError for a ``paste.app_factory`` or the like that is not written as module:function."""
    value = factory.value
    is_other = ".py:" in value or value.startswith(_SCHEMES)
    if not is_other and re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_][\w.]*", value):
        return
    from gearbox_lite import value_syntax  # needed for a wrong value only

    example = "hello.config.application:make_app"
    text = value_syntax.unquoted(value.strip()).removesuffix("()").strip()
    if text.startswith(_SCHEMES):
        raise at_setting(factory, f"{text.partition(':')[0]}: is for use", f"write use = {text}")
    if value_syntax.has_comment(text):
        raise wrong_value(factory, "this names no function", f"write {re.split(r'[;#]|//', text)[0].strip()}")
    text = re.sub(r"\s*:\s*", ":", text)
    path = re.fullmatch(r"\.?/?([\w/.]+?)(?:\.py)?[:/#](\w+)", text)
    dotted = re.fullmatch(r"([\w.]+)\.(\w+)", text)
    meant = None
    if ".py:" in text:
        meant = text.lstrip("./").replace(".py:", ":").replace("/", ".")
    elif re.fullmatch(r"[\w.]+:[\w.]+", text):
        meant = text
    elif path is not None and ("/" in text or ".py" in text):
        meant = f"{path[1].strip('/').replace('/', '.')}:{path[2]}"
    elif dotted is not None and dotted[2] not in ("py", "application"):
        meant = f"{dotted[1]}:{dotted[2]}"
    remedy = f"write {meant}" if meant else f"write package.module:function, for example {example}"
    raise at_setting(factory, "this names no function", remedy)


def raise_wrong_factory(kind: str, options: Mapping[str, Setting]) -> None:
    """Raise UserError for a setting that was meant to name the factory of a section: ``app_factory``, ``use`` in case.

    Returns if there is none.
    """
    groups = ENTRY_POINT_GROUPS[kind]
    others = [group for other in ENTRY_POINT_GROUPS.values() for group in other if group not in groups]
    for name, setting in options.items():
        if name in others:
            raise at_setting(setting, f"this is for another kind of section than [{kind}:...]", f"write {groups[0]}")
        plain = name.lower().replace("-", "_")
        if plain in ("use", "uses", "egg", "factory", "app", "application", "main", "entry_point", "wsgi", "module"):
            is_egg = setting.value.startswith(_SCHEMES) or plain in ("use", "uses")
            problem = "nothing reads this setting, and the section names nothing to load"
            raise at_setting(setting, problem, f"write {'use' if is_egg else groups[0]} = {setting.value}")
        if plain == groups[0].rpartition(".")[2] or nearest(plain, list(groups), cutoff=MIN_SIMILARITY):
            raise at_setting(setting, "nothing reads a setting of this name", f"write {groups[0]}")


def distribution_of_server(name: str) -> str | None:
    """Return ``egg:NAME#main`` for the name of a distribution that has a server, or a similar name; None for others."""
    plain = _normalized(name.partition("#")[0])
    servers = [one for one in ("waitress", "gunicorn") if nearest(plain, [one], cutoff=MIN_SIMILARITY)]
    return f"egg:{servers[0]}#main" if servers else None


def factory_module(factory: Setting | None) -> str | None:
    """Return the dotted name of the module that defines an application's factory; None if the ini does not tell."""
    if factory is None:
        return None
    scheme, _, rest = factory.value.partition(":")
    if scheme == "egg":
        name, _, entry = rest.partition("#")
        points = metadata.distribution(name).entry_points
        return next(
            point.module
            for point in points
            if point.group in ENTRY_POINT_GROUPS["app"] and point.name == (entry or "main")
        )
    return rest.partition(":")[0] if scheme == "call" else scheme


def _not_installed(use: Setting, kind: str, name: str, entry: str, folder: Path) -> UserError:
    problem = f"no distribution {name!r} is installed"
    plain = _normalized(name)
    if plain in _OTHERS:
        return at_setting(use, _OTHERS[plain], "use = egg:waitress#main is the server of this project")
    if plain in KNOWN_DISTRIBUTIONS:
        return at_setting(use, problem, f"install it: pip install {KNOWN_DISTRIBUTIONS[plain]}")
    if kind == "app" and re.fullmatch(r"\w+", name) and (folder / name / "__init__.py").is_file():
        example = f"paste.app_factory = {name}.config.application:make_app"
        return at_setting(use, problem, f"pip install -e . here, or write {example} instead of use")
    points = [point for group in ENTRY_POINT_GROUPS[kind] for point in metadata.entry_points(group=group)]
    installed = {point.dist.name for point in points if point.dist is not None}
    guess = nearest(plain, [*map(_normalized, installed), *KNOWN_DISTRIBUTIONS], cutoff=MIN_SIMILARITY)
    if guess is not None:
        found = next((one for one in installed if _normalized(one) == guess), KNOWN_DISTRIBUTIONS.get(guess, guess))
        return wrong_value(use, problem, f"did you mean egg:{found}{f'#{entry}' if entry else ''}?")
    example = {"server": "egg:waitress#main", "filter": "egg:gearbox_lite#session"}.get(kind, "egg:NAME#main")
    return wrong_value(use, problem, f"correct the name, or install its distribution; for example use = {example}")


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return True


def _normalized(name: str) -> str:
    """Normalize a distribution's name, https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", name).lower()
