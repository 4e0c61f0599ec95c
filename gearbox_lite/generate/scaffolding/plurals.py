"""The plural of a resource's name, by the common rules of English."""

from __future__ import annotations

UNCHANGED = {"data", "equipment", "fish", "information", "media", "news", "series", "sheep", "species"}
IRREGULAR = {"child": "children", "man": "men", "person": "people", "woman": "women"}


def plural(name: str) -> str:
    """Return the plural of a name whose words are joined by ``_``: ``blog_entry`` becomes ``blog_entries``."""
    before, joint, word = name.rpartition("_")
    if word in UNCHANGED:
        return name
    if word in IRREGULAR:
        word = IRREGULAR[word]
    elif word.endswith(("s", "x", "z", "ch", "sh")):
        word += "es"
    elif word.endswith("y") and word[-2:-1] not in "aeiou":
        word = f"{word[:-1]}ies"
    else:
        word += "s"
    return f"{before}{joint}{word}"
