"""What other formats call the settings of ``template.toml``, and how the values of TOML are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gearbox_lite.errors import nearest

SETTING_SIMILARITY = 0.7
"""The similarity from which an unknown setting is taken for a mistyped one: the names are short."""
_SETTINGS: Mapping[str, str] = {
    **dict.fromkeys(("question", "variables", "prompts", "answers", "inputs", "parameters", "options_of"), "questions"),
    **dict.fromkeys(
        ("exclude", "excludes", "ignore", "skip", "conditional", "omit", "leave-out", "leaveout"), "leave_out"
    ),
    **dict.fromkeys(("title", "id", "key", "variable", "var"), "name"),
    **dict.fromkeys(("summary", "about", "doc"), "description"),
    **dict.fromkeys(("prompt", "label", "text", "message", "hint", "description", "question"), "help"),
    **dict.fromkeys(("options", "values", "enum", "items", "select"), "choices"),
    **dict.fromkeys(("default_value", "value", "initial"), "default"),
    **dict.fromkeys(("kind", "format"), "type"),
    **dict.fromkeys(("if", "condition", "unless", "test"), "when"),
    **dict.fromkeys(("path", "files", "file", "patterns", "globs"), "paths"),
}
_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("string", "text", "int", "integer", "float", "number", "path"), "str"),
    **dict.fromkeys(("boolean", "flag", "yesno", "confirm", "switch"), "bool"),
    **dict.fromkeys(("list", "select", "enum", "choices", "options", "radio", "multiple"), "choice"),
}


def setting_remedy(name: str, known: Iterable[str]) -> str:
    """Return what to write instead of an unknown setting."""
    names = list(known)
    meant = _SETTINGS.get(name.lower())
    guess = meant if meant in names else nearest(name, names, cutoff=SETTING_SIMILARITY)
    return f"did you mean {guess}?" if guess else f"choose from {', '.join(names)}"


def type_remedy(name: str, known: Iterable[str]) -> str:
    """Return what to write instead of an unknown type of a question."""
    names = list(known)
    meant = _TYPES.get(name.lower()) or nearest(name, names)
    return f'write type = "{meant}"' if meant else f"choose from {', '.join(names)}"


def toml_remedy(line: str, text: str) -> str:
    """Return how to write a line that is invalid TOML; ``text`` is the whole file."""
    single = re.search(r"^\[(questions|leave_out)\]", text, re.MULTILINE)
    if single and line.lstrip().startswith("["):
        return f"write [[{single[1]}]], with two brackets, above each"
    found = re.fullmatch(r"\s*(?P<name>[\w-]+)\s*=\s*(?P<value>.*?)\s*", line)
    if found is None:
        return "see https://toml.io"
    name, value = found["name"], found["value"]
    if value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return f"write {name} = {'true' if value.lower() in ('true', 'yes', 'on') else 'false'}"
    if value.lower() in ("none", "null", "nil", ""):
        return f'remove the line, or write {name} = ""'
    if re.fullmatch(r"[^\W\d][^\"'\[\]{}#]*", value):
        return f'a string needs quotes: {name} = "{value}"'
    if value[0] in "\"'" and value.count(value[0]) % 2:
        return f"close the string with {value[0]}"
    return "see https://toml.io"
