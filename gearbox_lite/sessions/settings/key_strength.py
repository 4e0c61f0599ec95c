"""How hard a key is to guess, judged by its text."""

from __future__ import annotations

import itertools
import math
import re
import string

MIN_KEY_LENGTH = 32
"""Characters; 16 random bytes in hex."""
MIN_KEY_BITS = 64
"""Fewest bits that the unpredictable characters of a key must have; 32 random hex digits have about 100 of them."""

_EXAMPLES = (
    "secret",
    "changeme",
    "change-me",
    "replace-me",
    "long random",
    "example",
    "password",
    "xxxx",
    "1234567890",
    "supersecret",
    "placeholder",
    "insert",
    "random-key",
    "randomkey",
    "your-",
    "your_",
    "deadbeef",
)
_KEYBOARD_ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1234567890")
_ADJACENT_KEYS = {pair for row in _KEYBOARD_ROWS for pair in itertools.pairwise(row)}
_ADJACENT_KEYS |= {(second, first) for first, second in _ADJACENT_KEYS}
_COMMON_PAIRS = (
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic "
    "ne ea ra ce li ch ll be ma si om ur ac no wo ow rd ee ss ay ap"
)
"""Pairs of letters that make up most of an English text, but only 9 % of the pairs of random letters."""


def weakness(key: str) -> str | None:
    """Return what makes a key easy to guess, as the predicate of "the key"; None for a key that looks random."""
    if any(example in key.lower() for example in _EXAMPLES):
        return "looks like an example"
    if len(key) < MIN_KEY_LENGTH:
        return f"has {len(key)} characters, fewer than {MIN_KEY_LENGTH}"
    if len(set(key)) < 8 or _bits(key.lower()) < MIN_KEY_BITS:
        return "is not random enough"
    if _looks_like_words(key.lower()):
        return "looks like words"
    return None


def _bits(key: str) -> float:
    """Return the bits of the characters that cannot be predicted from those before them."""
    surprises = sum(not _is_predictable(key, index) for index in range(len(key)))
    return surprises * math.log2(len(set(key)))


def _is_predictable(key: str, index: int) -> bool:
    """Whether a character continues a run, a sequence, a row of the keyboard, or repeats an earlier part of the key."""
    if index == 0:
        return False
    before, now = key[index - 1], key[index]
    if abs(ord(now) - ord(before)) <= 1 or (before, now) in _ADJACENT_KEYS:
        return True
    return index >= 3 and key.find(key[index - 2 : index + 1], 0, index) >= 0


def _looks_like_words(key: str) -> bool:
    letters = re.sub(rf"[{re.escape(string.punctuation)}]", "", key)
    pairs = [letters[index : index + 2] for index in range(len(letters) - 1)]
    common = set(_COMMON_PAIRS.split())
    return sum(pair in common for pair in pairs) > 0.4 * len(pairs)
