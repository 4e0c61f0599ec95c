"""Factories that PasteDeploy finds through entry points (``egg:NAME``), and the module that a factory is defined in."""

from __future__ import annotations

from importlib import metadata

from gearbox_lite.errors import Setting, at_setting

# paste.deploy.loadwsgi, PasteDeploy 3.1.
ENTRY_POINT_GROUPS = {
    "app": ("paste.app_factory", "paste.composite_factory", "paste.composit_factory"),
    "filter": ("paste.filter_factory", "paste.filter_app_factory"),
    "server": ("paste.server_factory", "paste.server_runner"),
}


def check_egg(use: Setting, kind: str, spec: str) -> None:
    """Raise UserError if ``egg:SPEC`` names no installed distribution, or one without such a factory."""
    name, _, entry = spec.partition("#")
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise at_setting(
            use, f"no distribution {name!r} is installed", f"install it: pip install {name or 'NAME'}"
        ) from error
    entries = [point.name for point in distribution.entry_points if point.group in ENTRY_POINT_GROUPS[kind]]
    if (entry or "main") not in entries:
        remedy = f"it has: {', '.join(entries)}" if entries else f"it has no {kind} at all"
        raise at_setting(use, f"{name} has no {kind} {entry or 'main'!r}", remedy)


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
