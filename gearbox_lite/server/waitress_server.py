"""waitress on sockets that are already bound, with a drain at its end that may hand over idle connections."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from waitress import create_server, wasyncore
from waitress.server import BaseWSGIServer

from gearbox_lite.ini.serve_section import ServeOptions
from gearbox_lite.server.channel import Channel
from gearbox_lite.server.dispatcher import PATIENCE, Dispatcher
from gearbox_lite.server.proxies import BehindProxy, OverHttp

HandOver = Callable[[socket.socket, Any], None]
"""Takes an idle connection and its peer's address to another process."""


class Server:
    """waitress, ended by a drain: no new connections, and the requests that have begun are answered."""

    def __init__(
        self,
        application: Callable[..., Any],
        sockets: list[socket.socket],
        options: Mapping[str, str],
        serve: ServeOptions,
        guard: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
    ) -> None:
        """``options`` are waitress' settings without those that say where to listen.

        ``guard`` wraps the application and what waitress puts around it, which rewrites what proxies have sent.
        """
        self._map: dict[int, Any] = {}
        self._dispatcher = Dispatcher()
        application = OverHttp(application)
        server = create_server(application, self._map, _dispatcher=self._dispatcher, sockets=sockets, **options)
        self._adj = server.adj
        self._dispatcher.set_thread_count(self._adj.threads)
        self._listeners = [item for item in self._map.values() if isinstance(item, BaseWSGIServer)]
        self._drain_timeout = serve.drain_timeout
        self._ending = False
        self._hand_over: HandOver | None = None
        channel = Channel
        if serve.access_log:
            from gearbox_lite.server.access_log import LoggedChannel  # noqa: PLC0415 (off means no cost)

            channel = LoggedChannel
        self._is_woken = self._is_patient = False
        for listener in self._listeners:
            if guard is not None:
                listener.application = guard(listener.application)
            listener.channel_class = channel
            listener.application = BehindProxy(listener.application, self._adj.trusted_proxy)
            listener.pull_trigger = partial(self._wake, listener.trigger)

    def run(self) -> None:
        """Serve until told to end, then drain."""
        while not self._ending:
            self._turn(self._adj.asyncore_loop_timeout)
        for listener in self._listeners:
            if self._hand_over is not None:
                self._accept_waiting(listener)
            wasyncore.dispatcher.close(listener)  # its trigger stays open for the requests that still run
        self._turn(0)  # takes in what was adopted just before the end
        deadline = time.monotonic() + self._drain_timeout
        while self._leave_idle() and time.monotonic() < deadline:
            self._turn(0.05)
        self._dispatcher.set_thread_count(0)

    def end(self, hand_over: HandOver | None = None) -> None:
        """Ask ``run`` to drain and return; safe in a signal handler and in other threads."""
        self._hand_over = hand_over
        self._ending = True
        self._listeners[0].trigger.pull_trigger()

    def adopt(self, connection: socket.socket, peer: Any) -> None:
        """Go on with a connection that another process has accepted; a server that drains passes it on."""
        if self._ending:
            if self._hand_over is not None:
                self._hand_over(connection, peer)
            connection.close()
            return
        here = connection.getsockname()

        def fits(listener: BaseWSGIServer) -> tuple[bool, bool, bool]:
            there = listener.socket.getsockname()
            return there == here, there[1:2] == here[1:2], listener.family == connection.family

        listener = max(self._listeners, key=fits)

        def take() -> None:
            if len(self._map) >= self._adj.connection_limit * 9 // 10:  # a full server would accept nobody else
                connection.close()
                return
            connection.setblocking(False)
            listener.channel_class(listener, connection, peer, listener.adj, map=self._map)

        listener.trigger.pull_trigger(take)

    def _wake(self, trigger: Any) -> None:
        """Wake the I/O thread, which looks at all connections then; once is enough until it does."""
        if not self._is_woken and not (self._is_patient and self._dispatcher.queue):
            self._is_woken = True
            trigger.pull_trigger()

    def _turn(self, timeout: float) -> None:
        if self._dispatcher.queue and self._dispatcher.has_idle():
            self._wait_for_threads()
            timeout = 0
        self._is_woken = False  # before the connections are looked at, so that no change is missed
        wasyncore.loop(timeout, use_poll=self._adj.asyncore_use_poll, map=self._map, count=1)

    def _accept_waiting(self, listener: BaseWSGIServer) -> None:
        """Take in who has connected so far, so that nobody is cut off where this was the address's last socket."""
        for _ in range(self._adj.backlog):
            before = len(self._map)
            listener.handle_accept()
            if len(self._map) == before:
                return

    def _wait_for_threads(self) -> None:
        """Let the threads that run take what is queued, all of it or for a moment; then wake another one."""
        first = self._dispatcher.first()
        self._is_patient = True
        done, _, _ = select.select([self._listeners[0].trigger.socket], [], [], PATIENCE)
        self._is_patient = False
        if not done:
            self._dispatcher.call_another(first)

    def _leave_idle(self) -> bool:
        """Hand over or close the connections on which no request runs, arrives or is being answered.

        Returns whether others remain.
        """
        channels = [item for item in self._map.values() if isinstance(item, Channel)]
        for channel in channels:
            if channel.requests or channel.request or channel.total_outbufs_len:
                continue
            if self._hand_over is None or channel.will_close or channel.close_when_flushed:
                channel.handle_close()
            else:
                channel.del_channel()
                channel.connected = False
                self._hand_over(channel.socket, channel.addr)
                channel.socket.close()
        return any(channel.connected for channel in channels)
