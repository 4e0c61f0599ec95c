"""What is wrong or doubtful in the sessions of an ini whose settings can all be read, with the line of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from gearbox_lite import value_syntax
from gearbox_lite.errors import Location, Setting
from gearbox_lite.findings import Finding, Level, errors_first
from gearbox_lite.ini.discover import DEFAULT_INI
from gearbox_lite.ini.parsing.lines import line_ranges, raw_value
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.masking import is_secret, masked
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.settings.configured import ConfiguredSession, configured_session
from gearbox_lite.sessions.settings.key_strength import MIN_KEY_LENGTH, weakness
from gearbox_lite.sessions.settings.parse import shown_option
from gearbox_lite.sessions.stores import make_store
from gearbox_lite.sessions.stores.folders import UnsafePathError

FORM_KEY = "csrf.key"
"""The setting of a generated project that signs its forms."""


_START = {
    "ext:redis": "start it with redis-server, or correct session.url",
    "ext:memcached": "start it with memcached, or correct session.url",
    "ext:database": "start the database's server, or correct session.url",
    "file": "correct session.data_dir, or let this user write in it",
    "dbm": "correct session.data_dir, or let this user write in it",
}
"""What to do about a store that cannot be reached."""


def check_sessions(settings: ServeSettings) -> list[Finding]:
    """Return what is wrong or doubtful in an ini, its application's session and keys, errors first.

    Raises UserError for an option that cannot be used.
    """
    session = configured_session(settings.app)
    found = [] if session is None else list(_check_session(settings, session))
    found += [*_check_form_key(settings, session), *_check_for_beaker(settings), *settings.findings]
    return errors_first(found)


def _check_for_beaker(settings: ServeSettings) -> Iterator[Finding]:
    """Find stock Beaker's own filter, which has the same options."""
    for section in settings.app.walk():
        factory = section.factory
        if factory is not None and factory.value.lower() == "egg:beaker#beaker_session":
            message = f"{factory}: this session is not protected; write use = egg:gearbox_lite#session"
            yield Finding("unprotected-session", "warning", factory.at, message)


def check_store(settings: ServeSettings) -> list[Finding]:
    """Return an error if the session store does not answer; nothing if it does."""
    session = configured_session(settings.app)
    if session is None or session.store == "cookie":
        return []
    try:
        store = make_store(session.options)
    except (UnsafePathError, StoreUnavailable, ValueError):
        return []  # loading the application fails with the same error
    try:
        with closing(store):
            store.ping()
    except (StoreUnavailable, ValueError) as error:
        at, _ = _location_and_setting(session, "data_dir" if session.store in ("file", "dbm") else "url")
        remedy = _START[session.store]
        message = f"the session store cannot be reached: {masked(str(error))}; {remedy}"
        return [Finding("store-unreachable", "error", at, message)]
    return []


def _check_session(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    yield from _check_keys(session, level=_level_of_keys(settings))
    if session.options.data_serializer == "pickle":
        message = "pickle runs code if a key is ever known; json does not"
        yield _warning("pickled-sessions", session, "data_serializer", message)
    if session.store == "memory":
        yield from _check_memory(settings, session)
    yield from _check_folders(settings, session)
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


def _finding(code: str, session: ConfiguredSession, option: str, message: str, *, level: Level) -> Finding:
    at, shown = _location_and_setting(session, option)
    return Finding(code, level, at, shown + message)


def _warning(code: str, session: ConfiguredSession, option: str, message: str) -> Finding:
    return _finding(code, session, option, message, level="warning")


def _level_of_keys(settings: ServeSettings) -> Level:
    return "error" if settings.debug is None else "warning"


def _check_keys(session: ConfiguredSession, *, level: Level) -> Iterator[Finding]:
    """Find keys in use that can be guessed: errors in production, warnings while debugging."""
    used: set[str] = set()
    for name in session.key_names():
        key, *fallbacks = session.options.keys(name)
        problem = "is the same as another key" if key in used else weakness(key)
        used.add(key)
        if problem:
            hint = "write 64 random hex digits, or let `gearbox-lite session rotate-key` do it"
            yield _finding("weak-key", session, name, f"the key {problem}; {hint}", level=level)
        if any(weakness(old) for old in fallbacks):
            hint = "end the rotation: gearbox-lite session rotate-key --drop-fallbacks"
            message = f"an old key can be guessed; {hint}"
            yield _finding("weak-fallback-key", session, f"{name}_fallbacks", message, level=level)


def _check_form_key(settings: ServeSettings, session: ConfiguredSession | None) -> Iterator[Finding]:
    """Find keys of generated projects (lib/csrf.py) that sign forms and can be guessed.

    The projects themselves refuse a missing or short one when they load.
    """
    others = [session.options.keys(name)[0] for name in session.key_names()] if session is not None else []
    for section in settings.app.walk():
        setting = section.options.get(FORM_KEY)
        explained = _explain_form_key(setting) if setting is not None else None
        if setting is not None and explained is not None:
            yield Finding("weak-key", "error", setting.at, f"{setting}: {explained[0]}; {explained[1]}")
            continue
        if setting is None or len(setting.value) < MIN_KEY_LENGTH:
            continue
        problem = "is the same as another key" if setting.value in others else weakness(setting.value)
        hint = "write 64 random hex digits"
        if problem:
            message = f"{setting}: the key {problem}; {hint}"
            yield Finding("weak-key", _level_of_keys(settings), setting.at, message)
        elif settings.debug is None and setting.value in _keys_of_development(settings):
            message = f"{DEFAULT_INI} has this key too, and that file may be public; write 64 other random hex digits"
            yield Finding("key-of-development", "error", setting.at, f"{setting}: {message}")


def _check_folders(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    """Find relative paths of the store if the server does not run in the ini's folder, which they seem to mean."""
    with suppress(FileNotFoundError):  # the current folder has been removed
        if Path.cwd() == settings.ini.parent:
            return
    paths = {
        "file": ("data_dir", "file_dir", "lock_dir"),
        "dbm": ("data_dir", "dbm_dir", "lock_dir"),
        "ext:database": ("url",),
    }
    for name in paths.get(session.store, ()):
        setting = session.setting(name)
        value = setting.value.removeprefix("sqlite:///") if setting is not None else ""
        if not value or "://" in value or value.startswith((":memory:", "file:", "?")) or Path(value).is_absolute():
            continue
        hint = f"%(here)s/{value}" if name != "url" else f"sqlite:///%(here)s/{value}"
        message = f"relative to the current folder, not to the ini; write {hint}"
        yield _warning("relative-path", session, name, message)


def _explain_form_key(setting: Setting) -> tuple[str, str] | None:
    variable = value_syntax.variable_named(setting.value)
    if variable is not None:
        return "this is the name of a variable, not its value", f"write {variable}"
    return value_syntax.explain_value(setting.value, setting.environment_variable)


def _check_memory(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    own = settings.server.options.get("workers")
    at, shown = (own.at, f"{own}: ") if own is not None else _location_and_setting(session, "type")
    if settings.serve.workers > 1 or (own is not None and own.value.strip() not in ("", "0", "1")):
        message = f"{shown}workers do not share memory; choose another session.type"
        yield Finding("memory-sessions", "error", at, message)
    elif settings.serve.reload:
        message = "sessions are lost at each reload; choose another store"
        yield _warning("memory-sessions", session, "type", message)
    elif settings.debug is None:
        message = "sessions are lost when the process exits; choose another store"
        yield _warning("memory-sessions", session, "type", message)


def _check_for_production(session: ConfiguredSession) -> Iterator[Finding]:
    """Find what suits a developer's own machine only; called if debug is off."""
    options = session.options
    if not options.secure:
        message = "the cookie also travels over plain HTTP; set session.secure = true"
        yield _warning("cookie-not-secure", session, "secure", message)
    if not options.httponly:
        message = "a script in a page can steal the session; set session.httponly = true"
        yield _warning("cookie-not-httponly", session, "httponly", message)
    if options.samesite == "None":
        message = "every other site can send requests with the session"
        remedy = "set session.samesite = Lax unless this site is shown inside others"
        yield _warning("cookie-samesite-none", session, "samesite", f"{message}; {remedy}")
    if session.store == "cookie" and options.absolute_timeout is None:
        message = "a copied cookie can be used forever, even after a logout; set for example"
        remedy = "session.absolute_timeout = 604800"
        yield _warning("no-absolute-timeout", session, "absolute_timeout", f"{message} {remedy}")


def _check_proxy(settings: ServeSettings) -> Iterator[Finding]:
    trusted = settings.server.options.get("trusted_proxy")
    if trusted is not None and trusted.value.strip() == "*":
        message = "every client can claim any host, address or scheme; write the proxy's address"
        yield Finding("trusts-every-proxy", "warning", trusted.at, f"{trusted}: {message}")


def _check_keys_of_development(settings: ServeSettings, session: ConfiguredSession) -> Iterator[Finding]:
    """Find keys in use that are also in the development.ini beside the ini, which may be committed for all to see."""
    known = _keys_of_development(settings)
    hint = f"{DEFAULT_INI} has this key too, and that file may be public; write 64 other random hex digits"
    for name in session.key_names():
        current, *fallbacks = session.options.keys(name)
        for option, keys in ((name, [current]), (f"{name}_fallbacks", fallbacks)):
            if not known.isdisjoint(keys):
                yield _finding("key-of-development", session, option, hint, level="error")


def _keys_of_development(settings: ServeSettings) -> set[str]:
    """Return the keys in the development.ini beside an ini; none if there is no such file or it cannot be read."""
    path = settings.ini.with_name(DEFAULT_INI)
    if path == settings.ini:
        return set()
    with suppress(OSError):
        text = path.read_text(encoding="utf-8", errors="replace")
        values = (raw_value(text, lines) for (_, option), lines in line_ranges(text).items() if is_secret(option or ""))
        return {key.replace("%%", "%") for value in values for key in value.replace(",", " ").split()}
    return set()
