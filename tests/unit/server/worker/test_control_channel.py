"""The channel between supervisor and workers: valid messages are received whole, and all other data is refused."""

from __future__ import annotations

import os
import socket
import struct

import pytest

from gearbox_lite.server.worker.control_channel import MAX_MESSAGE_SIZE, ControlChannel, pair
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import (
    FROM_SUPERVISOR,
    FROM_WORKER,
    Begin,
    Connection,
    Drain,
    Heartbeat,
    ProtocolError,
    Ready,
    decode_message,
    encode_message,
)


@pytest.fixture
def channels():
    worker, supervisor = pair()
    ends = ControlChannel(worker, FROM_SUPERVISOR), ControlChannel(supervisor, FROM_WORKER)
    yield ends
    for end in ends:
        end.close()


READY = Ready(Failure("caf\udce9.py", "report", needs_edit=True), ["w"], ["a.py"], ["tg"], can_serve=True)


@pytest.mark.parametrize(
    "message", [READY, Heartbeat(), Connection(("::1", 80, 0, 0)), Connection(("localhost", None))]
)
def test_a_message_is_decoded_as_it_was_encoded(message):
    assert decode_message(encode_message(message), FROM_WORKER) == message


def test_a_command_is_decoded_as_it_was_encoded():
    assert decode_message(encode_message(Drain(hands_over=True)), FROM_SUPERVISOR) == Drain(hands_over=True)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"[[], {}]", b"[" * 100_000, b"\xff",
        b'["Begin", {}]', b'["Unknown", {}]', b'["Ready", {}]', b'["Heartbeat", {"more": 1}]', b'["Heartbeat", []]',
        b'["ServerFailed", {"reason": 1}]', b'["Connection", {"peer": [{}]}]', b'["Connection", {"peer": null}]',
        encode_message(READY).replace(b'["a.py"]', b'"a.py"'), encode_message(READY).replace(b"true", b"1"),
        b'["ServerFailed", {"reason": ' + b"9" * 10_000 + b"}]",
    ],
)  # fmt: skip
def test_unknown_messages_of_the_other_direction_and_invalid_fields_are_refused(data):
    with pytest.raises(ProtocolError):
        decode_message(data, FROM_WORKER)


def test_a_message_in_pieces_is_received_whole_and_half_a_message_is_noticed(channels):
    worker, supervisor = channels
    data = encode_message(READY)
    whole = struct.pack("!I", len(data)) + data
    worker.socket.send(whole[:50])
    assert supervisor.receive() == []
    assert supervisor.partial_since is not None
    worker.socket.send(whole[50:] + whole)
    assert supervisor.receive() == [(READY, None), (READY, None)]
    assert supervisor.partial_since is None
    assert supervisor.receive() == []
    assert not supervisor.closed


@pytest.mark.parametrize("data", [struct.pack("!I", MAX_MESSAGE_SIZE + 1), b"\0\0\0\2{}", b"\0\0\0\0"])
def test_an_oversized_or_malformed_message_is_refused_at_once(channels, data):
    worker, supervisor = channels
    worker.socket.send(data)
    with pytest.raises(ProtocolError):
        supervisor.receive()


def test_a_connection_that_is_handed_over_is_not_inherited_by_child_processes(channels):
    worker, supervisor = channels
    with socket.socket() as connection:
        worker.send(Connection(("127.0.0.1", 1)), connection.fileno())
    ((message, descriptor),) = supervisor.receive()
    assert message == Connection(("127.0.0.1", 1))
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_descriptors_that_belong_to_no_message_are_refused_and_closed(channels):
    worker, supervisor = channels
    reading, writing = os.pipe()
    data = encode_message(Heartbeat())
    socket.send_fds(worker.socket, [struct.pack("!I", len(data)) + data], [writing] * 3)
    os.close(writing)
    with pytest.raises(ProtocolError):
        supervisor.receive()
    supervisor.close()
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_sending_to_a_process_that_reads_nothing_never_blocks(channels):
    worker, supervisor = channels
    for _ in range(20_000):
        supervisor.send(Begin())
    assert supervisor.is_full
    received = 0
    while received < 20_000:
        received += len(worker.receive())
        supervisor.flush()
    assert not supervisor.is_full


def test_the_exit_of_the_other_process_closes_the_channel(channels):
    worker, supervisor = channels
    worker.close()
    supervisor.send(Begin())
    assert not supervisor.is_full
    assert supervisor.receive() == []
    assert supervisor.closed
