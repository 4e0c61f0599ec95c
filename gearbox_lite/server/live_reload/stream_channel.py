"""Connections that ask for live reload's events: they leave this process unanswered, for the supervisor to answer.

The order of events, beside what channel.py and drain.py say:

1. The thread that runs the request calls ``leave``, writes nothing, and removes the request from ``requests``.
2. It then has the leader look at the connection. The leader alone hands it over, as it does with keep-alive
   connections during a drain: in ``handle_write`` while the server runs, in ``release_idle`` while it drains.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from html import escape
from typing import Any

from gearbox_lite.json_clients import PROBLEM_TYPE
from gearbox_lite.server.http.channel import Channel
from gearbox_lite.server.http.tasks import ApplicationTask
from gearbox_lite.server.live_reload.middleware import FAILURE_TAG, FOLDER, HAND_OVER

_FAILURE = (
    '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    "<title>{status}</title>\n<pre>{text}</pre>\n"
    "<p>The terminal says why. Fix it and save; this page then loads again.</p>\n"
)
"""The page for an exception that no debug page shows."""

SendStream = Callable[[socket.socket, str], None]
"""Sends a connection, and the identity of the page that is open at its other end, to the supervisor."""


def with_streams(channel: type[Channel], send: SendStream) -> type[Channel]:
    """Return a class of connections like this one, whose event streams are sent to the supervisor."""
    task = type("StreamTask", (_StreamTask, channel.task_class), {})
    return type("StreamChannel", (_StreamChannel, channel), {"task_class": task, "send_stream": staticmethod(send)})


class _StreamTask(ApplicationTask):
    def service(self) -> None:
        """Answer the request; those of live reload's own are not logged."""
        if self.request.path.startswith(self.channel.adj.url_prefix + FOLDER):
            ApplicationTask.service(self)
        else:
            super().service()

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment, with what the middleware calls for an event stream."""
        environ = super().get_environment()
        environ[HAND_OVER] = self.channel.leave
        return environ

    def failure_answer(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return a page with live reload's script for a browser that navigates, and the usual answer for others."""
        status, headers, body = super().failure_answer()
        tag = (self.environ or {}).get(FAILURE_TAG)
        if tag is None or ("Content-Type", PROBLEM_TYPE) in headers:
            return status, headers, body
        page = _FAILURE.format(status=status, text=escape(body.decode()))
        return (
            status,
            [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")],
            page.encode() + tag,
        )

    def finish(self) -> None:
        """Complete the answer, unless the supervisor is to answer."""
        if self.channel.page is None:
            super().finish()


class _StreamChannel(Channel):
    send_stream: SendStream
    page: str | None = None
    """The page whose events were asked for; None for any other request."""

    def leave(self, page: str) -> None:
        """Have the connection handed over once the running request has returned."""
        self.page = page

    def service(self) -> None:
        """Answer one request."""
        super().service()
        if self.page is not None:
            self.server.attend(self)

    def writable(self) -> bool:
        """Whether the leader has to write, close or hand over."""
        return bool(super().writable() or (self.page is not None and not self.requests))

    def handle_write(self) -> None:
        """Write what is left of earlier answers, then hand over."""
        super().handle_write()
        if self.page is not None and self.connected and not (self.requests or self.total_outbufs_len):
            self.hand_over(lambda *_: None)

    def hand_over(self, send_connection: Callable[[socket.socket, Any], None]) -> None:
        """Hand the connection over to the supervisor itself if it is an event stream, else to another worker."""
        page = self.page
        super().hand_over(send_connection if page is None else lambda one, _: self.send_stream(one, page))
