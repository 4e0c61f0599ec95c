"""What is wrong or doubtful in an ini whose settings can all be read, with the line of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.discover import DEFAULT_INI
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.masking import masked
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.rotate import key_names
from gearbox_lite.sessions.settings import configured
from gearbox_lite.sessions.settings.configured import Configured
from gearbox_lite.sessions.settings.key_strength import SHORTEST_KEY, weakness
from gearbox_lite.sessions.settings.options import shown_value
from gearbox_lite.sessions.stores import make_store
from gearbox_lite.sessions.stores.folders import UnsafePathError

FORM_KEY = "csrf.key"
"""The setting of a generated project that signs its forms."""


@dataclass(frozen=True)
class Finding:
    """One thing found: ``is_error`` if it must not be served like that."""

    is_error: bool
    at: Location
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


def find(settings: ServeSettings) -> list[Finding]:
    """Return what is wrong or doubtful in an application's session and keys, errors first.

    Raises UserError for an option that cannot be used.
    """
    session = configured.find(settings.app)
    found = [] if session is None else list(_session(settings, session))
    found += _form_keys(settings, session)
    return sorted(found, key=lambda finding: not finding.is_error)


def _session(settings: ServeSettings, session: Configured) -> Iterator[Finding]:
    yield from _keys(session, is_error=settings.debug is None)
    if session.options["data_serializer"] == "pickle":
        yield _warning(session, "data_serializer", "pickle runs code if a key is ever known; json does not")
    if session.store == "memory":
        yield from _memory(settings, session)
    if settings.debug is None:
        yield from _production(session)
        yield from _shared_with_development(settings, session)
        yield from _proxy(settings)


def _place(session: Configured, option: str) -> tuple[Location, str]:
    setting = session.setting(option)
    if setting is not None:
        value = shown_value(setting.name, setting.value) if setting.written is None else setting.written
        return setting.at, f"{setting.name} = {value}: "
    section = session.section
    return (section.factory.at if section.factory else Location(section.name)), f"session.{option} is not set: "


def _warning(session: Configured, option: str, message: str) -> Finding:
    at, shown = _place(session, option)
    return Finding(is_error=False, at=at, message=shown + message)


def _keys(session: Configured, *, is_error: bool) -> Iterator[Finding]:
    """Find keys in use that can be guessed: errors if the world can try, warnings while debugging."""
    used: set[str] = set()
    for name in key_names(session):
        key = session.options[name]
        problem = "is the same as another key" if key in used else weakness(key)
        used.add(key)
        if problem:
            hint = "write 64 random hex digits, or let `gearbox-lite session rotate-key` do it"
            yield _key(session, name, f"the key {problem}; {hint}", is_error=is_error)
        if any(weakness(old) for old in session.options.get(f"{name}_fallbacks", ())):
            hint = "end the rotation: gearbox-lite session rotate-key --drop-fallbacks"
            yield _key(session, f"{name}_fallbacks", f"an old key can be guessed; {hint}", is_error=is_error)


def _key(session: Configured, option: str, message: str, *, is_error: bool) -> Finding:
    at, shown = _place(session, option)
    return Finding(is_error, at, shown + message)


def _form_keys(settings: ServeSettings, session: Configured | None) -> Iterator[Finding]:
    """Find keys of generated projects (lib/csrf.py) that sign forms and can be guessed.

    The projects themselves refuse a missing or short one when they load.
    """
    others = [session.options[name] for name in key_names(session)] if session is not None else []
    for section in settings.app.walk():
        setting = section.options.get(FORM_KEY)
        if setting is None or len(setting.value) < SHORTEST_KEY:
            continue
        problem = "is the same as another key" if setting.value in others else weakness(setting.value)
        hint = "write 64 random hex digits"
        if problem:
            yield Finding(settings.debug is None, setting.at, f"{setting}: the key {problem}; {hint}")
        elif settings.debug is None and setting.value.replace("%", "%%") in _development(settings):
            message = f"{DEFAULT_INI} has this key too, and that file may be public; {hint} of its own"
            yield Finding(True, setting.at, f"{setting}: {message}")


def _memory(settings: ServeSettings, session: Configured) -> Iterator[Finding]:
    own = settings.server.options.get("workers")
    at, shown = (own.at, f"{own}: ") if own is not None else _place(session, "type")
    if settings.serve.workers > 1 or (own is not None and own.value.strip() not in ("", "0", "1")):
        yield Finding(True, at, f"{shown}each worker has a memory of its own; choose another session.type")
    elif settings.serve.reload:
        yield _warning(session, "type", "sessions end with each reload; choose another store")
    elif settings.debug is None:
        yield _warning(session, "type", "sessions end with the process; choose another store")


def _production(session: Configured) -> Iterator[Finding]:
    """Find what suits a developer's own machine only; called once debug is off."""
    if not session.options["secure"]:
        yield _warning(session, "secure", "the cookie also travels over plain HTTP; set session.secure = true")
    if not session.options["httponly"]:
        yield _warning(session, "httponly", "a script in a page can steal the session; set session.httponly = true")
    if session.options["samesite"] == "None":
        message = "every other site can send requests with the session"
        yield _warning(
            session, "samesite", f"{message}; set session.samesite = Lax unless this site is shown inside others"
        )
    if session.store == "cookie" and "absolute_timeout" not in session.options:
        message = "a copied cookie can be used for ever, even after a logout; set for example"
        yield _warning(session, "absolute_timeout", f"{message} session.absolute_timeout = 604800")


def _proxy(settings: ServeSettings) -> Iterator[Finding]:
    trusted = settings.server.options.get("trusted_proxy")
    if trusted is not None and trusted.value.strip() == "*":
        message = "every client can pretend to be another host, address or scheme; write the proxy's address"
        yield Finding(False, trusted.at, f"{trusted}: {message}")


def _shared_with_development(settings: ServeSettings, session: Configured) -> Iterator[Finding]:
    """Find keys in use that are also in the development.ini beside, which may be committed for all to see."""
    text = _development(settings)
    hint = f"{DEFAULT_INI} has this key too, and that file may be public; write 64 random hex digits of its own"
    for name in key_names(session):
        old = session.options.get(f"{name}_fallbacks", ())
        for option, keys in ((name, (session.options[name],)), (f"{name}_fallbacks", old)):
            if any(key.replace("%", "%%") in text for key in keys):
                yield _key(session, option, hint, is_error=True)


def _development(settings: ServeSettings) -> str:
    """Return the text of the development.ini beside an ini, empty if it has none or cannot be read."""
    path = settings.ini.with_name(DEFAULT_INI)
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace") if path != settings.ini else ""
    return ""


def unreachable(settings: ServeSettings) -> list[Finding]:
    """Return the session store that does not answer, as an error; nothing if it does."""
    session = configured.find(settings.app)
    if session is None or session.store == "cookie":
        return []
    try:
        with closing(make_store(session.options)) as store:
            store.ping()
    except UnsafePathError:
        return []  # loading the application fails with the same error
    except (StoreUnavailable, ValueError) as error:
        at, _ = _place(session, "data_dir" if session.store in ("file", "dbm") else "url")
        return [Finding(True, at, f"the session store cannot be reached: {masked(str(error))}")]
    return []


def raise_errors(findings: list[Finding]) -> None:
    """Raise UserError for the first error."""
    for finding in findings:
        if finding.is_error:
            raise UserError(finding.message, at=finding.at)
