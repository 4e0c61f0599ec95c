"""waitress on sockets that are already bound, with a drain at its end that may hand over idle connections."""

from __future__ import annotations

import logging
import select
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer

from gearbox_lite.ini.serve_section import ServeOptions
from gearbox_lite.server.descriptors import close_in_forks
from gearbox_lite.server.http.channel import Channel
from gearbox_lite.server.http.dispatcher import PATIENCE, Dispatcher
from gearbox_lite.server.http.listener import affordable_connections, listen
from gearbox_lite.server.http.poller import Poller
from gearbox_lite.server.http.proxies import BehindProxy, OverHttp

_CHECK_INTERVAL = 1.0
"""Seconds between two looks for connections whose headers take too long."""

SendConnection = Callable[[socket.socket, Any], None]
"""Sends a connection and its client's address to another process; returns once it is sent."""


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
        self._adj = Adjustments(sockets=sockets, **options)
        self._limit_connections()
        self._listeners = listen(application, self._adj, self._dispatcher, self._map)
        self._dispatcher.set_thread_count(self._adj.threads)
        self._wait_for_trigger = _waiter(self._listeners[0].trigger.socket)
        self._next_check = 0.0
        self._wait: Callable[[float], None] = self._select
        if self._adj.asyncore_use_poll and hasattr(select, "poll"):
            self._wait = Poller(self._map).wait
        self._drain_timeout = serve.drain_timeout
        self._ending = False
        self.drain_deadline = 0.0
        """When the time to finish is over, on time.monotonic's clock, once it has been told to end."""
        self._send_connection: SendConnection | None = None
        channel = Channel
        if serve.access_log:
            from gearbox_lite.server.http.access_log import LoggedChannel

            channel = LoggedChannel
        self._is_woken = self._is_patient = False
        close_in_forks(lambda: [item.socket for item in self._map.values() if isinstance(item, Channel)])
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
            if self._send_connection is not None:
                self._accept_waiting(listener)
            wasyncore.dispatcher.close(listener)  # its trigger stays open for the requests that still run
        self._turn(0)  # takes in what was adopted just before the end
        while self._leave_idle() and time.monotonic() < self.drain_deadline:
            self._turn(0.05)
        self.close()

    def close(self) -> None:
        """End the task threads, those that answer a request after it; Python would wait for them at its end."""
        self._dispatcher.set_thread_count(0)

    def drain(self, send_connection: SendConnection | None = None) -> None:
        """Ask ``run`` to drain and return; safe in a signal handler and in other threads."""
        self._send_connection = send_connection
        if not self._ending:
            self.drain_deadline = time.monotonic() + self._drain_timeout
        self._ending = True
        self._listeners[0].trigger.pull_trigger()

    def call(self, action: Callable[[], None]) -> None:
        """Run something in the I/O thread; safe in other threads."""
        self._listeners[0].trigger.pull_trigger(action)

    def adopt(self, connection: socket.socket, peer: Any) -> None:
        """Go on with a connection that another process has accepted; a server that drains passes it on."""
        if self._ending:
            if self._send_connection is not None:
                self._send_connection(connection, peer)
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
            channel = listener.channel_class(listener, connection, peer, listener.adj, map=self._map)
            channel.waiting_since = None  # it is idle between two requests, not new

        listener.trigger.pull_trigger(take)

    def _wake(self, trigger: Any) -> None:
        """Wake the I/O thread, which looks at all connections then; once is enough until it does."""
        if not self._is_woken and not (self._is_patient and self._dispatcher.queue):
            self._is_woken = True
            trigger.pull_trigger()

    def _turn(self, timeout: float) -> None:
        self._is_woken = False  # before the connections are looked at, so that no change is missed
        if self._dispatcher.queue and self._dispatcher.has_idle():
            self._wait_for_threads()
            timeout = 0
        now = time.monotonic()
        if now >= self._next_check:
            self._next_check = now + _CHECK_INTERVAL
            for channel in self._channels():
                channel.check_time(now)
        self._wait(timeout)

    def _select(self, timeout: float) -> None:
        wasyncore.loop(timeout, map=self._map, count=1)

    def _channels(self) -> list[Channel]:
        return [item for item in self._map.values() if isinstance(item, Channel)]

    def _limit_connections(self) -> None:
        """Lower ``connection_limit`` to what this process has file descriptors for, with a warning."""
        affordable = affordable_connections(self._adj)
        if affordable is not None and affordable < self._adj.connection_limit:
            logging.getLogger("waitress").warning(
                "connection_limit = %d needs more file descriptors than this process has left, using %d; "
                "raise the limit with ulimit -n or systemd's LimitNOFILE",
                self._adj.connection_limit,
                affordable,
            )
            self._adj.connection_limit = affordable

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
        is_woken = self._wait_for_trigger(PATIENCE)
        self._is_patient = False
        if not is_woken:
            self._dispatcher.call_another(first)

    def _leave_idle(self) -> bool:
        """Hand over or close the connections on which no request runs, arrives or is being answered.

        Returns whether others remain.
        """
        channels = self._channels()
        for channel in channels:
            if channel.requests or channel.request or channel.total_outbufs_len:
                continue
            if (
                self._send_connection is None
                or channel.will_close
                or channel.close_when_flushed
                or channel.is_lingering
            ):
                channel.handle_close()
            else:
                channel.del_channel()
                channel.connected = False
                self._send_connection(channel.socket, channel.addr)
                channel.socket.close()
        return any(channel.connected for channel in channels)


def _waiter(file: Any) -> Callable[[float], Any]:
    """Return a function that waits some seconds for a file to be readable, and tells whether it is.

    Windows has only select, which elsewhere cannot watch descriptors above 1,023.
    """
    if not hasattr(select, "poll"):
        return lambda seconds: select.select([file], [], [], seconds)[0]
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return lambda seconds: poll.poll(seconds * 1000)
