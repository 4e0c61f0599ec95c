"""How hard a key is to guess, as far as its text shows."""

from __future__ import annotations

import itertools
import math
import re
import string

SHORTEST_KEY = 32
"""Fewest characters of a key: 16 random bytes in hex."""
LEAST_BITS = 64
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
)
_WALKS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1234567890")
"""Rows of keyboards."""
_NEXT = {pair for row in _WALKS for pair in itertools.pairwise(row)}
_NEXT |= {(second, first) for first, second in _NEXT}
_COMMON_PAIRS = (
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic "
    "ne ea ra ce li ch ll be ma si om ur ac no wo ow rd ee ss ay ap"
)
"""The pairs of letters of which most of an English text is made; 9 % of the pairs of random letters are among them."""


def weakness(key: str) -> str | None:
    """Return what makes a key easy to guess, to go after "the key"; None for one that looks random."""
    if any(example in key.lower() for example in _EXAMPLES):
        return "looks like an example"
    if len(key) < SHORTEST_KEY:
        return f"has {len(key)} characters, fewer than {SHORTEST_KEY}"
    if len(set(key)) < 8 or _bits(key.lower()) < LEAST_BITS:
        return "is hardly random"
    if _looks_like_words(key.lower()):
        return "looks like words"
    return None


def _bits(key: str) -> float:
    """Return the bits of the characters that do not follow from those before them."""
    surprises = sum(not _is_predictable(key, index) for index in range(len(key)))
    return surprises * math.log2(len(set(key)))


def _is_predictable(key: str, index: int) -> bool:
    """Whether a character continues a run, a sequence, a row of the keyboard, or a text that came before."""
    if index == 0:
        return False
    before, now = key[index - 1], key[index]
    if abs(ord(now) - ord(before)) <= 1 or (before, now) in _NEXT:
        return True
    return index >= 3 and key.find(key[index - 2 : index + 1], 0, index) >= 0


def _looks_like_words(key: str) -> bool:
    letters = re.sub(rf"[{re.escape(string.punctuation)}]", "", key)
    pairs = [letters[index : index + 2] for index in range(len(letters) - 1)]
    common = set(_COMMON_PAIRS.split())
    return sum(pair in common for pair in pairs) > 0.4 * len(pairs)
