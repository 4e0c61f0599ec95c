"""``gearbox-lite session``: decode, purge, rotate-key."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from gearbox_lite.commands.support import running_server
from gearbox_lite.commands.support.ini_parameters import ini_options, share_options
from gearbox_lite.errors import FAILURE, UserError, short_path
from gearbox_lite.ini.discover import find_ini
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import read_serve_settings
from gearbox_lite.output import show
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.factory import StoredSessions, make_sessions
from gearbox_lite.sessions.maintenance import rotate
from gearbox_lite.sessions.maintenance.decode import decode_cookie
from gearbox_lite.sessions.maintenance.purge import purge_store
from gearbox_lite.sessions.settings.configured import ConfiguredSession, configured_session
from gearbox_lite.sessions.stores.folders import UnsafePathError

_STILL_ACCEPTED = "A running server accepts the old sessions until it loads the new key. "
_HOW_TO_LOAD = (
    "Restart the server, or send it SIGHUP if it has several workers (systemctl reload, kill -HUP); "
    "with --reload it has already loaded the edited ini."
)


@click.group(name="session")
@ini_options("-c", "--config")
@click.pass_context
def command(context: click.Context, /, **_: object) -> None:
    """Decode and remove sessions, and rotate their keys."""
    share_options(context)


def _configured(context: click.Context) -> ConfiguredSession:
    path = find_ini(context.params["ini"], Path.cwd())
    found = configured_session(read_serve_settings(path, Overrides(context.params["app_name"])).app)
    if found is None:
        raise UserError(
            f"{short_path(path)}: its application has no session filter of gearbox-lite",
            remedy="add one: [filter:session] use = egg:gearbox_lite#session",
        )
    return found


@contextmanager
def _reaching_the_store(session: ConfiguredSession) -> Iterator[None]:
    """Turn an error of the store into a UserError that names the line of its address."""
    try:
        yield
    except UnsafePathError as error:
        raise UserError(error.problem, remedy=error.remedy) from error
    except (StoreUnavailable, ValueError) as error:
        setting = session.setting("data_dir" if session.store in ("file", "dbm") else "url")
        raise UserError(
            f"the session store cannot be reached: {str(error).rstrip('.')}",
            at=setting.at if setting else None,
            remedy=f"start the store, or correct {setting.name}" if setting else "",
            code=FAILURE,
        ) from error


@command.command(name="decode")
@click.argument("cookie", default="-")
@ini_options("-c", "--config")
@click.pass_context
def decode(context: click.Context, /, *, cookie: str, **_: object) -> None:
    """Verify a session cookie and print its session as JSON.

    COOKIE is the cookie's value, name=value, or a whole Cookie header. If it is missing or -, standard input is read.
    """
    found = _configured(context)
    text = sys.stdin.read() if cookie == "-" else cookie
    if not text.strip():
        raise UserError("the cookie is empty", remedy="paste its value, name=value, or a whole Cookie header")
    with _reaching_the_store(found):
        decoded = decode_cookie(text, make_sessions(found.options))
    text = json.dumps(decoded.as_dict(), indent=2, ensure_ascii=False, default=repr)
    # Unprintable characters are escaped as in JSON, so that the output is the same JSON.
    shown = "".join(mark if mark.isprintable() or mark == "\n" else json.dumps(mark)[1:-1] for mark in text)
    show(*shown.split("\n"))


@command.command(name="purge")
@click.option("--expired", "which", flag_value="expired", default=True, help="Remove expired sessions (the default).")
@click.option("--all", "which", flag_value="all", help="Remove all sessions, which logs every visitor out.")
@click.option("--dry-run", is_flag=True, help="Count what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before --all.")
@click.option("--flush-server", is_flag=True, help="With memcached and --all: empty the whole server.")
@click.option(
    "--pid-file",
    metavar="FILE",
    help="With cookie sessions and --all: also reload the server that has written this pid file.",
)
@ini_options("-c", "--config")
@click.pass_context
def purge(
    context: click.Context,
    /,
    *,
    which: str,
    dry_run: bool,
    yes: bool,
    flush_server: bool,
    pid_file: str | None,
    **_: object,
) -> None:
    """Remove expired sessions from the store, or all of them."""
    if {"--all", "--expired"} <= set(context.obj["arguments"]):
        raise UserError("--all and --expired exclude each other", remedy="choose one")
    found = _configured(context)
    everything = which == "all"
    if pid_file is not None and not (found.store == "cookie" and everything):
        raise UserError(
            "--pid-file is only for --all with cookie sessions; other sessions need no reload", remedy="omit it"
        )
    server = None if pid_file is None else running_server.read_pid(Path(pid_file))
    if found.store == "cookie" and not everything:
        show("Cookie sessions are kept in the visitors' browsers: nothing to remove here. --all ends them all.")
        return
    if found.store == "ext:memcached" and not everything:
        show("memcached drops expired sessions by itself: nothing to do.")
        return
    if found.store == "ext:memcached" and not flush_server:
        raise UserError(
            "memcached cannot list its keys, so only the whole server can be emptied",
            remedy="add --flush-server if nothing else is kept in it",
        )
    if found.store == "memory":
        raise UserError("memory sessions are kept in the server process", remedy="restart the server to end them all")
    if everything and not dry_run and not yes:
        _confirm()
    if found.store == "cookie":
        _replace_key(context, server, dry_run=dry_run)
    else:
        _purge(found, everything=everything, dry_run=dry_run)


def _replace_key(context: click.Context, server: int | None, *, dry_run: bool) -> None:
    """Replace the key, which ends all cookie sessions as soon as the server has loaded it."""
    if dry_run:
        show("session.validate_key would be replaced, which ends every session once the server has loaded the new key.")
        return
    if server is not None and not rotate.from_elsewhere(_configured(context)):
        running_server.check_server(server)  # before the key is changed
    written = _apply_plan(context, partial(rotate.new_keys, keep_old=False), "The key was replaced", _STILL_ACCEPTED)
    if written and server is not None:
        running_server.reload_server(server)
        show(f"Sent SIGHUP to the server, process {server}; its log shows whether it has reloaded.")


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise UserError("this ends every session", remedy="add --yes to confirm")
    click.confirm("This ends every session. Continue?", abort=True)


def _purge(found: ConfiguredSession, *, everything: bool, dry_run: bool) -> None:
    with _reaching_the_store(found):
        sessions = make_sessions(found.options)
        assert isinstance(sessions, StoredSessions)  # noqa: S101 (purge has handled cookie sessions)
        if found.store == "ext:memcached":
            if not dry_run:
                sessions.store.flush()
            show("The memcached server " + ("would be emptied." if dry_run else "was emptied."))
            return
        result = purge_store(sessions, everything=everything, dry_run=dry_run, watch=_with_progress)
    verb = "would be removed" if dry_run else "removed"
    show(f"{result.removed} {verb} of {result.seen} sessions; {result.expired} expired, {result.unreadable} unreadable")
    if not everything and result.unreadable:
        show("--all removes the unreadable ones too.")
    if not everything and found.options.lifetime.shortest is None:
        show("Nothing expires: the ini sets neither session.timeout nor session.absolute_timeout.")


def _with_progress(ids: list[str]) -> Iterable[str]:
    """Show a progress bar on a terminal if there are many sessions."""
    if not sys.stderr.isatty() or len(ids) < 1000:
        yield from ids
        return
    with click.progressbar(ids, label="Sessions", file=sys.stderr) as bar:
        yield from bar


@command.command(name="rotate-key", short_help="Replace the key; the old one is still accepted.")
@click.option("--drop-fallbacks", is_flag=True, help="Write no new key, and stop accepting the old ones.")
@ini_options("-c", "--config")
@click.pass_context
def rotate_key(context: click.Context, /, *, drop_fallbacks: bool, **_: object) -> None:
    """Write a new random key into the ini; the old one is still accepted.

    Later, once the timeout is over or all visitors have returned, --drop-fallbacks ends the rotation.
    """
    if drop_fallbacks:
        _apply_plan(context, rotate.without_fallbacks, "Old keys are no longer accepted")
    else:
        _apply_plan(context, partial(rotate.new_keys, keep_old=True), "The old key is still accepted")


def _apply_plan(
    context: click.Context,
    plan: Callable[[ConfiguredSession], list[rotate.KeyChange]],
    result: str,
    until_loaded: str = "",
) -> bool:
    """Write the planned changes into the ini; if the keys come from elsewhere, only show them and return False."""
    found = _configured(context)
    if rotate.from_elsewhere(found):
        show("The keys are not written in the ini itself, so nothing was written. Set them where they come from:")
        for change in plan(found):
            show(f"session.{change.name} = {change.value or ''}".rstrip())
        show(f"{until_loaded}{_HOW_TO_LOAD}")
        return False
    changed = rotate.apply_changes(lambda: _configured(context), plan)
    # An option may be set a second time, hidden by the first: in [DEFAULT], or in an ini that this one inherits from.
    while _still_set(found := _configured(context), plan):
        changed += rotate.apply_changes(lambda: _configured(context), lambda found: _still_set(found, plan))
    where = ", ".join(dict.fromkeys(short_path(path) for path in changed))
    show(f"{result}. {'Changed: ' + where if where else 'There was nothing to change'}.")
    show(f"{until_loaded}{_HOW_TO_LOAD}")
    return True


def _still_set(
    found: ConfiguredSession, plan: Callable[[ConfiguredSession], list[rotate.KeyChange]]
) -> list[rotate.KeyChange]:
    """Return the removals of a plan whose options are still set."""
    return [change for change in plan(found) if change.value is None and found.setting(change.name) is not None]
