"""Keys that can be guessed are found, and random ones never refused."""

from __future__ import annotations

import base64
import random
import string
import uuid

import pytest

from gearbox_lite.sessions.settings.key_strength import MIN_KEY_LENGTH, weakness


@pytest.mark.parametrize(
    "key",
    [
        "qwertyuiopasdfghjklzxcvbnm123456",
        "QWERTYUIOPasdfghjklZXCVBNM0987654321",
        "azertyuiopqsdfghjklmwxcvbn123456",
        "0123456789abcdef" * 2,
        "abcdefghijklmnopqrstuvwxyz012345",
        "zyxwvutsrqponmlkjihgfedcba987654",
        "a1b2c3d4" * 8,
        "q7Rk" * 10,
        "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffgggggggghhhhhhhh",
        "1111111111111111111111111111111q7Rk",
        "correct-horse-battery-staple-and-more",
        "ThisIsTheSessionKeyOfOurNewInternetSite",
        "letmeinletmeinletmeinletmeinletmein",
        "my_secret_key_for_sessions_in_production",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "2026-11-24 2026-11-24 2026-11-24 2026-11-24",
    ],
)
def test_a_key_that_a_person_has_invented_is_refused(key):
    assert weakness(key) is not None


def test_a_random_key_is_never_refused():
    generator = random.Random(4)
    for _ in range(3000):
        noise = generator.randbytes(32)
        letters = "".join(generator.choices(string.ascii_lowercase, k=MIN_KEY_LENGTH))
        for key in (
            noise.hex(),
            noise.hex().upper(),
            noise[:16].hex(),
            base64.b64encode(noise).decode(),
            base64.urlsafe_b64encode(noise).decode().rstrip("="),
            str(uuid.UUID(bytes=noise[:16])),
            letters,
            "".join(generator.choices(string.ascii_letters + string.digits + string.punctuation, k=MIN_KEY_LENGTH)),
        ):
            if "xxxx" not in key:
                assert weakness(key) is None, key
