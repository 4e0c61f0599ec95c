"""The interactive console of debug pages: it runs code in a frame of an exception, if the ini switches it on.

What protects it, in this order: requests come from this machine, to ``localhost`` or ``127.0.0.1`` and no other name;
they are sent by a page of this server; and they have the token that only the terminal shows. After a few wrong tokens,
the console stays closed until the server starts again.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import logging
import secrets
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

from gearbox_lite.debug_page.answers import DebugAnswer, html_answer
from gearbox_lite.debug_page.visitors import is_local

PATH = "/__debug_console__"
"""Where the console's form is sent, below the path at which the application is mounted."""
_NAMES = ("localhost", "127.0.0.1")
_MAX_EXCEPTIONS = 5
"""Exceptions whose frames are kept; they keep everything that their variables refer to."""
_MAX_ATTEMPTS = 10
_NOT_KEPT = "This exception is not kept any more, or is in another process. Cause it again, with workers = 1."
_MAX_BODY = 100_000
_MAX_OUTPUT = 50_000

log = logging.getLogger("gearbox_lite.debug_page")


@dataclass(frozen=True)
class ConsoleForm:
    """The console's form: the frames of an exception, the innermost first, and what was run last."""

    action: str
    error: str
    frames: tuple[tuple[int, str], ...]
    selected: int
    code: str = ""
    output: str = ""
    token: str = ""


@dataclass(frozen=True)
class _Kept:
    frames: list[FrameType]
    namespaces: dict[int, dict[str, Any]]


class Console:
    """The console of one process."""

    path = PATH

    def __init__(self) -> None:
        self._token = secrets.token_hex(8)
        self._attempts = 0
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def offer(self, error: BaseException, environ: Mapping[str, Any]) -> ConsoleForm | None:
        """Keep the frames of an exception, log the token, and return the form; None for a request that may not use it.

        The frame that is selected is the innermost one.
        """
        if _refusal(environ):
            return None
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        name = secrets.token_hex(8)
        with self._lock:
            self._kept[name] = _Kept(frames, {})
            while len(self._kept) > _MAX_EXCEPTIONS:
                del self._kept[next(iter(self._kept))]
        log.warning("the console of this exception's page asks for the token %s", self._token)
        return self._form(name, frames, environ, len(frames) - 1)

    def respond(self, environ: Mapping[str, Any]) -> DebugAnswer:
        """Run the code of a form, and return the page with its output, or with why it was not run."""
        refusal = _refusal(environ) or _foreign(environ)
        fields = {} if refusal else _read_form(environ)
        with self._lock:
            kept = self._kept.get(fields.get("error", ""))
            number = next((n for n in range(len(kept.frames) if kept else 0) if str(n) == fields.get("frame")), None)
            if not refusal and number is None:
                refusal = _NOT_KEPT  # after a reload, the token is another one as well
            if not refusal:
                refusal = self._check_token(fields.get("token", ""))
        if refusal or kept is None or number is None:
            return html_answer("console.html", form=None, problem=refusal)
        code = fields.get("code", "").replace("\r\n", "\n")
        output = _run(code, _namespace(kept, number))
        form = self._form(fields["error"], kept.frames, environ, number, code, output, self._token)
        return html_answer("console.html", form_action="'self'", form=form, problem="")

    def _form(
        self,
        name: str,
        frames: list[FrameType],
        environ: Mapping[str, Any],
        selected: int,
        code: str = "",
        output: str = "",
        token: str = "",
    ) -> ConsoleForm:
        from gearbox_lite.debug_page.excerpts import file_name

        labels = [
            f"{file_name(frame.f_code.co_filename)}:{frame.f_lineno} in {frame.f_code.co_name}" for frame in frames
        ]
        numbered = tuple(reversed(list(enumerate(labels))))
        return ConsoleForm(f"{environ.get('SCRIPT_NAME', '')}{PATH}", name, numbered, selected, code, output, token)

    def _check_token(self, token: str) -> str:
        if self._attempts >= _MAX_ATTEMPTS:
            return "The console is closed after too many wrong tokens. Start the server again."
        if hmac.compare_digest(token.strip().encode(), self._token.encode()):
            self._attempts = 0
            return ""
        self._attempts += 1
        return "The token is wrong. It is in the terminal, below the traceback of the exception."


def _refusal(environ: Mapping[str, Any]) -> str:
    """Return why a request may not use the console; empty if it may, with the token."""
    host = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
    forwarded = any(name in environ for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED"))
    if host.lower() not in _NAMES or forwarded or not is_local(environ):
        return "The console works only on this machine, at http://localhost or http://127.0.0.1."
    return ""


def _foreign(environ: Mapping[str, Any]) -> str:
    """Return why a request does not come from a page of this server; browsers send an Origin with every POST."""
    origin = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}"
    is_own = environ.get("HTTP_ORIGIN") == origin and environ.get("HTTP_SEC_FETCH_SITE", "same-origin") == "same-origin"
    is_form = environ.get("CONTENT_TYPE", "").partition(";")[0] == "application/x-www-form-urlencoded"
    if environ.get("REQUEST_METHOD") != "POST" or not is_own or not is_form:
        return "Only a page of this server may use the console."
    return ""


def _read_form(environ: Mapping[str, Any]) -> dict[str, str]:
    length = environ.get("CONTENT_LENGTH", "")
    size = int(length) if length.isdecimal() else 0
    if size > _MAX_BODY:
        return {}
    body: bytes = environ["wsgi.input"].read(size)
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _namespace(kept: _Kept, number: int) -> dict[str, Any]:
    """Return the names that code in a frame sees; what it assigns stays for the next code in this frame."""
    if number not in kept.namespaces:
        frame = kept.frames[number]
        kept.namespaces[number] = {**frame.f_globals, **frame.f_locals}
    return kept.namespaces[number]


def _run(code: str, namespace: dict[str, Any]) -> str:
    """Run code, as Python's own shell does, and return what it prints and the value of a last expression."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            try:
                compiled = compile(code, "<console>", "single")
            except SyntaxError:  # several statements
                compiled = compile(code, "<console>", "exec")
            exec(compiled, namespace)  # noqa: S102 (running it is the console's purpose)
        except BaseException as error:  # noqa: BLE001 (SystemExit must not end the server)
            frames = traceback.extract_tb(error.__traceback__)[1:]
            output.writelines([*traceback.format_list(frames), *traceback.format_exception_only(error)])
    text = output.getvalue()
    return text if len(text) <= _MAX_OUTPUT else f"{text[:_MAX_OUTPUT]}..."
