"""Syntax of shells, templates and Python in a value of an ini, which an ini takes literally: quotes, ${X}, ~, {{ x }}.

This is the only place that recognizes it. Messages about a value that cannot be used come through ``explain_value``; a
value that could be any text, such as a folder, is refused by ``literal``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

INI_VARIABLES = ("here", "__file__")
"""The variables that every ini has."""
_QUOTES = ("''", '""', "\u201c\u201d", "\u2018\u2019", "\u201e\u201c", "\u00ab\u00bb")
_COMMENT = re.compile(r"\s(?:[;#]|//)(?!\S*[=&])|^[0-9]+[#;]")
_COMMAND = re.compile(r"\$\((?!\()[^)]*\)?|^`.+`$", re.DOTALL)
_SHELL_VARIABLE = re.compile(
    r"\$\{(?:(?:env[:.]|ENV_)(?P<prefixed>\w+)|(?P<name>\w+))[^}]*\}|^\$(?P<bare>[A-Z_][A-Z0-9_]*|here|HOME)(?=$|[/:])"
)
_WINDOWS_VARIABLE = re.compile(r"%(?:ENV_)?(?P<name>(?![0-9A-F]{2})[A-Z][A-Z0-9_]+|[A-Z]+_[A-Z0-9_]+)%")  # not %C3%A9
_PYTHON_VARIABLE = re.compile(
    r"(?:os\.)?(?:environ(?:\.get)?|getenv|env)\s*[\[(]\s*['\"]?(?P<name>\w+)['\"]?.*[\])]", re.DOTALL
)
_VARIABLE_NAME = re.compile(r"(?:ENV_)?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)")
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>", re.DOTALL)
_REPR = re.compile(r"<(?:bound |built-in )?(?:function|method|class|object|module)\b.*>|<.+ object at 0x[0-9a-f]+>")
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w .,:'-]*>|\[(?:your|insert|my)[\w .,:'-]*\]", re.IGNORECASE)


def explain_value(value: str, variable: str | None = None) -> tuple[str, str] | None:
    """Return what is wrong with a value and what to write, if it has syntax that an ini does not have; else None.

    ``variable`` is the environment variable that the whole value comes from.
    """
    subject = f"the environment variable {variable}" if variable else "the value"
    if value in ("...", "\u2026"):
        remedy = f"set it: {export_command(variable)}" if variable else "write the value itself"
        return f"{subject} is {value}, which stands for a {'key' if _is_key(variable) else 'value'}", remedy
    for check in _CHECKS:
        found = check(value)
        if found is not None:
            problem, remedy = found
            return f"{subject} {problem}", _in_environment(check, remedy) if variable else remedy
    if variable and not value:
        return f"{subject} is empty", f"set it: export {variable}=..."
    return None


def export_command(variable: str) -> str:
    """Return the shell's command that sets an environment variable, to a new key if its name is that of a key."""
    key = '$(python3 -c "import secrets; print(secrets.token_hex(32))")'
    return f"export {variable}={key if _is_key(variable) else 'VALUE'}"


def _is_key(variable: str | None) -> bool:
    return variable is not None and variable.endswith(("_KEY", "_SECRET"))


def _in_environment(check: Callable[[str], tuple[str, str] | None], remedy: str) -> str:
    """Return the remedy for an environment variable, which a shell or a process manager sets."""
    if check is _lines:
        return "remove the line break"
    return "set it to the value itself" if check in (_shell_variable, _template) else remedy


def literal(value: str, *, may_have_comment: bool = False) -> tuple[str, str] | None:
    """Return the same for a value that could be any text, so that nothing else would refuse it; a comment too."""
    if not may_have_comment and has_comment(value):
        return "the value has a comment", "write the comment on a line of its own"
    return explain_value(value)


def has_comment(value: str) -> bool:
    """Whether a value seems to end with a comment, which an ini has on lines of its own only."""
    return bool(_COMMENT.search(value))


def invisible_character(text: str) -> str | None:
    """Return the name of the first character that looks like a space or like nothing, None if there is none."""
    for letter in text:
        if letter not in " \t\n\r" and (unicodedata.category(letter) in ("Cf", "Cc", "Zs", "Zl", "Zp")):
            name = unicodedata.name(letter, "control character").lower()
            return f"{name} (U+{ord(letter):04X})"
    return None


def reference(name: str) -> str:
    """Return how an ini writes a variable: %(here)s for its own, %(ENV_NAME)s for one of the environment."""
    return f"%({name.lower()})s" if name.lower() in INI_VARIABLES else f"%(ENV_{name})s"


def variable_named(value: str) -> str | None:
    """Return the reference for a value that is only the name of a variable: HELLO_SESSION_KEY; None for others."""
    found = _VARIABLE_NAME.fullmatch(value)
    return reference(found["name"]) if found is not None else None


def unquoted(value: str) -> str:
    """Return a value without the quotes around it."""
    return value[1:-1] if _quotes(value) else value


def _invisible(value: str) -> tuple[str, str] | None:
    name = invisible_character(value)
    return (f"has an invisible character, {name}", "delete it") if name else None


def _lines(value: str) -> tuple[str, str] | None:
    if "\n" not in value:
        return None
    return "goes on in the next line", "remove the indent of that line"


def _punctuation(value: str) -> tuple[str, str] | None:
    if not re.fullmatch(r"[\w.]+[;,]", value):
        return None
    mark = "comma" if value.endswith(",") else "semicolon"
    return f"ends with a {mark}, which belongs to it in an ini", f"remove the {mark}"


def _second_equals(value: str) -> tuple[str, str] | None:
    return ("begins with another =", "write one =") if value.startswith(("=", ":=")) else None


def _list(value: str) -> tuple[str, str] | None:
    if not re.fullmatch(r"[\[(]\s*['\"].*['\"],?\s*[\])]", value, re.DOTALL):
        return None
    return "is a list as Python writes it", "write the items with spaces between them, without brackets and quotes"


def _quotes(value: str) -> tuple[str, str] | None:
    pairs = [pair for pair in _QUOTES if value[:1] == pair[0] and value[-1:] == pair[1] and len(value) > 1]
    if pairs:
        return "has quotes around it, which belong to it in an ini", "remove the quotes"
    if value and (value[0] in "'\"" or value[-1] in "'\""):
        return "has a quote, which belongs to it in an ini", "remove the quote"
    return None


def _command(value: str) -> tuple[str, str] | None:
    if not _COMMAND.search(value):
        return None
    return "is a shell's command, which an ini does not run", "write what the command prints"


def _shell_variable(value: str) -> tuple[str, str] | None:
    for pattern in (_PYTHON_VARIABLE, _SHELL_VARIABLE, _WINDOWS_VARIABLE):
        found = pattern.search(value)
        if found is not None:
            name = next(filter(None, found.groups()))
            return f"refers to {name} in a way that an ini does not expand", f"write {reference(name)}"
    return None


def _template(value: str) -> tuple[str, str] | None:
    if _TEMPLATE.search(value):
        return "has the braces of a template, which nothing fills in", "write the value itself"
    if _REPR.search(value):
        return "is how Python shows an object", "call the function in the template: {{ new_secret() }}"
    if _PLACEHOLDER.fullmatch(value):
        return "is a placeholder", "write the value itself"
    return None


def _home(value: str) -> tuple[str, str] | None:
    if not re.match(r"(?:[a-z+]+:/{0,3})?~[\w.-]*(?:/|$)", value):
        return None
    return "has ~, which an ini does not expand", "write the whole path, or one relative to the ini: %(here)s/..."


def _spaces(value: str) -> tuple[str, str] | None:
    return ("begins or ends with a space", "remove the space") if value != value.strip() else None


_CHECKS = (
    *(_invisible, _lines, _second_equals, _punctuation, _list, _quotes, _command, _shell_variable, _template, _home),
    _spaces,
)
