"""What can be told about session data without serializing it."""

from __future__ import annotations

import pytest

from gearbox_lite.sessions.codec import Codec, plain_size

PLAIN = [
    {},
    {"user": "MVL", "count": 3, "_accessed_time": 1234567890.123456, "_domain": None, "admin": True},
    {"\U0001f600" * 50: "\U0001f600" * 1000},
    {"\x00" * 20: "\x00\x7f\ud800" * 500},
    {"": "", "number": -(2**64) + 1, "other": 2**64 - 1, "infinite": float("-inf"), "small": -5e-324},
    {f"key {number}": number for number in range(500)},
]


@pytest.mark.parametrize("serializer", ["json", "pickle"])
@pytest.mark.parametrize("data", PLAIN)
def test_plain_data_can_be_dumped_and_takes_at_most_its_plain_size(serializer, data):
    size = plain_size(data)
    assert size is not None
    assert len(Codec(serializer=serializer).dump(data)) <= size


class Text(str):
    """Which pickles as an object."""

    __slots__ = ()


@pytest.mark.parametrize(
    "data",
    [{"list": []}, {"dict": {}}, {"bytes": b""}, {3: "x"}, {"text": Text("x")}, {Text("x"): 1}, {"int": 10**5000}],
)
def test_data_that_dumping_may_refuse_has_no_plain_size(data):
    assert plain_size(data) is None
