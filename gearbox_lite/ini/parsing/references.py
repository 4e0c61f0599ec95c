"""%(NAME)s and %(ENV_NAME)s: how an ini refers to variables, and what a mistyped reference was meant to be."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from gearbox_lite.errors import nearest

ENVIRONMENT = "ENV_"
"""Variables of an ini that begin so are environment variables: %(ENV_HOME)s."""
FROM_ENVIRONMENT = re.compile(r"%\(ENV_([A-Za-z_][A-Za-z0-9_]*)\)s")
VARIABLE = re.compile(r"%\(([^()]+)\)s")

_BROKEN = re.compile(
    r"%\((?P<unended>\w[\w.:-]*)\)(?!s)"  # %(here)/data
    r"|%\((?P<open>\w+)(?=$|[^\w)])"  # %(here/data
    r"|%[{<\[](?P<braces>\w+)[}>\]]"  # %{here}
    r"|%(?P<windows>here|ENV_\w+|(?![0-9A-F]{2})[A-Z][A-Z0-9_]{2,}|[A-Z]+_[A-Z0-9_]+)%"  # %HOME%, not %C3%A9
)
_ENVIRONMENT_WORD = re.compile(r"(?i)(?:os\.)?env(?:iron(?:ment)?)?[\s_:.\[{]+(.+?)[\]}]*$")
_SAME_NAME = 0.9
"""The ratio of difflib's from which one environment variable is taken for another, mistyped one."""


def explain_broken(value: str) -> tuple[str, str] | None:
    """Return what is wrong with a reference that configparser cannot read, and how it is written; None if none is."""
    found = _BROKEN.search(value)
    if found is None:
        return None
    name = next(filter(None, found.groups()))
    return f"{found[0]} is not how an ini refers to a variable", f"write {_written(name)}"


def explain_unknown(name: str, known: Iterable[str]) -> tuple[str, str]:
    """Return why ``%(name)s`` has no value, and the remedy; ``known`` are the names that the section can use."""
    word = _ENVIRONMENT_WORD.match(name)
    if word is not None or _is_environment_like(name):
        return f"%({name})s names no environment variable", f"write {_written(name)}"
    guess = nearest(name, list(known), cutoff=0.75) or (name.lower() == "here" and "here")
    if guess and guess != name:
        return f"%({name})s is not set", f"did you mean %({guess})s?"
    remedy = f"pass {name}=... on the command line, set it in [DEFAULT], or write %% for a percent sign"
    return f"%({name})s is not set", remedy


def explain_missing_variable(name: str, all_missing: list[str]) -> tuple[str, str]:
    """Return that an environment variable is not set, and the command that sets it and the others that are missing."""
    words = " ".join(f"{variable}=..." for variable in all_missing)
    remedy = f"set {'it' if all_missing == [name] else 'all that are missing'}: export {words}"
    others = [other for other in os.environ if other != name]
    in_other_case = next((other for other in others if other.lower() == name.lower()), None)
    guess = in_other_case or nearest(name, others, cutoff=_SAME_NAME)
    if guess is not None:
        remedy = f"{guess} is set; correct one of the two names, or {remedy}"
    return f"the environment variable {name} is not set", remedy


def _is_environment_like(name: str) -> bool:
    return name in os.environ or bool(re.fullmatch(r"[A-Z][A-Z0-9]*[_-][A-Z0-9_-]*[A-Z0-9]", name))


def _written(name: str) -> str:
    """Return how an ini refers to what a name means: %(here)s, or an environment variable."""
    from gearbox_lite.value_syntax import INI_VARIABLES, reference  # needed for a wrong value only

    word = _ENVIRONMENT_WORD.match(name)
    if word is None and not _is_environment_like(name) and name.lower() not in INI_VARIABLES:
        return f"%({name})s"
    return reference(re.sub(r"[^A-Za-z0-9_]", "_", word[1] if word else name))
