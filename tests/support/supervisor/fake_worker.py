"""A worker without a process: what it sends, what it has received, and how it exits, as a test directs it."""

from __future__ import annotations

import os
import signal
import socket

from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Connection, Drained, Ready, Terminating


class FakeProcess:
    """Has a sentinel that is readable once the process has started or exited, as a forked process has."""

    def __init__(self, pid, replace_fork_server):
        self.pid = self.exitcode = None
        self.never_started = self.is_killed = False
        self.replace_fork_server = replace_fork_server
        self.sentinel, self._writer = os.pipe()
        self._future_pid, self._code = pid, None

    @property
    def is_unstarted(self):
        return self.pid is None and self._code is None

    @property
    def is_running(self):
        return self.pid is not None and self._code is None

    def start(self):
        self.pid = self._future_pid
        if self.is_killed:
            self.exit(-signal.SIGKILL)

    def exit(self, code, *, never_started=False):
        if self._code is None:
            self._code, self.never_started = code, never_started
            os.write(self._writer, b"!")

    def update(self):
        if self._code is not None and self.exitcode is None:
            self.exitcode = self._code
            self.close()

    def kill(self):
        self.is_killed = True
        if self.pid is not None:
            self.exit(-signal.SIGKILL)

    def join(self, timeout):  # noqa: ARG002
        self.update()

    def close(self):
        if self._writer is not None:
            os.close(self.sentinel)
            os.close(self._writer)
            self._writer = None


class FakeWorker:
    """A worker as the test directs it: what it sends, what it has received, and how it exits."""

    def __init__(self, process, channel, plan):
        self.process, self.channel, self.plan = process, channel, plan
        self.handle = None
        self.connections = []
        self._received = []

    @property
    def state(self):
        return self.handle.state

    @property
    def name(self):
        return self.handle.name

    @property
    def is_running(self):
        return self.process.is_running

    def loads(self, *, warnings=()):
        self.channel.send(Ready(self.plan.failure, list(warnings), ["root.py"], ["tg"], can_serve=True))

    def fails_to_load(self, message="ValueError", *, needs_edit=True, can_serve=True):
        self.channel.send(Ready(Failure(message, "", needs_edit), [], [], [], can_serve))

    def sends(self, message, descriptor=None):
        self.channel.send(message, descriptor)

    def receives_sigterm(self):
        self.sends(Terminating())

    def finishes_its_requests(self):
        self.sends(Drained())

    def hands_over(self, peer):
        """Hand over a keep-alive connection of this client."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.sends(Connection(peer), ours.fileno())

    def exits(self, code=0):
        self.channel.close()
        self.process.exit(code)

    def crashes(self, number=signal.SIGKILL):
        self.exits(-number)

    def received(self):
        """Return all messages that have arrived so far, except connections."""
        if not self.channel.closed:
            for message, descriptor in self.channel.receive():
                if descriptor is None:
                    self._received.append(message)
                else:
                    self.connections.append(message.peer)
                    os.close(descriptor)
        return self._received
