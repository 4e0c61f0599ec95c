"""What is wrong or doubtful in the sessions of an ini whose settings can all be read, with the line of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.discover import DEFAULT_INI
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.masking import masked
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.settings.configured import ConfiguredSession, configured_session
from gearbox_lite.sessions.settings.key_strength import MIN_KEY_LENGTH, weakness
from gearbox_lite.sessions.settings.parse import shown_option
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


def check_sessions(settings: ServeSettings) -> list[Finding]:
    """Return what is wrong or doubtful in an application's session and keys, errors first.

    Raises UserError for an option that cannot be used.
    """
    session = configured_session(settings.app)
    found = [] if session is None else list(_check_session(settings, session))
    found += _check_form_key(settings, session)
    return sorted(found, key=lambda finding: not finding.is_error)


def check_store(settings: ServeSettings) -> list[Finding]:
    """Return an error if the session store does not answer; nothing if it does."""
    session = configured_session(settings.app)
    if session is None or session.store == "cookie":
        return []
    try:
        with closing(make_store(session.options)) as store:
            store.ping()
    except UnsafePathError:
        return []  # loading the application fails with the same error
    except (StoreUnavailable, ValueError) as error:
        at, _ = _location_and_setting(session, "data_dir" if session.store in ("file", "dbm") else "url")
        return [Finding(True, at, f"the session store cannot be reached: {masked(str(error))}")]
    return []


def raise_errors(findings: list[Finding]) -> None:
    """Raise UserError for the first error."""
    for finding in findings:
        if finding.is_error:
            raise UserError(finding.message, at=finding.at)


def _check_session(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    yield from _check_keys(session, is_error=settings.debug is None)
    if session.options.data_serializer == "pickle":
        yield _warning(session, "data_serializer", "pickle runs code if a key is ever known; json does not")
    if session.store == "memory":
        yield from _check_memory(settings, session)
    if settings.debug is None:
        yield from _check_for_production(session)
        yield from _check_keys_of_development(settings, session)
        yield from _check_proxy(settings)


def _location_and_setting(session: ConfiguredSession, option: str) -> tuple[Location, str]:
    """Return where an option is set, or the filter if it is not, and what a message begins with."""
    setting = session.setting(option)
    if setting is not None:
        value = shown_option(setting.name, setting.value) if setting.written is None else setting.written
        return setting.at, f"{setting.name} = {value}: "
    section = session.section
    return (section.factory.at if section.factory else Location(section.name)), f"session.{option} is not set: "


def _finding(session: ConfiguredSession, option: str, message: str, *, is_error: bool) -> Finding:
    at, shown = _location_and_setting(session, option)
    return Finding(is_error, at, shown + message)


def _warning(session: ConfiguredSession, option: str, message: str) -> Finding:
    return _finding(session, option, message, is_error=False)


def _check_keys(session: ConfiguredSession, *, is_error: bool) -> Iterator[Finding]:
    """Find keys in use that can be guessed: errors in production, warnings while debugging."""
    used: set[str] = set()
    for name in session.key_names():
        key, *fallbacks = session.options.keys(name)
        problem = "is the same as another key" if key in used else weakness(key)
        used.add(key)
        if problem:
            hint = "write 64 random hex digits, or let `gearbox-lite session rotate-key` do it"
            yield _finding(session, name, f"the key {problem}; {hint}", is_error=is_error)
        if any(weakness(old) for old in fallbacks):
            hint = "end the rotation: gearbox-lite session rotate-key --drop-fallbacks"
            yield _finding(session, f"{name}_fallbacks", f"an old key can be guessed; {hint}", is_error=is_error)


def _check_form_key(settings: ServeSettings, session: ConfiguredSession | None) -> Iterator[Finding]:
    """Find keys of generated projects (lib/csrf.py) that sign forms and can be guessed.

    The projects themselves refuse a missing or short one when they load.
    """
    others = [session.options.keys(name)[0] for name in session.key_names()] if session is not None else []
    for section in settings.app.walk():
        setting = section.options.get(FORM_KEY)
        if setting is None or len(setting.value) < MIN_KEY_LENGTH:
            continue
        problem = "is the same as another key" if setting.value in others else weakness(setting.value)
        hint = "write 64 random hex digits"
        if problem:
            yield Finding(settings.debug is None, setting.at, f"{setting}: the key {problem}; {hint}")
        elif settings.debug is None and setting.value.replace("%", "%%") in _development_ini(settings):
            message = f"{DEFAULT_INI} has this key too, and that file may be public; write 64 other random hex digits"
            yield Finding(True, setting.at, f"{setting}: {message}")


def _check_memory(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    own = settings.server.options.get("workers")
    at, shown = (own.at, f"{own}: ") if own is not None else _location_and_setting(session, "type")
    if settings.serve.workers > 1 or (own is not None and own.value.strip() not in ("", "0", "1")):
        yield Finding(True, at, f"{shown}workers do not share memory; choose another session.type")
    elif settings.serve.reload:
        yield _warning(session, "type", "sessions are lost at each reload; choose another store")
    elif settings.debug is None:
        yield _warning(session, "type", "sessions are lost when the process exits; choose another store")


def _check_for_production(session: ConfiguredSession) -> Iterator[Finding]:
    """Find what suits a developer's own machine only; called if debug is off."""
    options = session.options
    if not options.secure:
        yield _warning(session, "secure", "the cookie also travels over plain HTTP; set session.secure = true")
    if not options.httponly:
        yield _warning(session, "httponly", "a script in a page can steal the session; set session.httponly = true")
    if options.samesite == "None":
        message = "every other site can send requests with the session"
        yield _warning(
            session, "samesite", f"{message}; set session.samesite = Lax unless this site is shown inside others"
        )
    if session.store == "cookie" and options.absolute_timeout is None:
        message = "a copied cookie can be used forever, even after a logout; set for example"
        yield _warning(session, "absolute_timeout", f"{message} session.absolute_timeout = 604800")


def _check_proxy(settings: ServeSettings) -> Iterator[Finding]:
    trusted = settings.server.options.get("trusted_proxy")
    if trusted is not None and trusted.value.strip() == "*":
        message = "every client can claim any host, address or scheme; write the proxy's address"
        yield Finding(False, trusted.at, f"{trusted}: {message}")


def _check_keys_of_development(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    """Find keys in use that are also in the development.ini beside the ini, which may be committed for all to see."""
    text = _development_ini(settings)
    hint = f"{DEFAULT_INI} has this key too, and that file may be public; write 64 other random hex digits"
    for name in session.key_names():
        current, *fallbacks = session.options.keys(name)
        for option, keys in ((name, [current]), (f"{name}_fallbacks", fallbacks)):
            if any(key.replace("%", "%%") in text for key in keys):
                yield _finding(session, option, hint, is_error=True)


def _development_ini(settings: ServeSettings) -> str:
    """Return the text of the development.ini beside an ini, empty if there is none or it cannot be read."""
    path = settings.ini.with_name(DEFAULT_INI)
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace") if path != settings.ini else ""
    return ""
