"""The channel between supervisor and workers: whole messages come through, and nothing else does harm."""

from __future__ import annotations

import os
import socket
import struct

import pytest

from gearbox_lite.server.worker.control_channel import LONGEST, ControlChannel, pair
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import (
    FROM_SUPERVISOR,
    FROM_WORKER,
    Beat,
    Begin,
    HandedOver,
    ProtocolError,
    Ready,
    decode,
    encode,
)


@pytest.fixture
def channels():
    worker, supervisor = pair()
    ends = ControlChannel(worker, FROM_SUPERVISOR), ControlChannel(supervisor, FROM_WORKER)
    yield ends
    for end in ends:
        end.close()


READY = Ready(Failure("caf\udce9.py", "report", needs_edit=True), ["w"], ["a.py"], ["tg"], can_serve=True)


@pytest.mark.parametrize("message", [READY, Beat(), HandedOver(("::1", 80, 0, 0)), HandedOver(("localhost", None))])
def test_a_message_comes_out_as_it_went_in(message):
    assert decode(encode(message), FROM_WORKER) == message


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b'["Begin", {}]', b'["Ready", {}]', b'["Beat", {"more": 1}]', b'["Beat", []]', b"[[], {}]",
        b'["Failed", {"reason": 1}]', b'["HandedOver", {"peer": [{}]}]', b'["HandedOver", {"peer": null}]',
        encode(READY).replace(b'["a.py"]', b'"a.py"'), encode(READY).replace(b"true", b"1"), b"[" * 100_000, b"\xff",
        b'["Failed", {"reason": ' + b"9" * 10_000 + b"}]",
    ],
)  # fmt: skip
def test_anything_else_is_refused(data):
    with pytest.raises(ProtocolError):
        decode(data, FROM_WORKER)


def test_a_message_in_pieces_comes_through_and_half_a_message_is_noticed(channels):
    worker, supervisor = channels
    data = encode(READY)
    whole = struct.pack("!I", len(data)) + data
    worker.socket.send(whole[:50])
    assert supervisor.receive() == []
    assert supervisor.partial_since is not None
    worker.socket.send(whole[50:] + whole)
    assert supervisor.receive() == [(READY, None), (READY, None)]
    assert supervisor.partial_since is None
    assert supervisor.receive() == []
    assert not supervisor.closed


@pytest.mark.parametrize("data", [struct.pack("!I", LONGEST + 1), b"\0\0\0\2{}", b"\0\0\0\0"])
def test_an_oversized_or_malformed_message_is_refused_at_once(channels, data):
    worker, supervisor = channels
    worker.socket.send(data)
    with pytest.raises(ProtocolError):
        supervisor.receive()


def test_a_passed_connection_is_not_inherited_by_programs(channels):
    worker, supervisor = channels
    with socket.socket() as connection:
        worker.send(HandedOver(("127.0.0.1", 1)), connection.fileno())
    ((message, descriptor),) = supervisor.receive()
    assert message == HandedOver(("127.0.0.1", 1))
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_descriptors_that_belong_to_no_message_are_refused_and_closed(channels):
    worker, supervisor = channels
    reading, writing = os.pipe()
    data = encode(Beat())
    socket.send_fds(worker.socket, [struct.pack("!I", len(data)) + data], [writing] * 3)
    os.close(writing)
    with pytest.raises(ProtocolError):
        supervisor.receive()
    supervisor.close()
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_sending_to_a_process_that_reads_nothing_does_not_wait(channels):
    worker, supervisor = channels
    for _ in range(20_000):
        supervisor.send(Begin())
    assert supervisor.is_full
    received = 0
    while received < 20_000:
        received += len(worker.receive())
        supervisor.flush()
    assert not supervisor.is_full


def test_the_end_of_the_other_process_closes_the_channel(channels):
    worker, supervisor = channels
    worker.close()
    supervisor.send(Begin())
    assert not supervisor.is_full
    assert supervisor.receive() == []
    assert supervisor.closed
