"""What to write instead of a mistyped command line: by what a word means elsewhere first, then by its letters."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

import click

from gearbox_lite.booleans import FALSE, TRUE
from gearbox_lite.commands.support import foreign_words
from gearbox_lite.errors import nearest

DASHES = "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
"""What word processors and web pages put in the place of hyphens."""
OPTION_SIMILARITY = 0.75
"""The similarity from which a mistyped option is taken for another: most options are too short for less."""
_ADDRESS = re.compile(r"(?P<host>[\w.-]*|\[[\da-fA-F:]+\]):(?P<port>\d+)")

_PASTE_NAME = re.compile(r"(?:config:)?(?P<ini>[^:#]+\.ini)(?:[:#](?P<name>[\w-]*))?")
"""What PasteDeploy's own functions and pserve accept: config:development.ini#hello."""


def command_remedy(name: str, commands: Sequence[str]) -> str:
    """Return what to write instead of a word that is no command."""
    if _plain(name) in map(_plain, commands):
        return f"write gearbox-lite {next(known for known in commands if _plain(known) == _plain(name))}"
    known = _meaning(foreign_words.FOREIGN_COMMANDS, name)
    if known:
        return known
    if name.endswith(".ini") or os.path.isfile(os.path.join(name, "development.ini")):
        return f"write gearbox-lite serve {name}"
    guess = None if os.path.exists(name) else nearest(name, list(commands))
    return f"did you mean '{guess}'?" if guess else f"choose from {', '.join(commands)}"


def explain_usage(error: click.UsageError, arguments: Sequence[str], commands: Sequence[str]) -> str:
    """Return the line for a command line that click refuses: what is wrong, and what to write."""
    context = error.ctx
    path = context.command_path if context else " ".join(["gearbox-lite", *_first(arguments, commands)])
    if isinstance(error, click.NoSuchOption):
        remedy = _option_remedy(error, arguments, commands)
        return f"no such option '{error.option_name}'; {remedy or f'see {path} --help'}"
    message = " ".join(error.format_message().split()).rstrip(".")
    message = f"{message[:1].lower()}{message[1:]}"
    unknown = re.match(r"no such command '(.+?)'", message)
    if unknown and context is not None and isinstance(context.command, click.Group):
        rest = arguments[arguments.index(unknown[1]) + 1 :] if unknown[1] in arguments else ()
        remedy = _subcommand_remedy(context.command, unknown[1], rest)
        return f"no such command '{unknown[1]}'; {remedy}"
    extra = re.match(r"got unexpected extra arguments? \((.*)\)", message)
    if extra:
        return f"{message}; {_extra_remedy(extra[1].split(), context, arguments)}"
    flag = re.match(r"option '(--[\w-]+)' does not take a value", message)
    if flag:
        value = _value_of(flag[1], arguments)
        return f"{message}; {_flag_remedy(flag[1], value) or 'write it without a value'}"
    return f"{message}; see {path} --help"


def _subcommand_remedy(group: click.Group, name: str, rest: Sequence[str]) -> str:
    """Return what to write instead of a word that is no subcommand of a group."""
    names = list(group.commands)
    known = _meaning(foreign_words.SUBCOMMANDS.get(group.name or "", {}), name)
    if known:
        return _filled(known, next(iter(rest), "NAME"), f"gearbox-lite {group.name}")
    guess = nearest(name, names)
    if guess:
        return f"did you mean '{guess}'?"
    if group.name == "scaffold":
        return f"write gearbox-lite scaffold controller {name}"
    return f"choose from {', '.join(names)}"


def _option_remedy(error: click.NoSuchOption, arguments: Sequence[str], commands: Sequence[str]) -> str:
    """Return what to write instead of an option that a command does not have; empty if nothing is like it."""
    context, option = error.ctx, error.option_name
    name = option.lstrip("-")
    command = context.command if context else None
    flags = [flag for param in command.params for flag in (*param.opts, *param.secondary_opts)] if command else []
    typed = next((word.partition("=")[0] for word in arguments if word.startswith(option)), option)
    if typed.startswith("-") and not typed.startswith("--") and f"-{typed}" in flags:
        return f"write -{typed}, with two hyphens"
    if len(name) > 1 and (same := [flag for flag in flags if flag[:2] == "--" and _plain(flag) == _plain(name)]):
        return f"write {same[0]}"
    table = foreign_words.FOREIGN_OPTIONS.get((context.info_name if context else None) or "", {})
    known = _option_meaning(table, name) or _option_meaning(foreign_words.EVERYWHERE, name)
    if known:
        return _filled(known, _value_of(option, arguments), context.command_path if context else "gearbox-lite")
    if context is not None and context.parent is None and (first := _first(arguments, commands)):
        given = arguments[: arguments.index(first[0])]
        return f"options of a command follow its name: gearbox-lite {first[0]} {' '.join(given)}"
    if context is not None and context.info_name == "serve" and (setting := _setting_of(name)):
        return setting
    guess = nearest(option, flags, cutoff=OPTION_SIMILARITY) if len(name) > 1 else None
    return f"did you mean '{guess}'?" if guess else ""


def _extra_remedy(extra: Sequence[str], context: click.Context | None, arguments: Sequence[str]) -> str:
    """Return what to write instead of more arguments than a command takes."""
    if "=" in extra or any(word.startswith("=") for word in extra):
        return "write NAME=VALUE without spaces"
    if context is not None and context.info_name == "quickstart":
        words = [word for word in arguments if not word.startswith("-") and word != "quickstart"]
        return f"write the name as one word, for example {'-'.join(words).lower()}"
    parameters = context.command.params if context is not None else []
    option = next((parameter.opts[-1] for parameter in parameters if parameter.name == "ini"), None)
    if option and len(extra) == 1 and extra[0].endswith(".ini"):
        return f"write {option} {extra[0]}"
    return "remove it" if len(extra) == 1 else "remove them"


def argument_remedy(argument: str, arguments: Sequence[str], command: str) -> str:
    """Return what to write instead of an argument that was taken for an ini but names no file; empty if unknown."""
    if argument[:1] in DASHES:
        return f"type --{argument.lstrip(DASHES + '-')} with two hyphens; a word processor has changed them into a dash"
    before = arguments[arguments.index(argument) - 1] if argument in arguments[1:] else ""
    if before.startswith("--") and (remedy := _flag_remedy(before, argument)):
        return remedy
    if command == "check" and "://" in argument:
        return f"write --url {argument}"
    if command == "serve" and argument.isdigit():
        return f"write --port {argument}"
    if command == "serve" and _ADDRESS.fullmatch(argument):
        return f"write {_address_options(argument)}"
    if command == "shell" and argument.endswith(".py"):
        return f"write gearbox-lite shell < {argument}"
    return _ini_remedy(argument, command)


def _ini_remedy(argument: str, command: str) -> str:
    """Return how the ini is named that another word stands for; empty if it stands for none."""
    if argument.lower() in ("production", "prod", "prod.ini", "live"):
        return f"write gearbox-lite {command} production.ini"
    if argument.lower() in ("development", "dev", "dev.ini", "debug"):
        return f"write gearbox-lite {command} development.ini"
    if (found := _PASTE_NAME.fullmatch(argument)) and found["ini"] != argument:
        name = f" --app-name {found['name']}" if found["name"] else ""
        return f"write gearbox-lite {command} {found['ini']}{name}"
    if argument.endswith(".py") or re.fullmatch(r"[A-Za-z_][\w.]*:\w+", argument):
        return "name an ini, such as development.ini; its paste.app_factory names the module and the function"
    return ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _meaning(table: Mapping[str, str], name: str) -> str:
    return next((remedy for word, remedy in table.items() if _plain(word) == _plain(name)), "")


def _option_meaning(table: Mapping[str, str], name: str) -> str:
    """Look an option up; single letters differ by their case."""
    return table.get(name, "") if len(name) == 1 else _meaning(table, name)


def _value_of(option: str, arguments: Sequence[str]) -> str:
    """Return the value that was given to an option, attached or as the next word; empty if there is none."""
    for number, word in enumerate(arguments):
        if word == option:
            following = arguments[number + 1] if number + 1 < len(arguments) else ""
            return "" if following.startswith("-") else following
        if word.startswith(option):
            return word.removeprefix(option).removeprefix("=")
    return ""


def _filled(remedy: str, value: str, command: str) -> str:
    shown = value or "VALUE"
    return remedy.format(value=shown, command=command, address=_address_options(value))


def _address_options(value: str) -> str:
    """Return the options for an address such as 0.0.0.0:8000."""
    found = _ADDRESS.fullmatch(value)
    if not found:
        return f"--host {value or 'ADDRESS'} --port PORT"
    return f"--host {found['host']} --port {found['port']}" if found["host"] else f"--port {found['port']}"


def _flag_remedy(flag: str, value: str) -> str:
    """Return what to write instead of a flag with the value true or false; empty for other values and options."""
    found = re.fullmatch(r"--(no-)?(reload|access-log|open|browser|allow-remote-debug|strict|json|git|minimal)", flag)
    if found is None or value.lower() not in TRUE | FALSE:
        return ""
    is_on = (value.lower() in TRUE) != bool(found[1])
    if found[2] in ("reload", "access-log", "git"):
        return f"write --{'' if is_on else 'no-'}{found[2]}, without a value"
    return f"write {flag}, without a value" if is_on else f"remove {flag}"


def _first(arguments: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return the command in a command line, as a list; empty if there is none."""
    return [word for word in arguments if word in commands][:1]


def _setting_of(name: str) -> str:
    """Return the remedy for an option that is a setting of the ini."""
    from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS
    from gearbox_lite.ini.schema.server_section import SERVER_SETTINGS

    setting = name.replace("-", "_")
    for section, settings in (("server:main", SERVER_SETTINGS), ("serve", SERVE_SETTINGS)):
        if setting in settings:
            return f"write {setting} = ... in [{section}] of the ini"
    return ""
