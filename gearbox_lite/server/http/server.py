"""waitress on sockets that are already bound, served by a leader and its followers, ended by a graceful shutdown.

leader.py decides which thread leads. What the leader does is here: it accepts, reads and parses requests
(``Server._run_io``), and calls what other threads want done (``call``, ``adopt``), since only the leader may add, close
or hand over connections. It is woken by a byte in a pipe (waitress' trigger).

How connections are finished or handed over at the end is described in drain.py.
"""

from __future__ import annotations

import logging
import select
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from waitress import wasyncore

from gearbox_lite.ini.schema.serve_section import ServeOptions
from gearbox_lite.server.descriptors import close_in_forks
from gearbox_lite.server.http.adjustments import BoundAdjustments
from gearbox_lite.server.http.channel import Channel
from gearbox_lite.server.http.drain import DrainState, SendConnection
from gearbox_lite.server.http.leader import LeaderFollowers
from gearbox_lite.server.http.listener import affordable_connections, create_listeners
from gearbox_lite.server.http.poller import Poller
from gearbox_lite.server.http.proxies import InsecureCookieLogger, UntrustedProxyLogger, skip_without_headers

_TIMEOUT_CHECK_INTERVAL = 1.0
"""Seconds between two checks for connections whose headers take too long."""
_DRAIN_CHECK_INTERVAL = 0.05
"""Seconds after which a draining server looks at its connections and at the time, even if nothing has happened."""


class Server:
    """waitress with a graceful shutdown: it accepts no new connections and finishes the requests that have begun."""

    def __init__(
        self,
        application: Callable[..., Any],
        sockets: list[socket.socket],
        options: Mapping[str, str],
        serve: ServeOptions,
        guard: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
        adapt_channel: Callable[[type[Channel]], type[Channel]] | None = None,
    ) -> None:
        """``options`` are waitress' settings without those that name addresses.

        ``guard`` is middleware put around the application and around waitress' ``proxy_headers_middleware``, so that it
        sees requests before that one rewrites them. ``adapt_channel`` derives the class of connections to use.
        """
        self._map: dict[int, Any] = {}
        application = InsecureCookieLogger(application)
        self._adj = BoundAdjustments(sockets=sockets, **options)
        self._limit_connections()
        self._threads = LeaderFollowers(
            self._adj.threads, self._run_io, self._wake, float(self._adj.asyncore_loop_timeout)
        )
        self._listeners = create_listeners(application, self._adj, self._threads, self._map)
        self._accepting = list(self._listeners)
        self._names = [listener.socket.getsockname() for listener in self._listeners]  # also once they are closed
        self._trigger = self._listeners[0].trigger
        self._next_check = 0.0
        self._poller: Poller | None = None
        if self._adj.asyncore_use_poll and hasattr(select, "poll"):
            self._poller = Poller(self._map, self._trigger)
        self._drain = DrainState(serve.drain_timeout)
        channel = Channel
        if serve.access_log:
            from gearbox_lite.server.http.access_log import LoggedChannel

            channel = LoggedChannel
        if adapt_channel is not None:
            channel = adapt_channel(channel)
        close_in_forks(lambda: [item.socket for item in self._map.values() if isinstance(item, Channel)])
        for listener in self._listeners:
            if listener.application is not application:  # waitress has put its proxy_headers_middleware around it
                listener.application = skip_without_headers(listener.application, application, self._adj.trusted_proxy)
            if guard is not None:
                listener.application = guard(listener.application)
            listener.channel_class = channel
            listener.application = UntrustedProxyLogger(listener.application, self._adj.trusted_proxy)
            listener.attend = self._attend
            listener.forget = self._poller.forget if self._poller is not None else lambda _: None
            # waitress calls this after each request; with poll, the leader is woken only if there is something to do.
            listener.pull_trigger = (lambda: None) if self._poller is not None else self._threads.tell_leader
        self._threads.start()

    @property
    def drain_deadline(self) -> float:
        """When draining ends, on time.monotonic's clock; 0 before ``drain``."""
        return self._drain.deadline

    def run(self) -> None:
        """Serve until ``drain`` is called, then drain; drain.py explains the order."""
        self._threads.run()
        self._accepting = []
        for listener in self._listeners:
            self._drain.accept_backlog(listener, self._map)
            listener.is_draining = True
            listener.forget(listener._fileno)  # noqa: SLF001 (wasyncore's key in the map)
            wasyncore.dispatcher.close(listener)
        self._threads.run_once(0)
        while self._drain.release_idle(self._channels()) and not self._drain.is_over():
            self._threads.run_once(_DRAIN_CHECK_INTERVAL)
        self.close()

    def close(self) -> None:
        """End the task threads, each once it has answered its request; Python would wait for them at its exit."""
        self._threads.close()

    def drain(self, send_connection: SendConnection | None = None) -> None:
        """Have ``run`` shut down gracefully and return; safe in a signal handler and in any thread.

        Idle keep-alive connections are handed over with ``send_connection``, or closed without it.
        """
        self._drain.begin(send_connection)
        self._threads.stop()

    def call(self, action: Callable[[], None]) -> None:
        """Have the leader call something; safe in any thread."""
        self._trigger.pull_trigger(action)

    def adopt(self, connection: socket.socket, peer: Any) -> None:
        """Serve a keep-alive connection that another process has handed over; safe in any thread.

        A server that drains hands it on. If this one begins to drain right after that check, the connection is still
        taken in, since ``run`` calls once more what is queued before it releases idle connections.
        """
        if self._drain.is_requested:
            if self._drain.send_connection is not None:
                self._drain.send_connection(connection, peer)
            connection.close()
            return
        here = connection.getsockname()

        def match(number: int) -> tuple[bool, bool, bool]:
            there = self._names[number]
            return there == here, there[1:2] == here[1:2], self._listeners[number].family == connection.family

        listener = self._listeners[max(range(len(self._listeners)), key=match)]

        def add() -> None:
            if len(self._map) >= self._adj.connection_limit * 9 // 10:  # a full server would accept no new clients
                connection.close()
                return
            connection.setblocking(False)
            channel = listener.channel_class(listener, connection, peer, listener.adj, map=self._map)
            channel.waiting_since = None  # it is idle between two requests, not new

        self.call(add)

    def _attend(self, channel: Channel) -> None:
        """Have the leader look at a channel: there is more to send, or it is to be closed, or to be read again."""
        if self._poller is not None:
            self._poller.attend(channel)
        self._threads.tell_leader()

    def _wake(self) -> None:
        """Have the leader return from waiting, and look at all that is queued."""
        self._trigger.pull_trigger()

    def _run_io(self, timeout: float) -> None:
        """Wait for events and handle them; only the leader calls this."""
        if self._poller is None:
            wasyncore.loop(timeout, map=self._map, count=1)
        else:
            self._poller.wait(timeout, self._accepting)
        now = time.monotonic()
        if now >= self._next_check:  # after waiting, since this may queue a request
            self._next_check = now + _TIMEOUT_CHECK_INTERVAL
            for channel in self._channels():
                channel.check_timeouts(now)

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
